/** The part of the contract with plugins that is about answering calls: mocks, replies, and the peers inside the worker that give them. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Facts, Layer } from './core/call.ts'
import type { Frame } from './core/frames.ts'
import type { Step } from './core/script.ts'
import type { Tap } from './tap.ts'

/** A mock's answer to a call, and the way to tell what becomes known of the call while it is given. */
export interface Reply {
  /** What `Mocking.readReply` gave; undefined for `passThrough`: then the plugin does the real thing, and tells the facts. */
  readonly answer: unknown
  readonly passThrough: boolean
  /** Whose mock it is. */
  readonly protocol: string
  /** Where the call was made. */
  readonly frame: Frame
  /** The facts of the call, as far as they are known. */
  readonly facts: Facts
  /** Whether the mock was chosen without facts that it speaks of: then `complete` must be asked before anything is answered. */
  readonly tentative: boolean
  /**
   * Tells facts that became known (a body), or are still growing (as getters). The mock is chosen again where it speaks of them.
   *
   * @returns the error to fail with, when nothing answers a call with these facts
   */
  complete(facts: Facts): Error | undefined
  /** The mock has nothing to say to this call: another is chosen, as `complete` does. @returns the error to fail with, when there is none */
  declines(): Error | undefined
  /** The mock lets the call through after all, which the plugin does. @returns the error to fail with, where a ceiling does not */
  lets(): Error | undefined
  /** The answers of all fallbacks (`Register`) that fit the call, in the order in which they would be asked. */
  fallbacks(): readonly unknown[]
  /** Whether code in a frame stands in the sandbox that the call was made in. */
  holds(frame: Frame): boolean
  /** A conversation has begun: at the end of its test, what of the answer is left over (steps of a script) makes the mock unused. */
  owes(left: () => readonly Step[]): void
  /** The call is accounted for by what it leaves behind, in whatever order: asked at each assertion, and at the end. */
  accountsBy(left: Left): void
  /**
   * A function of the test's threw while it answered, or gave what is no answer. A failed expectation and a wrong answer fail the test also
   * where the code under test catches them; any other error is how the call fails.
   *
   * @returns the error to fail with
   */
  fails(error: unknown): Error
  /** Writes down that what came is not what a script waits for. @returns the error to fail with */
  deviates(deviation: Deviation): Error
  /** Writes down that the engine behind the mock cannot do what it was asked for. @returns the error to fail with */
  limited(limit: EngineLimit): Error
}

/** What an embedded engine cannot do, and what to do about it. */
export interface EngineLimit {
  readonly engine: string
  readonly statement: string
  /** The file that it is in, and the line: `db/1_orders.sql:12`. */
  readonly at?: string | undefined
  /** Where in the statement, in characters from 0. */
  readonly position?: number | undefined
  /** What the engine says of it. */
  readonly word: string
  /** What helps, and the code of it. */
  readonly fixes: readonly { readonly does: string; readonly code: string }[]
}

/** What a call leaves behind. */
export interface Left {
  /** Whether it is still to be asserted. */
  pending(): boolean
  /** As the assertion of it takes it. */
  state(): unknown
}

/** Where a conversation left its script. */
export interface Deviation {
  /** The step it stands at, from 1; one more than there are when the script is over. */
  readonly step: number
  readonly steps: readonly Step[]
  /** What came instead; undefined when nothing did, and nothing can any more. */
  readonly came: unknown
}

/** Patterns by fact, as `mock`, `passThrough` and `assert` take them: text is read by the fact's kind, data compares deeply. */
export type FactPatterns = Readonly<Record<string, unknown>>

/** How calls of a protocol are answered and asserted: what `tripwire.<protocol>` needs of its plugin. */
export interface Mocking {
  /** Reads the first argument of mock, passThrough and assert. @throws RuleSyntaxError */
  readPattern(pattern: unknown): FactPatterns
  /** Checks a reply and makes of it what the seam gets as `answer`. @throws RuleSyntaxError */
  readReply(reply: unknown): unknown
  /** A reply to fill in, as code: `{ json: {} }`. */
  readonly example: string | ((layer: Layer) => string)
  /** What would answer a call, as code, where that is not `mock` with the example; undefined where nothing does. */
  suggest?(layer: Layer): string | undefined
  /** A package that mocks need, and their users install: asked for when the first is made. */
  readonly needs?: string
  /** Runs before the first mock of this protocol, or of one that stands on it. */
  prepare?(): void
  /**
   * The facts of a call as mocks and interactions see them: what can be derived is added, what is not known yet is there as `undefined`.
   * Asked in sandboxes only.
   */
  derive?(layer: Layer): Facts
  /** Whether what `passThrough` lets through is given to the plugin as a reply, because its facts are only known that way (bodies). */
  readonly forwards?: boolean
  /**
   * The facts that the code under test controls: an assertion has to name each. A list is a fact and what else names it.
   *
   * @param answer of the mock that answered: what a script expected needs no second naming
   */
  controlled(facts: Facts, answer?: unknown): readonly (string | readonly [string, ...string[]])[]
  /**
   * A pattern that fits the call, as code (`'GET https://api.example.com/'`), and the facts that it names.
   *
   * @param answer of the mock that answered, where one did
   */
  print(layer: Layer, answer?: unknown): { readonly pattern: string; readonly names: readonly string[] }
  /** Takes over the worker's end of a connection that was redirected for a mock of this protocol; runs in the frame of the call. */
  serve?(peer: Socket, connection: Redirected, tap: Tap): void
  /** Further functions of the family (`tripwire.http.use`). `register` makes a mock as `mock` does. */
  extend?(
    register: Register,
    print: PrintCall,
    asserting: Asserting,
  ): Readonly<Record<string, (...args: never[]) => unknown>>
  /** What a box has under the name of the protocol. @param interactions those of the sandbox, by now */
  box?(interactions: () => readonly object[]): object
  /** Those of them that `tripwire` has itself, by the name that they have there (`tripwire.mock`). */
  readonly direct?: Readonly<Record<string, string>>
}

/** A call of the api as code: `tripwire.http.mock('GET …')`. */
export type PrintCall = (what: string, args: readonly unknown[]) => string

/** What assertions of a plugin's own are made with. */
export interface Asserting {
  /** Says that the next call was this one, as `assert` does where a plugin has none of its own. */
  next(pattern: unknown, facts?: Readonly<Record<string, unknown>>): void
  /** @throws SandboxMisuseError inside of a sandbox, where more may still come */
  outside(what: string): void
  /** Tells what is wrong with the arguments of a function that the test gets later, as of one of the family's own. */
  telling<T extends (...args: never[]) => unknown>(what: string, fn: T): T
  /** The calls of the test so far. */
  readonly interactions: readonly object[]
  /** The error of an assertion that does not hold. */
  differs(text: string, differences: readonly Difference[]): Error
}

export interface Difference {
  readonly path: string
  readonly expected: unknown
  readonly was: unknown
}

/** Makes a mock of patterns and an answer. */
export type Register = (
  patterns: FactPatterns,
  answer: unknown,
  text: string,
  options?: {
    /** Answers what no other mock does, wherever it was registered. */
    readonly last?: boolean
    /** Answers what no other mock of its frame does; of several, the one made last is asked first. */
    readonly fallback?: boolean
  },
) => { times(count: number): unknown; always(): unknown; optional(): unknown }

/** A client's connection that leads to a peer inside the worker. */
export interface Redirected {
  readonly client: Socket
  /** What answers on it at the moment: on a connection that is kept, the reply to the latest request. */
  reply: Reply | undefined
  /** Replies to the streams of a multiplexed connection; a stream has its number once it is sent. */
  readonly streams: { readonly stream: { readonly id?: number | undefined }; readonly reply: Reply }[]
}

/** The listener inside the worker. */
export interface Hub {
  /**
   * Connects a socket to the worker instead of to where it was going.
   *
   * @param connect `net.Socket.prototype.connect` as it was before any patch
   * @param accept is given the other end
   * @param options what the client gave to `connect`; the place in it is ignored
   */
  redirect(
    client: Socket,
    connect: (...args: never[]) => unknown,
    accept: (peer: Socket, connection: Redirected) => void,
    options?: object,
    listener?: () => void,
  ): Redirected
  /** A new socket to the worker. */
  connect(accept: (peer: Socket, connection: Redirected) => void): Socket
  /** The redirected connection that a socket is, or stands on. */
  of(client: object): Redirected | undefined
  /** A TLS client that is put on top of a redirected socket trusts the worker's certificates. */
  trust(client: object, under: object): void
  /** A certificate for a host, which clients of the hub take for good. */
  certificateFor(host: string): { readonly key: string; readonly cert: string }
  /** The server's side of TLS on an accepted connection, with a certificate for whatever host the client asks for. */
  secure(peer: Socket, host: string, protocols: readonly string[], ready: (secured: TLSSocket) => void): void
  /** An address that stands for a host whose connections are mocked: nobody has it (RFC 2544; RFC 4193). */
  addressOf(host: string, family: 4 | 6): string
  /** The host that an address stands for. */
  hostAt(address: string): string | undefined
  /** A conversation is held on an accepted connection: what the client has sent is waited for before anybody says what it sent. */
  follow(peer: Socket): void
}

/** A function that stands in the place of another. */
export interface Spy {
  readonly original: (...args: never[]) => unknown
  /** Whether nobody has taken it away, or put another in its place. */
  readonly isThere: boolean
  /** Keeps it until the test (describe, file) ends in which the present code stands. */
  hold(): void
}
