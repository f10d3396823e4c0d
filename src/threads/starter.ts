/**
 * The end of a worker thread that its starter holds: it hands the thread the frames to judge in, and takes in what was stopped there. All
 * of it works while this thread is blocked or never comes back to its event loop: what the thread sent is read where it is needed.
 */

import type { MessagePort } from 'node:worker_threads'
import type { CallSite, Trip } from '../core/call.ts'
import { SafeMap, SafeSet } from '../core/collections.ts'
import { type Frame, watchFrames } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import { policyOf } from '../core/policy.ts'
import { packFrames } from '../core/portable.ts'
import type { Rule } from '../core/rules.ts'
import { VERSION } from '../version.ts'
import { ANSWERED, type FromThread, type Question, STATE, type ThreadStart, type ToThread } from './messages.ts'

// Captured at load: tests replace them.
const { add, notify } = Atomics
/** Frames that a thread ran in and may still speak of. */
const MOST_FRAMES = 100

export interface ThreadConfig extends Omit<ThreadStart['config'], 'hasHook' | 'place'> {
  readonly onTrip: unknown
}

type Threading = typeof import('node:worker_threads')
/** What is needed of `node:worker_threads`, taken when that is loaded: tests replace it, and the guard patches it. */
type Channels = Pick<Threading, 'MessageChannel' | 'receiveMessageOnPort'> & {
  readonly postMessage: MessagePort['postMessage']
}

/** All threads that this one has started and that live. */
export class Threads {
  readonly #guard: Guard
  readonly #config: () => ThreadConfig | undefined
  readonly #own: () => readonly string[]
  readonly #live = new SafeSet<Thread>()
  #channels: Channels | undefined

  /** @param own the endpoints that belong to the tests by now */
  constructor(guard: Guard, config: () => ThreadConfig | undefined, own: () => readonly string[]) {
    this.#guard = guard
    this.#config = config
    this.#own = own
  }

  /** To be called when the module is loaded, before it is patched. */
  take({ MessageChannel, MessagePort, receiveMessageOnPort }: Threading): void {
    this.#channels = { MessageChannel, receiveMessageOnPort, postMessage: MessagePort.prototype.postMessage }
  }

  /** Prepares a thread that is about to be started in a frame. @param origin the line that starts it */
  prepare(frame: Frame, origin: CallSite | undefined): Thread {
    const { file, dir, redact, onTrip } = this.#config() ?? { file: undefined, dir: '', redact: [], onTrip: undefined }
    const config = { file, dir, redact, hasHook: onTrip !== undefined, place: this.#guard.plugins.place }
    const thread = new Thread(this.#guard, this.#channels as Channels, frame, { config, own: this.#own(), origin })
    this.#live.add(thread)
    thread.onEnd = () => {
      this.#live.delete(thread)
      if (this.#live.size > 0) return
      watchFrames(undefined)
      this.#guard.drain = undefined
    }
    this.#guard.drain = () => this.drain()
    watchFrames((changed) => {
      for (const live of this.#live) live.frameChanged(changed)
    })
    return thread
  }

  /** Takes in what the threads have sent by now. */
  drain(): void {
    for (const thread of this.#live) thread.drain()
  }

  /** Tells the threads of an endpoint that belongs to the tests. */
  tellOwn(key: string, except?: Thread): void {
    for (const thread of this.#live) if (thread !== except) thread.tell({ kind: 'own', key })
  }
}

/** One thread. */
export class Thread {
  readonly start: ThreadStart
  onEnd: (() => void) | undefined
  readonly #guard: Guard
  readonly #channels: Channels
  readonly #port: MessagePort
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  readonly #rules: Rule[] = []
  readonly #frames = new SafeMap<number, Frame>()
  #frame: Frame
  #gone = false

  constructor(guard: Guard, channels: Channels, frame: Frame, start: Pick<ThreadStart, 'config' | 'own' | 'origin'>) {
    const { port1, port2 } = new channels.MessageChannel()
    this.#guard = guard
    this.#channels = channels
    this.#frame = frame
    this.#port = port1
    this.start = { ...start, version: VERSION, port: port2, shared: this.#shared, frames: this.#pack() }
    port1.on('message', (message: FromThread) => this.#receive(message))
    // What it sent came before. To touch a port that is closing crashes Node (20).
    port1.on('close', () => this.#ended())
    port1.unref()
  }

  /** Somebody in another frame has given the thread work: from now on it works for that one. */
  workFor(frame: Frame): void {
    if (frame === this.#frame) return
    this.drain()
    this.#frame = frame
    this.#tellFrames()
  }

  frameChanged(frame: Frame): void {
    let at: Frame | undefined = this.#frame
    while (at && at !== frame) at = at.parent
    if (at) this.#tellFrames()
  }

  tell(message: ToThread): void {
    if (this.#gone) return
    Reflect.apply(this.#channels.postMessage, this.#port, [message])
    add(this.#shared, STATE, 1)
  }

  drain(): void {
    if (this.#gone) return
    const { receiveMessageOnPort: receive } = this.#channels
    for (let next = receive(this.#port); next; next = receive(this.#port)) this.#receive(next.message)
  }

  /** It was not started after all. */
  end(): void {
    this.#ended()
    this.#port.close()
  }

  #ended(): void {
    this.#gone = true
    this.onEnd?.()
    this.onEnd = undefined
  }

  #tellFrames(): void {
    this.tell({ kind: 'frames', frames: this.#pack() })
  }

  #pack() {
    this.#frames.set(this.#frame.id, this.#frame)
    for (let at: Frame | undefined = this.#frame; at; at = at.parent) this.#frames.set(at.id, at)
    for (const id of this.#frames.keys()) if (this.#frames.size > MOST_FRAMES) this.#frames.delete(id)
    return packFrames(this.#frame, (rule) => this.#numberOf(rule))
  }

  #numberOf(rule: Rule): number {
    const known = this.#rules.indexOf(rule)
    return known >= 0 ? known : this.#rules.push(rule) - 1
  }

  #receive(message: FromThread): void {
    const guard = this.#guard
    if (message.kind === 'trip') this.#charge(message.trip, this.#frames.get(message.frame) ?? this.#frame)
    else if (message.kind === 'interaction') guard.sandboxes.note(message.sandbox, message.interaction)
    else if (message.kind === 'own') guard.own.add(message.key)
    else this.#answer(message)
  }

  #charge(trip: Trip, frame: Frame): void {
    this.#guard.trips.adopt(trip, frame, policyOf(frame))
  }

  #answer(question: Question): void {
    let answer: ToThread
    try {
      const value =
        question.kind === 'ask-hook'
          ? this.#guard.hook.answer(question.trip)
          : this.#rules[question.rule]?.matches(question.layer, question.unknown)
      answer = { kind: 'answer', id: question.id, value, threw: false }
    } catch (error) {
      answer = { kind: 'answer', id: question.id, value: error, threw: true }
    }
    try {
      this.tell(answer)
    } catch {
      // What cannot be cloned is told by its text.
      this.tell({ ...answer, value: new Error(String((answer as { value: unknown }).value)) } as ToThread)
    }
    add(this.#shared, ANSWERED, 1)
    notify(this.#shared, ANSWERED)
  }
}
