/** The inspector, which listens for a debugger; hooks of the module loader, which may run anything; trace event files. */
import Module from 'node:module'
import type { Tap } from '../../src/plugin.ts'
import { failure, report } from './report.ts'

type Fn = (...args: unknown[]) => unknown
type Operation = 'inspect' | 'hook' | 'trace'

export function guardTools(tap: Tap, load: (name: string) => unknown): void {
  const watch = (owner: object, key: string, operation: Operation, name: string, refused: () => Error) => {
    const functions = owner as Record<string, Fn>
    // Of a newer Node, or of a build without it.
    if (typeof functions[key] !== 'function') return
    tap.patch(functions, key, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        report(tap, operation, { function: name }, refused)
        return Reflect.apply(original, this, args)
      }
    })
  }
  const inUse = () => failure('Inspector is not available', 'ERR_INSPECTOR_NOT_AVAILABLE')
  const inspector = tryLoad(load, 'node:inspector')
  if (inspector) watch(inspector, 'open', 'inspect', 'inspector.open', inUse)
  tap.whenLoaded('inspector/promises', () => {
    // It copies the functions of the other as it is loaded.
    const promises = load('node:inspector/promises') as { open: unknown }
    if (promises.open !== (inspector as typeof promises)?.open)
      watch(promises, 'open', 'inspect', 'inspector.open', inUse)
  })
  const noHooks = () => failure('The module hooks are not available', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM')
  watch(Module, 'register', 'hook', 'module.register', noHooks)
  watch(Module, 'registerHooks', 'hook', 'module.registerHooks', noHooks)
  const tracing = tryLoad(load, 'node:trace_events') as { createTracing?(options: object): object } | undefined
  const sample = tracing && tryTo(() => tracing.createTracing?.({ categories: ['node'] }))
  if (sample)
    watch(Object.getPrototypeOf(sample), 'enable', 'trace', 'trace_events.enable', () =>
      failure('Trace events are unavailable', 'ERR_TRACE_EVENTS_UNAVAILABLE'),
    )
}

function tryLoad(load: (name: string) => unknown, name: string): object | undefined {
  return tryTo(() => load(name) as object)
}

function tryTo<T>(fn: () => T): T | undefined {
  try {
    return fn()
  } catch {
    return undefined
  }
}
