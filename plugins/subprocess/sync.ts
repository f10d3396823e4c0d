/** Programs that the test waits for: `spawnSync`, `execFileSync`, `execSync`, none of which passes through another public function. */
import { fileURLToPath } from 'node:url'
import { type Reply, RuleSyntaxError, type Tap } from '../../src/plugin.ts'
import { ask, callOf, readInput } from './answer.ts'
import { factsOf, type Start } from './command.ts'
import { playAtOnce } from './play.ts'
import { nameOf, type SubprocessAnswer, type SubprocessReply } from './reply.ts'
import { isScript } from './script.ts'
import { notStarted, outputOf, type SyncOptions, type SyncResult, syncResult, systemError } from './sync-result.ts'
import { outcomeOf, watchSync } from './watch.ts'

// Captured at load: tests replace them.
const { isArray } = Array
const { isView } = ArrayBuffer
const { from } = Buffer

type Children = typeof import('node:child_process')
type Fn = (...args: unknown[]) => unknown

interface Options extends SyncOptions {
  readonly cwd?: unknown
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly shell?: unknown
  readonly input?: unknown
  readonly detached?: unknown
}

export function guardSync(tap: Tap, children: Children): void {
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
    tap.patch(children as unknown as Record<typeof name, Fn>, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const start = startOf(name, args)
        if (start === undefined) return Reflect.apply(original, this, args)
        const layer = { protocol: 'subprocess', operation: 'subprocess:spawnSync', facts: factsOf(start) }
        const outcome = tap.judge(layer)
        if (outcome.kind === 'pass') return Reflect.apply(original, this, args)
        if (outcome.kind === 'reply') {
          const { reply } = outcome
          if (reply.passThrough) return watchSync(reply, () => Reflect.apply(original, this, args))
          return give(name, answer(start, args, reply), start, args)
        }
        const error = outcome.kind === 'block' ? outcome.error : systemError(start, 'ENOENT')
        if (name !== 'spawnSync') throw error
        return notStarted(error)
      }
    })
  }
}

function answer(start: Start, args: readonly unknown[], reply: Reply): SyncResult {
  const input = start.input === undefined ? '' : from(start.input as Uint8Array).toString()
  const chosen = reply.answer as SubprocessAnswer
  const asked = isScript(chosen) ? () => playAtOnce(chosen, input, reply) : chosen
  const given = ask(asked, callOf(reply.facts, start, input), reply)
  if ('errno' in given && given.error !== undefined) return notStarted(given.error)
  if ('errno' in given) return notStarted(systemError(start, nameOf(given.errno)))
  const result = resultOf(start, args, given.reply, reply)
  reply.complete(outcomeOf(result))
  return result
}

function resultOf(
  start: Start,
  args: readonly unknown[],
  given: SubprocessReply | Promise<SubprocessReply>,
  reply: Reply,
): SyncResult {
  try {
    if (given instanceof Promise)
      throw new RuleSyntaxError(
        'the function gave a promise, and the code waits for the program',
        'an answer at once, for spawnSync, execSync and execFileSync',
      )
    return syncResult(start, optionsOf(args), given)
  } catch (error) {
    throw reply.fails(error)
  }
}

function give(name: string, result: SyncResult, start: Start, args: readonly unknown[]): unknown {
  if (name === 'spawnSync') return result
  const options = optionsOf(args)
  const words = name === 'execSync' ? String(args[0]) : [options.argv0 ?? args[0], ...start.args].join(' ')
  return outputOf(result, options, words)
}

function optionsOf(args: readonly unknown[]): Options {
  const found = args.find((arg, at) => at > 0 && typeof arg === 'object' && arg !== null && !isArray(arg))
  return (found ?? {}) as Options
}

/** Undefined for arguments that Node throws on. */
function startOf(name: string, args: readonly unknown[]): Start | undefined {
  const [file] = args
  if (typeof file !== 'string' || file === '') return undefined
  const list = isArray(args[1]) ? args[1].map(String) : []
  const options = optionsOf(args)
  const { cwd, shell, detached } = options
  const inShell = name === 'execSync' || Boolean(shell)
  return {
    file: inShell ? (typeof shell === 'string' ? shell : 'sh') : file,
    args: list,
    cwd: cwd instanceof URL ? fileURLToPath(cwd) : typeof cwd === 'string' ? cwd : undefined,
    env: options.env ?? process.env,
    shell: inShell ? [file, ...list].join(' ') : undefined,
    detached: Boolean(detached),
    input: inputOf(options),
  }
}

/** What is sent to it; a `stdio` may hold it as well. */
function inputOf({ input, stdio, encoding }: Options): unknown {
  const sent = input || (isArray(stdio) && isView(stdio[0]) ? stdio[0] : undefined)
  if (typeof sent === 'string') return readInput(from(sent, encoding as BufferEncoding))
  return isView(sent) ? readInput(from(sent.buffer, sent.byteOffset, sent.byteLength)) : undefined
}
