/**
 * Watches worker threads that are started. By default they pass, and run under the guard and the rules of whoever started them: the preload is
 * handed to them, and what is stopped inside fails the test outside.
 *
 * Bypassed by: threads that a native addon starts, a `Worker` that was captured before the preload.
 */
import { isAbsolute, resolve, sep } from 'node:path'
import {
  definePlugin,
  type Layer,
  type PolicyContext,
  pathBelow,
  type RulePlace,
  RuleSyntaxError,
} from '../src/plugin.ts'
import { guardThreads, type Threads } from './worker/threads.ts'

const HOME = process.cwd()
const EXPECTED = "'worker:src/jobs/*.js', 'worker:/opt/jobs/**', 'worker:eval' or 'worker:data'"

export const worker = definePlugin({
  name: 'worker',
  operations: { start: { safety: 'unsafe', summary: 'starts a worker thread' } },
  facts: { source: 'word', path: 'file', name: 'word' },
  synonyms: ['thread', 'threads', 'worker_threads', 'workers', 'piscina', 'tinypool'],
  parseRule,
  describe,
  remedy: ({ facts }: Layer, { place }: PolicyContext) => ({
    rule: `worker:${facts.path === undefined ? facts.source : below(place.rules || HOME, String(facts.path))}`,
  }),
  passes: () => true,
  install: (tap) => tap.onceBuiltIn('worker_threads', (threads: Threads) => guardThreads(tap, threads)),
})

/** `eval` and `data` are what they say; anything else is a path, relative to the config file. */
function parseRule(text: string, { dir }: RulePlace) {
  if (text === 'eval' || text === 'data') return { source: text }
  if (/\s/.test(text.trim()) && !/[/\\.]/.test(text)) throw new RuleSyntaxError('it is no path', EXPECTED)
  return { path: isAbsolute(text) || text.startsWith('**') ? text : resolve(dir ?? HOME, text).replaceAll(sep, '/') }
}

function describe({ facts }: Layer): string {
  if (facts.path !== undefined) return `a worker thread of ${below(HOME, String(facts.path))}`
  return facts.source === 'data' ? 'a worker thread of a data: URL' : 'a worker thread of a text of code'
}

function below(folder: string, path: string): string {
  return pathBelow(folder, path) ?? path
}
