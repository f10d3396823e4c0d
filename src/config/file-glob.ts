/**
 * Globs for test files: `*` and `?` in a name, `**` across folders, `{a,b}` for alternatives. Matched greedily with one point to fall
 * back to, so no glob can take more than length × length steps.
 */
import { matchSequence } from '../core/glob.ts'

/** More alternatives than anybody writes; braces multiply. */
const MOST = 1000

/** Why a text is no such glob. */
export interface GlobProblem {
  readonly why: string
  readonly expected: string
}

/** What is wrong with a glob of the config, or undefined. */
export function globProblem(glob: string): GlobProblem | undefined {
  const relative = "a glob relative to the config file, such as 'test/integration/**'"
  const text = glob.trim()
  if (text === '') return { why: 'the glob is empty', expected: relative }
  if (text.startsWith('!')) return { why: 'a glob cannot be negated', expected: relative }
  if (text.includes('\\')) return { why: 'the glob has a backslash', expected: `${relative}, on Windows as well` }
  if (/^(?:\/|[A-Za-z]:\/)/.test(text)) return { why: 'the glob is an absolute path', expected: relative }
  if (/(?:^|\/)\.\.(?:\/|$)/.test(text)) return { why: 'the glob leaves the folder of the config', expected: relative }
  if (text.endsWith('/')) return { why: 'the glob is a folder, and no file fits', expected: `'${text}**'` }
  if (expandBraces(text) === undefined) {
    return { why: 'the braces stand for too many alternatives', expected: `at most ${MOST}; write several globs` }
  }
  return undefined
}

/** A test for absolute file paths below a folder. The glob is one that `globProblem` finds nothing wrong with. */
export function compileFileGlob(glob: string, dir: string): (file: string) => boolean {
  const root = `${dir.replaceAll('\\', '/').replace(/\/$/, '')}/`
  const globs = (expandBraces(glob.trim()) ?? []).map(segmentsOf)
  return (file) => {
    const path = file.replaceAll('\\', '/')
    if (!path.startsWith(root)) return false
    const texts = segmentsOf(path.slice(root.length))
    return globs.some((segments) => matchPath(segments, texts))
  }
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.')
}

/** All that the braces stand for; undefined for too many. Braces that are not closed are text. */
function expandBraces(glob: string): string[] | undefined {
  const open: string[] = [glob]
  const done: string[] = []
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const braces = /\{([^{}]*)\}/.exec(next)
    if (braces === null) done.push(next)
    else {
      const before = next.slice(0, braces.index)
      const after = next.slice(braces.index + braces[0].length)
      for (const part of (braces[1] as string).split(',')) open.push(`${before}${part}${after}`)
    }
    if (done.length + open.length > MOST) return undefined
  }
  return done
}

function matchPath(globs: readonly string[], texts: readonly string[]): boolean {
  return matchSequence(globs, texts, '**', matchName)
}

function matchName(glob: string, text: string): boolean {
  return matchSequence([...glob], [...text], '*', (one, other) => one === '?' || one === other)
}
