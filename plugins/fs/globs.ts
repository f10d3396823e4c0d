/** The folders that a search begins in: what of a pattern is no pattern. */
import { SafeSet } from '../../src/plugin.ts'
import { real } from './originals.ts'
import { readPath } from './paths.ts'

const MAGIC = /[*?[\]{}()!+@]/
const MOST_PATTERNS = 1000

/** Pairs of a path and the folder that it starts in. Braces are alternatives, and `..` behind a pattern leads up from where it began. */
export function foldersOf(patterns: unknown, options: unknown): [string, string?][] {
  const list = (Array.isArray(patterns) ? patterns : [patterns]).filter((one): one is string => typeof one === 'string')
  const given =
    (typeof options === 'object' && options !== null ? (options as { cwd?: unknown }).cwd : undefined) ?? '.'
  const cwd = readPath(given)?.text ?? String(given)
  const from = real.resolve(real.cwd(), cwd)
  const folders = new SafeSet(list.flatMap(alternatives).map((pattern) => real.resolve(from, fixedPart(pattern))))
  return [...folders].map((folder) => [folder])
}

function fixedPart(pattern: string): string {
  const parts = pattern.split('/')
  const at = parts.findIndex((part) => MAGIC.test(part))
  if (at < 0) return pattern
  const up = parts.slice(at).filter((part) => part === '..')
  return [...parts.slice(0, at), ...up].join('/') || (pattern.startsWith('/') ? '/' : '.')
}

function alternatives(pattern: string): string[] {
  const open = [pattern]
  const done: string[] = []
  for (let next = open.pop(); next !== undefined && done.length + open.length < MOST_PATTERNS; next = open.pop()) {
    const braces = /\{([^{}]*)\}/.exec(next)
    const [whole, inner] = braces ?? []
    if (braces === null || whole === undefined || !inner?.includes(',')) {
      done.push(next)
      continue
    }
    const after = next.slice(braces.index + whole.length)
    for (const part of inner.split(',')) open.push(`${next.slice(0, braces.index)}${part}${after}`)
  }
  return done
}
