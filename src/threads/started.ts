/** The end of a worker thread that the thread itself holds: its guard judges in the frames of whoever started it, and tells him. */
import { builtIn } from '../built-in.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { Layer } from '../core/call.ts'
import type { Guard } from '../core/guard.ts'
import { MirroredFrames } from '../core/portable.ts'
import { createGrammar, type Grammar } from '../core/rules.ts'
import { numberTripsFrom } from '../core/trips.ts'
import { standInFor } from '../errors/call-site.ts'
import type { PluginDefinition } from '../plugin.ts'
import { ANSWERED, type FromThread, type Question, START, STATE, type ThreadStart, type ToThread } from './messages.ts'

// Captured at load: tests replace them.
const { load, wait } = Atomics
const now = performance.now.bind(performance)
/** The starter may be blocked, or waiting for us. */
const LONGEST_WAIT_MS = 1000
/** For a starter that has not answered the last time. */
const SHORT_WAIT_MS = 20
/** A thread cannot change the folder, and Node marks the function (20 to 26): `node:worker_threads` would have to be loaded to say so. */
const IN_THREAD = (process.chdir as { disabled?: true }).disabled === true
const RANGE = 1_000_000_000
const SANDBOXES = 10_000

/** What this thread was started with; undefined in the main thread and in one that the runner started. Nested threads do not inherit it. */
export function takeStart(): ThreadStart | undefined {
  if (!IN_THREAD) return undefined
  const { getEnvironmentData, setEnvironmentData } = builtIn('node:worker_threads')
  const start = getEnvironmentData(START) as unknown as ThreadStart | undefined
  if (start !== undefined) setEnvironmentData(START, undefined as never)
  return start
}

/** The config of a thread: that of its starter, as far as it crosses. Its rules stand in the frames. */
export function threadConfig(
  { config: { file, dir, redact } }: ThreadStart,
  plugins: readonly PluginDefinition[],
): ResolvedConfig {
  const grammar = createGrammar(plugins, { dir })
  const project = { kind: 'project', source: 'the default' } as const
  return { file, dir, plugins, grammar, project, files: [], onTrip: undefined, data: undefined, redact }
}

/** Makes the guard of this thread the long arm of its starter's. */
export function obey({ port, shared, frames, own, config, origin }: ThreadStart, guard: Guard, grammar: Grammar): void {
  const { MessagePort, receiveMessageOnPort, threadId } = builtIn('node:worker_threads')
  // Captured at load: tests replace it.
  const { postMessage } = MessagePort.prototype
  const mirrored = new MirroredFrames(guard.run, grammar, (rule, layer, unknown) => {
    const answer = ask({ kind: 'ask-rule', id: ++questions, rule, layer: portable(layer), unknown })
    return typeof answer?.value === 'boolean' ? answer.value : undefined
  })
  let seen = 0
  let questions = 0
  let patience = LONGEST_WAIT_MS
  let last: Extract<ToThread, { kind: 'answer' }> | undefined

  function take(message: ToThread): void {
    if (message.kind === 'frames') mirrored.update(message.frames, guard.run)
    else if (message.kind === 'own') guard.own.add(message.key)
    else last = message
  }

  function receive(): void {
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) take(next.message)
  }

  /** Undefined where no answer came in time; a late one is that of an older question. */
  function ask(question: Question): typeof last {
    const until = now() + patience
    let answered = load(shared, ANSWERED)
    tell(question)
    while (wait(shared, ANSWERED, answered, Math.max(0, until - now())) !== 'timed-out') {
      answered = load(shared, ANSWERED)
      receive()
      if (last?.id !== question.id) continue
      patience = LONGEST_WAIT_MS
      return last
    }
    patience = SHORT_WAIT_MS
    return undefined
  }

  function tell(message: FromThread): void {
    Reflect.apply(postMessage, port, [message])
  }

  guard.plugins.place = config.place
  mirrored.update(frames, guard.run)
  guard.own.startFile(own)
  guard.own.onAdd = (key) => tell({ kind: 'own', key })
  numberTripsFrom(threadId * RANGE)
  guard.sandboxes.numberFrom(threadId * SANDBOXES)
  const refresh = () => {
    const state = load(shared, STATE)
    if (state === seen) return
    seen = state
    receive()
  }
  guard.refresh = refresh
  guard.fallbackFrame = () => {
    refresh()
    return mirrored.leaf
  }
  guard.trips.elsewhere = (trip, frame) => tell({ kind: 'trip', trip, frame: mirrored.originalOf(frame) })
  guard.sandboxes.elsewhere = (sandbox, interaction) => tell({ kind: 'interaction', sandbox, interaction })
  if (config.hasHook)
    guard.hook.hook = (trip) => {
      const answer = ask({ kind: 'ask-hook', id: ++questions, trip })
      if (answer?.threw) throw answer.value
      return answer?.value
    }
  if (origin) standInFor(origin)
  guard.active = true
}

/** Facts that cannot cross are left out. */
function portable(layer: Layer): Layer {
  try {
    return structuredClone(layer)
  } catch {
    const facts = Object.entries(layer.facts).filter(
      ([, value]) => typeof value !== 'object' && typeof value !== 'function',
    )
    return { ...layer, facts: Object.fromEntries(facts) }
  }
}
