import { AsyncLocalStorage } from 'node:async_hooks'
import { builtins } from '../../../plugins/index.ts'
import type { Layer, Trip } from '../../../src/core/call.ts'
import type { Frame } from '../../../src/core/frames.ts'
import { Guard } from '../../../src/core/guard.ts'
import type { Open } from '../../../src/core/open-calls.ts'
import { createGrammar } from '../../../src/core/rules.ts'
import { Sandboxes } from '../../../src/core/sandbox.ts'
import type { Scope } from '../../../src/core/scopes.ts'
import { captureFrames } from '../../../src/errors/call-site.ts'
import { badAnswer, mockFailure } from '../../../src/errors/misuse.ts'
import { createTripMaker } from '../../../src/errors/trip-maker.ts'
import { createOwnEndpoints } from '../../../src/redirect/own.ts'
import { direct } from '../../fixtures/errors/orders.ts'

type Effect = 'allow' | 'deny' | 'refuse' | 'restrict'
export interface Situation extends Partial<Record<Effect, readonly string[]>> {
  /** Where the rules are written. */
  readonly source?: string
  readonly level?: 'error' | 'warn' | 'observe'
  readonly from?: 'test' | 'hook' | 'import' | 'file'
  readonly sandbox?: boolean
  readonly ended?: 'sandbox' | 'test' | 'file'
  readonly running?: string
  readonly redact?: readonly (string | RegExp)[]
  /** Whether the stack holds a line of the user's. */
  readonly sited?: boolean
}

const FILE = 'test/shop.test.ts'
const grammar = createGrammar(builtins)

/** A guard that patches nothing, with every built-in protocol, and a way to make calls in it. */
export function installed(situation: Situation = {}) {
  const { level = 'error', source = 'tripwire.config.ts', from = 'test', running, redact = [] } = situation
  const guard = new Guard({
    own: createOwnEndpoints(),
    context: new AsyncLocalStorage<Frame | Open>(),
    trips: createTripMaker(
      () => ({ file: `${process.cwd()}/tripwire.config.ts`, dir: process.cwd(), redact }),
      () => running,
    ),
    sandboxes: new Sandboxes(() => 0),
    captureFrames,
    mockFailure,
    badAnswer,
  })
  for (const plugin of builtins) guard.addPlugin(plugin)
  const rules = (effect: Effect) => situation[effect] && { [effect]: grammar.parseMany(situation[effect]) }
  const scope: Scope = {
    kind: 'project',
    source,
    levels: { default: level },
    ...rules('allow'),
    ...rules('deny'),
    ...rules('refuse'),
    ...rules('restrict'),
  }
  guard.run.addScope(scope)
  guard.active = true
  const file = guard.openFrame('file', FILE, guard.run, { file: `${process.cwd()}/${FILE}` })
  const own: Frame = {
    test: () => guard.openFrame('test', 'test "charges the card"', file),
    hook: () => guard.openFrame('hook', `beforeAll of ${FILE}`, file),
    import: () => guard.openFrame('import', `the import of ${FILE}`, file),
    file: () => file,
  }[from]()
  const inSandbox = situation.sandbox || situation.ended === 'sandbox'
  const frame = inSandbox ? guard.openFrame('sandbox', 'sandbox #7', own, { sandbox: 7 }) : own
  if (situation.ended) guard.closeFrame(frame)
  if (situation.ended === 'test' || situation.ended === 'file') guard.closeFrame(own)
  if (situation.ended === 'file') guard.closeFrame(file)

  const judge = (layer: Layer) => guard.runIn(frame, () => guard.judge(layer))
  const call = async (layer: Layer) => {
    // Neither line is in this file, which would be the user's.
    const seam = guard.runIn.bind(guard, frame, guard.judge.bind(guard, layer) as () => unknown)
    if (situation.sited ?? true) return direct(seam) as ReturnType<typeof judge>
    let outcome: unknown
    Promise.resolve()
      .then(seam)
      .then((result) => {
        outcome = result
      })
    await new Promise((resolve) => setTimeout(resolve, 1))
    return outcome as ReturnType<typeof judge>
  }
  return { guard, frame, call }
}

/** The error of one call in one situation. */
export async function stopped(situation: Situation, layer: Layer): Promise<Error & { readonly tripId: number }> {
  const outcome = await installed(situation).call(layer)
  if (outcome.kind !== 'block') throw new Error(`the call is ${outcome.kind}`)
  return outcome.error as Error & { readonly tripId: number }
}

/** The message of that error. */
export async function messageOf(situation: Situation, layer: Layer): Promise<string> {
  return (await stopped(situation, layer)).message
}

/** The trip that is written down for a call that goes through. */
export async function noted(situation: Situation, layer: Layer): Promise<Trip | undefined> {
  const { guard, call } = installed(situation)
  await call(layer)
  return guard.trips.takeReport()[0]?.trip
}

/** One call of every protocol. */
export const CALLS = {
  http: {
    protocol: 'http',
    operation: 'http:request',
    facts: {
      method: 'POST',
      url: 'https://api.example.com/v1/charges?token=tk_live_1',
      scheme: 'https',
      host: 'api.example.com',
      port: 443,
      path: '/v1/charges?token=tk_live_1',
    },
  },
  ws: {
    protocol: 'ws',
    operation: 'ws:connect',
    facts: { url: 'wss://feed.example.com/p', scheme: 'wss', host: 'feed.example.com', port: 443, path: '/p' },
  },
  sockets: {
    protocol: 'sockets',
    operation: 'sockets:connect',
    facts: { transport: 'tcp', host: '10.0.0.5', port: 6379 },
  },
  dns: { protocol: 'dns', operation: 'dns:resolve', facts: { hostname: 'api.example.com', rrtype: 'MX' } },
  db: {
    protocol: 'db',
    operation: 'db:connect',
    facts: { product: 'postgres', driver: 'pg', host: 'db.example.com', port: 5432, database: 'shop', user: 'app' },
  },
  subprocess: {
    protocol: 'subprocess',
    operation: 'subprocess:spawn',
    facts: { program: 'git', line: 'push --force', args: ['push', '--force'], cwd: '/', env: [], detached: false },
  },
  worker: {
    protocol: 'worker',
    operation: 'worker:start',
    facts: { source: 'file', path: '/srv/shop/src/report.js' },
  },
  native: {
    protocol: 'native',
    operation: 'native:device',
    facts: { package: '@serialport/bindings-cpp', path: '/dev/ttyUSB0' },
  },
  fs: {
    protocol: 'fs',
    operation: 'fs:write',
    facts: { path: '/srv/invoices/1.txt', function: 'writeFileSync', given: '../invoices/1.txt' },
  },
} satisfies Record<string, Layer>
