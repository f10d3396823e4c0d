/** A denial of Node's permission model as a call of the protocol that it belongs to. */
import type { Layer } from './core/call.ts'
import type { Guard } from './core/guard.ts'
import { CallRecord } from './core/open-calls.ts'
import { policyOf } from './core/policy.ts'
import { rememberSite } from './errors/call-site.ts'
import type { Denied, DeniedError, Tell } from './patch/wall.ts'

/** What is denied, by Node's names for its permissions (22 to 26). */
const LAYERS: Readonly<Record<string, (error: DeniedError) => Layer>> = {
  FileSystemRead: ({ resource = '' }) => file('read', resource),
  FileSystemWrite: ({ resource = '' }) => file('write', resource),
  ChildProcess: ({ resource = 'a program' }) => ({
    protocol: 'subprocess',
    operation: 'subprocess:spawn',
    facts: { ...programOf(resource), line: '', args: [] },
  }),
  WorkerThreads: () => ({ protocol: 'worker', operation: 'worker:start', facts: { source: 'eval' } }),
  WASI: () => native('wasi.start'),
  Inspector: () => native('inspector.open'),
}

export function deniedBy(guard: () => Guard, config: () => string): Denied {
  const now: Tell = (error) => {
    const layer =
      error.code === 'ERR_DLOPEN_DISABLED' ? native('process.dlopen') : LAYERS[error.permission ?? '']?.(error)
    const told = layer && tell(guard(), layer, config())
    return told && Object.assign(told, { cause: error })
  }
  return {
    now,
    later() {
      // What Node calls on its way is told by what it was called for.
      if (!guard().active || guard().trips.isOwnWork(/^node:/)) return () => undefined
      const here = rememberSite()
      return (error) => here(() => now(error))
    },
  }
}

/** While one denial is told: what that reads may be denied as well. */
let telling = false

/** Writes a call down that the wall has stopped; undefined where it is nobody's. */
function tell(guard: Guard, layer: Layer, source: string): Error | undefined {
  if (!guard.active || telling) return undefined
  telling = true
  try {
    const site = guard.trips.capture()
    if (site.runner) return undefined
    const call = new CallRecord(guard.currentFrame(), () => [layer])
    const policy = policyOf(call.frame)
    const verdict = { kind: 'block', code: 'TRIPWIRE_GUARDED_CALL', why: { by: 'wall', source } } as const
    const { trip, error } = guard.trips.make(call, verdict, site, policy)
    guard.trips.charge(trip, error, call.frame, policy)
    return error
  } finally {
    telling = false
  }
}

function file(access: 'read' | 'write', path: string): Layer {
  return {
    protocol: 'fs',
    operation: `fs:${access}`,
    facts: { path, function: access === 'read' ? 'open' : 'writeFile' },
  }
}

function programOf(resource: string): Layer['facts'] {
  if (resource === process.execPath) return { program: 'node' }
  return /[/\\]/.test(resource) ? { path: resource } : { program: resource }
}

function native(name: string): Layer {
  return { protocol: 'native', operation: 'native:load', facts: { function: name } }
}
