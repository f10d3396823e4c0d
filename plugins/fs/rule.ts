import { type RuleFields, type RulePlace, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { HOME, real } from './originals.ts'
import { Resolver } from './paths.ts'

const EXPECTED = "'fs:read:fixtures/**', 'fs:write:build/**' or 'fs:write' for any path"
const OPERATIONS: Readonly<Record<string, string | readonly string[]>> = {
  probe: 'probe',
  // Who may read a file may ask for its size.
  read: ['read', 'probe'],
  write: 'write',
}

/**
 * Reads what follows `fs:`: an operation, and a path with `*` in a part and `**` across, relative to the config file.
 * @throws RuleSyntaxError
 */
export function parseFsRule(text: string, { dir }: RulePlace): RuleFields {
  const [, word = '', path] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? []
  const operation = Object.hasOwn(OPERATIONS, word) ? OPERATIONS[word] : undefined
  if (operation === undefined) {
    const near = suggest(word, Object.keys(OPERATIONS)).map((name) => `fs:${name}:${path ?? '…'}`)
    throw new RuleSyntaxError(`'${word}' is nothing that is done to files`, EXPECTED, near)
  }
  if (path === undefined) return { operation }
  if (path === '') throw new RuleSyntaxError('the path is missing', EXPECTED)
  if (/^~(?:[/\\]|$)/.test(path))
    throw new RuleSyntaxError("no shell reads it, so '~' is no home folder", "'fs:write:/home/…'")
  return { operation, path: anchored(path, dir) }
}

/** Calls tell of files with all links resolved: so does the part of a rule that is no pattern. */
export function anchored(path: string, dir = HOME, last: 'entry' | 'content' = 'content'): string {
  if (path.startsWith('**')) return path
  const parts = real.resolve(dir, path).split(real.sep)
  const star = parts.findIndex((part) => part.includes('*'))
  const fixed = star < 0 ? parts : parts.slice(0, star)
  const folder = new Resolver().resolve(
    { text: fixed.join(real.sep) || real.sep, bytes: false },
    star < 0 ? last : 'content',
  )
  const rest = star < 0 ? [] : parts.slice(star)
  return [folder.replace(/[/\\]$/, ''), ...rest].join(real.sep)
}
