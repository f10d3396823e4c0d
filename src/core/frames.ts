import type { StartedBy, Trip } from './call.ts'
import type { Mock } from './mocks.ts'
import type { Policy } from './policy.ts'
import type { Rule } from './rules.ts'
import type { Scope } from './scopes.ts'

export type FrameKind = 'run' | 'file' | 'import' | 'describe' | 'hook' | 'test' | 'sandbox' | 'expect' | 'block'

let lastId = 0

/** Grows with every change of any scope or frame; what was compiled at an older epoch is stale. */
let epoch = 0

export function currentEpoch(): number {
  return epoch
}

/** Told of every frame that ends or whose scopes change, as long as somebody has to be told (worker threads). */
let changed: ((frame: Frame) => void) | undefined

export function watchFrames(watch: ((frame: Frame) => void) | undefined): void {
  changed = watch
}

/**
 * Where in the run we are. Frames form one chain, carried by async context: run > file > describe > test > hook | sandbox.
 * A frame that ended is closed for good: it never decides again, but still tells who started a late call.
 */
export class Frame {
  readonly id = ++lastId
  readonly kind: FrameKind
  /** As errors print it: `test "charges the card"`, `beforeAll of "orders"`. */
  readonly name: string
  readonly parent: Frame | undefined
  readonly file: string | undefined
  /** The frame's own options (config, meta) first, then the blocks and scopes opened in it, oldest first. */
  readonly scopes: Scope[] = []
  /** Trips charged to this frame, in order. */
  readonly trips: Trip[] = []
  /** What the functions of its mocks failed with, in order: the code under test may have caught it. */
  readonly failures: Error[] = []
  /** Number of the sandbox, for `kind: 'sandbox'`. */
  readonly sandbox: number | undefined
  /** Scripted answers registered here. */
  readonly mocks: Mock[] = []
  /** What `expectTrip` waits for, for `kind: 'expect'`: a rule, or `'any'`. */
  expects: Rule | 'any' | undefined
  /** Trips inside an `expectTrip` that it does not wait for; somebody else pays for them. */
  readonly others: Trip[] = []
  closed = false
  /** What ends with it. */
  readonly onClose: (() => void)[] = []
  /** What `policyOf` compiled for this frame; stale when the epoch moved on. */
  policy: Policy | undefined

  constructor(
    kind: FrameKind,
    name: string,
    parent: Frame | undefined,
    extra: { file?: string; sandbox?: number } = {},
  ) {
    this.kind = kind
    this.name = name
    this.parent = parent
    this.file = extra.file ?? parent?.file
    this.sandbox = extra.sandbox
  }

  close(): void {
    this.closed = true
    for (const end of this.onClose.splice(0)) end()
    this.#change()
  }

  /** The nearest frame, this one included, that still decides; undefined after the end of everything. */
  openAncestor(): Frame | undefined {
    let frame: Frame | undefined = this
    while (frame?.closed) frame = frame.parent
    return frame
  }

  /** The nearest frame of one of the kinds, this one included. */
  nearest(...kinds: FrameKind[]): Frame | undefined {
    let frame: Frame | undefined = this
    while (frame && !kinds.includes(frame.kind)) frame = frame.parent
    return frame
  }

  /** Whose a scope or a mock without a callback is: the test's, describe's or file's around the code, not its hook's or import's. */
  get owner(): Frame {
    return this.kind === 'hook' || this.kind === 'import' ? (this.parent ?? this) : this
  }

  addScope(scope: Scope): void {
    this.scopes.push(scope)
    this.#change()
  }

  /** Mocks answer in turn; after them fallbacks, the latest first. */
  addMock(mock: Mock): void {
    const first = this.mocks.findIndex(({ fallback }) => fallback)
    this.mocks.splice(first < 0 ? this.mocks.length : first, 0, mock)
    epoch++
  }

  removeScope(scope: Scope): void {
    const at = this.scopes.indexOf(scope)
    if (at >= 0) this.scopes.splice(at, 1)
    this.#change()
  }

  /** Takes over what became of the frame that this one stands for in another thread. */
  mirror(closed: boolean, scopes: readonly Scope[]): void {
    this.closed = closed
    this.scopes.splice(0, this.scopes.length, ...scopes)
    this.#change()
  }

  #change(): void {
    epoch++
    changed?.(this)
  }

  startedBy(): StartedBy {
    const owner = this.nearest('test', 'hook', 'import', 'describe', 'file', 'run') ?? this
    const kind = owner.kind === 'expect' || owner.kind === 'block' ? 'run' : owner.kind
    return { kind, name: owner.name, file: owner.file, sandbox: this.nearest('sandbox')?.sandbox, ended: owner.closed }
  }
}
