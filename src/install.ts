import { AsyncLocalStorage } from 'node:async_hooks'
import { builtins, ungraded } from '../plugins/index.ts'
import { builtIn } from './built-in.ts'
import { frozen } from './config/frozen.ts'
import type { ResolvedConfig } from './config/resolved.ts'
import { validateConfig, validateOptions, validateRules } from './config/validate.ts'
import { createApi } from './core/api.ts'
import { SafeWeakMap } from './core/collections.ts'
import type { Frame } from './core/frames.ts'
import { Guard } from './core/guard.ts'
import { type InteractionRecord, takeLedger } from './core/ledger.ts'
import type { Open } from './core/open-calls.ts'
import { Sandboxes } from './core/sandbox.ts'
import { Script } from './core/script.ts'
import type { TripHook } from './core/trip-hook.ts'
import { unaccounted } from './core/verify.ts'
import { deniedBy } from './denied.ts'
import { callerPosition, captureFrames, printFile, rememberFormatter } from './errors/call-site.ts'
import { carriesTrip } from './errors/carries.ts'
import { type Voice, verificationError } from './errors/contract.ts'
import { differentMajors, lockedSlot, lostSlots, notInstalled } from './errors/install-errors.ts'
import { badAnswer, badArgumentError, expectedTripError, misuseError, mockFailure } from './errors/misuse.ts'
import { createTripMaker } from './errors/trip-maker.ts'
import { type Installed, MAJOR } from './install-slot.ts'
import { type Offering, offer } from './offered.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { onceBuiltIn } from './patch/built-ins.ts'
import { LockedSlotError, PatchSet } from './patch/patch-set.ts'
import { readSlot, writeSlot } from './patch/slot.ts'
import { PluginTap } from './patch/tap.ts'
import type { PluginDefinition } from './plugin.ts'
import { createHop } from './redirect/hop.ts'
import { createHub } from './redirect/hub.ts'
import { createOwnEndpoints } from './redirect/own.ts'
import { obey, threadConfig } from './threads/started.ts'
import { Threads } from './threads/starter.ts'
import { VERSION } from './version.ts'

/**
 * Installs the guard in this process or thread, once: a second call, from this copy of the package or another of the same major version,
 * gives what is there. Nothing is judged before a setup file made the guard active.
 *
 * @param isFirst whether nothing can have imported a built-in module: then no namespace of one has to be brought up to date, which is a tenth of
 * the cost
 * @throws InstallError when another major version is installed, or a built-in cannot be patched (then nothing stays patched)
 */
export function install(isFirst = false): Installed {
  const there = readSlot()
  if (there !== undefined) {
    if (there.major !== MAJOR) throw differentMajors(there, { version: VERSION, path: PACKAGE_ROOT })
    return there.parts as Installed
  }
  const installed = assemble(isFirst)
  writeSlot({ version: VERSION, major: MAJOR, path: PACKAGE_ROOT, parts: installed })
  return installed
}

function assemble(isFirst: boolean): Installed {
  const own = createOwnEndpoints()
  const hop = createHop()
  const hub = createHub((fn) => guard.runIn(guard.run, fn))
  const state: { config: ResolvedConfig | undefined } = { config: undefined }
  const guard: Guard = new Guard({
    own,
    context: new AsyncLocalStorage<Frame | Open>(),
    trips: createTripMaker(
      () => state.config,
      () => guard.fallbackFrame?.()?.name,
    ),
    sandboxes: new Sandboxes(() => Number(process.env.VITEST_WORKER_ID ?? 0)),
    captureFrames,
    mockFailure,
    badAnswer,
  })
  guard.settled = () => hub.settled()
  Script.refused = badArgumentError
  const threads = new Threads(
    guard,
    () => state.config,
    () => own.all(),
  )
  own.onAdd = (key) => threads.tellOwn(key)
  own.onMiss = () => {
    guard.refresh?.()
    guard.drain?.()
  }
  const denied = deniedBy(
    () => guard,
    () => printFile(state.config?.file ?? 'tripwire.config.ts'),
  )
  const patches = new PatchSet(denied)
  onceBuiltIn(patches, 'worker_threads', () => threads.take(builtIn('node:worker_threads')))
  const installPlugins = (plugins: readonly PluginDefinition[], into: PatchSet) => {
    if (plugins.length === 0) return
    for (const plugin of plugins) {
      try {
        guard.addPlugin(plugin)
        plugin.install(new PluginTap({ guard, own, hop, hub, threads, protocol: plugin.name }, into))
      } catch (error) {
        into.undo()
        if (error instanceof LockedSlotError) throw lockedSlot(plugin.name, error)
        throw error
      }
    }
    if (!isFirst || into !== patches) into.sync()
  }
  installPlugins([...builtins, ...ungraded], patches)
  let foreign: PatchSet | undefined
  const installForeign = (all: readonly PluginDefinition[]) => {
    foreign?.undo()
    foreign = undefined
    if (all.length === builtins.length) return
    foreign = new PatchSet(denied)
    const known = new Set(builtins.map((plugin) => plugin.name))
    installPlugins(
      all.filter((plugin) => !known.has(plugin.name)),
      foreign,
    )
  }

  const voice: Voice = { plugins: guard.plugins, redact: () => state.config?.redact ?? [] }
  let offering: Offering | undefined
  const makeApi = () => {
    const api = createApi({
      guard,
      parseRules: (value, what) => validateRules(value, what, needConfig(state.config)),
      parseOptions: (value, source) =>
        validateOptions(value, { config: needConfig(state.config), source, kind: 'block' }),
      misuse: misuseError,
      expectedTrip: expectedTripError,
      callerPosition,
      carriesTrip,
    })
    offering = { guard, api, voice, ungraded, grammar: () => needConfig(state.config).grammar }
    for (const plugin of [...ungraded, ...(state.config?.plugins ?? builtins)]) offer(offering, plugin)
    return offering
  }

  return {
    guard,
    // Most test files never ask for it.
    get api() {
      return (offering ?? makeApi()).api
    },
    rememberFormatter,
    verify: verifier(voice),
    resolve: (raw, { file, dir }) => validateConfig(raw, { file, dir, builtins }),
    scopeOf: (options, place) => validateOptions(options, { config: needConfig(state.config), ...place }),
    configure(config, file, place) {
      state.config = config
      guard.plugins.place = place
      installForeign(config.plugins)
      if (offering) for (const plugin of config.plugins) offer(offering, plugin)
      guard.run.scopes.splice(0)
      guard.run.addScope(config.project)
      guard.hook.hook = hookOf(config, file)
      guard.active = true
    },
    obey(start) {
      state.config = threadConfig(start, builtins)
      obey(start, guard, state.config.grammar)
    },
    lost(during) {
      const slots = [...patches.takeLost(), ...(foreign?.takeLost() ?? [])]
      return slots.length === 0 ? undefined : lostSlots(slots, during)
    },
    unjudged: (fn) => guard.unjudged(fn),
    remove() {
      guard.active = false
      foreign?.undo()
      patches.undo()
      hub.close()
      writeSlot(undefined)
    },
  }
}

/** What a frame that has ended leaves unaccounted; of a test also by what an earlier attempt of it left. */
function verifier(voice: Voice): Installed['verify'] {
  const attempts = new SafeWeakMap<object, readonly InteractionRecord[]>()
  return (frame, task) => {
    const ledger = takeLedger(frame)
    if (ledger === undefined) return undefined
    const [open] = ledger.open
    const left = unaccounted(ledger, frame)
    const before = task && attempts.get(task)
    if (task && left) attempts.set(task, left.unasserted)
    // Of a sandbox that is still open, what else is left may well follow from that.
    const error = open
      ? misuseError('not-awaited', `${open.name} of ${frame.name}`)
      : left && verificationError(voice, left, frame.name, before)
    // Forgets what scripts were to do, which the error tells of.
    for (const mock of ledger.mocks) mock.end()
    return error
  }
}

/** The config's `onTrip`, with its `data` for a file: made at the first question, as most files have none. */
function hookOf({ onTrip, data }: ResolvedConfig, file: string): TripHook['hook'] {
  if (onTrip === undefined) return undefined
  let made: { readonly data: unknown } | undefined
  return (trip) => {
    made ??= { data: typeof data === 'function' ? frozen(data(file)) : data }
    return onTrip(Object.freeze({ ...trip, data: made.data }))
  }
}

/** The config in force; the api is of no use before one is. */
function needConfig(config: ResolvedConfig | undefined): ResolvedConfig {
  if (config === undefined) throw notInstalled()
  return config
}
