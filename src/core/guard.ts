import type { OpenCall, OpenOptions, Outcome, PluginDefinition, StackFrame } from '../plugin.ts'
import { Answering } from './answering.ts'
import type { Layer, Verdict } from './call.ts'
import { Claims } from './claims.ts'
import { SafeWeakMap } from './collections.ts'
import { Connections } from './connections.ts'
import { Frame, type FrameKind } from './frames.ts'
import type { ContextStore, FileEndpoints, GuardParts, SpyOn } from './guard-parts.ts'
import { lateCode } from './late.ts'
import { type Memory, UNWATCHED } from './memory.ts'
import { CallRecord, type Judge, Open } from './open-calls.ts'
import { PluginSet } from './plugins.ts'
import { type Policy, policyOf } from './policy.ts'
import type { Sandboxes } from './sandbox.ts'
import { TripHook } from './trip-hook.ts'
import { TripBook } from './trips.ts'
import { decide, UNRULED } from './verdict.ts'

const PASS: Outcome = { kind: 'pass' }
const STEADY: Outcome = { kind: 'pass', steady: true }
const REFUSE: Outcome = { kind: 'refuse' }

/** One installation: it takes calls in, has them judged in their frame, and keeps what was stopped. */
export class Guard implements Judge {
  readonly plugins: PluginSet
  readonly own: FileEndpoints
  /** The outermost frame; always open. The project's scope stands on it. */
  readonly run = new Frame('run', 'the run', undefined)
  readonly trips: TripBook
  readonly sandboxes: Sandboxes
  readonly context: ContextStore<Frame | Open>
  /** Where code runs that lost its context, as the runner knows it. */
  fallbackFrame: (() => Frame | undefined) | undefined
  /** Whether no file is at work, so that code without a frame is the environment's, which is set up before its file and taken down after. */
  betweenFiles: (() => boolean) | undefined
  readonly hook: TripHook
  /** In a thread: takes in what its starter has to tell, before anything is judged. */
  refresh: (() => void) | undefined
  /** Takes in what the threads that were started here have to tell, before anything ends. */
  drain: (() => void) | undefined
  /** When all that was sent to mocked peers has reached them; undefined where nothing is on its way. */
  settled: () => Promise<void> | undefined = () => undefined
  /** Undefined where there is no Vitest: in threads. */
  spyOn: SpyOn | undefined
  /** False until a setup file took over. */
  active = false
  readonly #captureFrames: () => readonly StackFrame[]
  readonly #claims = new Claims()
  readonly #connections: Connections
  readonly answering: Answering
  readonly #opened = new SafeWeakMap<object, Layer>()
  #passed: { readonly layer: Layer; readonly policy: Policy } | undefined
  /** The call that the judgement at work is about; later it would keep all that its test made. */
  #judged: CallRecord | undefined
  /** While tripwire itself reads (stacks, another copy of itself): nobody's calls. */
  #aside = false

  constructor(parts: GuardParts) {
    this.own = parts.own
    this.plugins = new PluginSet(parts.own)
    this.#connections = new Connections(this.plugins)
    this.context = parts.context
    this.sandboxes = parts.sandboxes
    this.#captureFrames = parts.captureFrames
    this.hook = new TripHook((frame, fn) => this.runIn(frame, fn), parts.badAnswer)
    this.trips = new TripBook(parts.trips, this.plugins)
    this.answering = new Answering(this.plugins, this.trips, parts.sandboxes, parts.mockFailure)
  }

  addPlugin(plugin: PluginDefinition): void {
    this.plugins.add(plugin)
  }

  openFrame(kind: FrameKind, name: string, parent?: Frame, extra: { file?: string; sandbox?: number } = {}): Frame {
    return new Frame(kind, name, parent ?? this.run, extra)
  }

  closeFrame(frame: Frame): void {
    this.drain?.()
    frame.close()
  }

  runIn<T>(frame: Frame, fn: () => T): T {
    // Of each request to an own server: most are made where they are handled.
    return this.context.getStore() === frame ? fn() : this.context.run(frame, fn)
  }

  /** The frame of the present code; the run's when its context was lost and the runner knows no better. */
  currentFrame(): Frame {
    const store = this.context.getStore()
    if (store === undefined) return this.fallbackFrame?.() ?? this.run
    return store instanceof Frame ? store : store.call.frame
  }

  /**
   * Takes in an attempt at a seam, finds the call that it is part of, and says what to do.
   *
   * @param connection stands for what is opened by it, and is given to `use` later
   */
  judge(layer: Layer, connection?: object): Outcome {
    if (!this.active || this.#aside) return PASS
    this.#judged = undefined
    const outcome = this.#judge(layer)
    if (connection !== undefined && outcome.kind === 'pass') {
      this.#opened.set(connection, layer)
      this.#connections.add(connection, this.#judged)
    }
    this.#judged = undefined
    return outcome
  }

  /** What a connection that passed was reported as. */
  opened(connection: object): Layer | undefined {
    return this.#opened.get(connection)
  }

  /** What a plugin may know of its calls in the present frame. */
  memory(protocol: string): Memory {
    if (!this.active || this.#aside) return UNWATCHED
    this.refresh?.()
    return this.plugins.memory(protocol, this.currentFrame())
  }

  #judge(layer: Layer): Outcome {
    const store = this.context.getStore()
    if (store instanceof Open) {
      const part = this.#asPartOf(store, layer)
      if (part !== undefined) return part
    }
    const claimed = this.#claims.find(layer)
    if (claimed !== undefined) {
      this.#judged = claimed.by.call
      return claimed.outcome
    }
    const call = new CallRecord(this.currentFrame(), () => this.plugins.lifted(layer, this.#captureFrames))
    this.#judged = call
    return this.conclude(call)
  }

  /** Something is about to be sent over an open connection: a call of its own in a sandbox that does not know the connection. */
  use(connection: object): Outcome {
    if (!this.#connections.any || !this.active) return PASS
    const frame = this.currentFrame()
    const { sandbox } = policyOf(frame)
    const opened = sandbox === undefined ? undefined : this.#connections.introduce(connection, sandbox)
    if (sandbox === undefined || opened === undefined) return PASS
    const outcome = this.conclude(new CallRecord(frame, () => [...opened.layers], true))
    if (outcome.kind !== 'pass') this.#connections.forget(connection, sandbox)
    return outcome
  }

  open(layer: () => Layer, options?: OpenOptions): OpenCall {
    const call = new CallRecord(this.currentFrame(), () => this.plugins.lifted(layer(), this.#captureFrames))
    const open = new Open(call, this, options)
    if (open.claims !== undefined) this.#claims.add(open)
    return open
  }

  within<T>(open: OpenCall, fn: () => T): T {
    return this.context.run(open as Open, fn)
  }

  /** In a context of its own, as a lookup may come after `fn` returned; a call that is open here knows the layer already. */
  carry<T>(layer: Layer, fn: () => T): T {
    const store = this.context.getStore()
    if (store instanceof Open && store.outcome?.kind === 'pass' && store.call.rides.includes(layer)) return fn()
    const open = new Open(new CallRecord(this.currentFrame(), () => [layer]), this, undefined)
    open.outcome = PASS
    open.waiting = false
    return this.context.run(open, fn)
  }

  current(): OpenCall | undefined {
    const store = this.context.getStore()
    return store instanceof Open && store.waiting ? store : undefined
  }

  release(open: Open): void {
    this.#claims.delete(open)
  }

  /** The first lower call in the context of an open one is its transport; a lookup of its host belongs to it as well. */
  #asPartOf(open: Open, layer: Layer): Outcome | undefined {
    const plugin = this.plugins.get(layer.protocol)
    if (plugin?.alone === true) return undefined
    if (plugin?.aside === true) {
      if (open.outcome?.kind !== 'pass') return undefined
      const host = this.plugins.hostOf(layer)
      return open.call.layers.some((known) => this.plugins.hostOf(known) === host) ? PASS : undefined
    }
    if (!open.waiting || open.has(layer.protocol)) return undefined
    open.waiting = false
    this.#judged = open.call
    if (open.outcome === undefined) return open.settle(layer)
    open.call.ride(layer)
    return open.outcome
  }

  /** Judges a call in its frame, and writes down what was stopped before anybody throws. */
  conclude(call: CallRecord): Outcome {
    if (!this.active) return PASS
    this.refresh?.()
    const policy = policyOf(call.frame)
    // Most connections are a test's own, where nobody wrote a rule: then what rides on them need not be worked out.
    if (policy.plain && call.rides.length > 0 && this.#passesPlain(call.rides[0] as Layer, policy)) {
      call.verdict = UNRULED
      return STEADY
    }
    // A mock answers who connects; what is connected to the real thing already, it cannot take over.
    const inForce = call.onOpen ? { ...policy, mocks: [] } : policy
    const verdict = call.foreseenIn(inForce) ?? decide(call.layers, inForce, this.plugins)
    call.verdict = verdict
    if (verdict.kind === 'pass' && policy.sandbox === undefined) return STEADY
    if (this.#isNobodys(call)) {
      call.verdict = { kind: 'pass', why: { by: 'runner' } }
      return PASS
    }
    if (verdict.kind === 'pass') {
      this.#record(call, policy, verdict)
      return PASS
    }
    if (verdict.kind === 'reply') return this.answering.reply(call, policy, verdict)
    return this.answering.preparation(call, policy, verdict) ?? this.#stop(call, policy, verdict)
  }

  /** What passed stays so under a policy: the endpoints of a file only become more. A warm connection is asked for with each request. */
  #passesPlain(layer: Layer, policy: Policy): boolean {
    if (this.#passed?.layer === layer && this.#passed.policy === policy) return true
    if (this.plugins.passes(layer, policy)) this.#passed = { layer, policy }
    return this.#passed?.layer === layer && this.#passed.policy === policy
  }

  /** Whether a mock would answer a call, as far as that is known; nothing is used up by asking. */
  answers(call: CallRecord): boolean {
    return this.active && this.answering.answers(call)
  }

  /** A call that passed already. */
  passed(layer: Layer): OpenCall {
    const open = new Open(new CallRecord(this.currentFrame(), () => [layer]), this, undefined)
    open.outcome = PASS
    return open
  }

  #stop(call: CallRecord, policy: Policy, decided: Verdict): Outcome {
    if (call.frame === this.run && this.betweenFiles?.()) {
      call.verdict = { kind: 'pass', why: { by: 'runner' } }
      return PASS
    }
    const site = this.unjudged(() => this.trips.capture())
    let verdict = decided
    if (verdict.kind === 'block') {
      const late = lateCode(call.frame)
      if (late !== undefined) verdict = { ...verdict, code: late }
    }
    const { trip, error: made } = this.trips.make(call, verdict, site, policy)
    let error = made
    // A ceiling is nothing that a hook may lift.
    if (verdict.kind === 'block' && verdict.why.by !== 'ceiling') {
      const answer = this.hook.ask(trip, call.frame)
      if (answer.kind === 'allow') {
        call.verdict = { kind: 'pass', why: { by: 'hook' } }
        this.trips.charge({ ...trip, kind: 'allowed', code: undefined }, error, call.frame, policy)
        if (policy.sandbox !== undefined) this.#record(call, policy, call.verdict)
        return PASS
      }
      if (answer.kind === 'threw') error = this.trips.replace(trip, answer.error)
    }
    Object.assign(call, { verdict, trip })
    this.trips.charge(trip, error, call.frame, policy)
    if (policy.sandbox !== undefined) this.#record(call, policy, verdict)
    return verdict.kind === 'block' ? { kind: 'block', error } : verdict.kind === 'refuse' ? REFUSE : PASS
  }

  /** What the runner and Node's loader do, or Node for a call that was judged already: neither stopped nor written down. */
  #isNobodys(call: CallRecord): boolean {
    const plugin = this.plugins.get((call.lowest as Layer).protocol)
    return plugin?.runner === true && this.unjudged(() => this.trips.isOwnWork(plugin.inner))
  }

  /** For what is done here and is over when the function returns. */
  unjudged<T>(fn: () => T): T {
    const outer = this.#aside
    this.#aside = true
    try {
      return fn()
    } finally {
      this.#aside = outer
    }
  }

  #record(call: CallRecord, { sandbox }: Policy, verdict: Verdict): void {
    this.sandboxes.record(sandbox as number, call, verdict, { plugins: this.plugins })
  }
}
