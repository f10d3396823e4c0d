/** The inspector, which listens for a debugger; hooks of the module loader, which may run anything; trace event files. */
import { builtIn, type Tap } from '../../src/plugin.ts'
import { failure, report } from './report.ts'

type Fn = (...args: unknown[]) => unknown
type Operation = 'inspect' | 'hook' | 'trace'

export function guardTools(tap: Tap): void {
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
  tap.onceBuiltIn('inspector', (inspector) => watch(inspector, 'open', 'inspect', 'inspector.open', inUse))
  tap.onceBuiltIn('inspector/promises', (promises: { open: unknown }) => {
    // It copies the functions of the other as it is loaded.
    if (promises.open !== builtIn('node:inspector').open) watch(promises, 'open', 'inspect', 'inspector.open', inUse)
  })
  const module = builtIn('node:module')
  const noHooks = () => failure('The module hooks are not available', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM')
  watch(module, 'register', 'hook', 'module.register', noHooks)
  watch(module, 'registerHooks', 'hook', 'module.registerHooks', noHooks)
  tap.onceBuiltIn('trace_events', (tracing: { createTracing?(options: object): object }) => {
    const sample = tryTo(() => tracing.createTracing?.({ categories: ['node'] }))
    if (sample)
      watch(Object.getPrototypeOf(sample), 'enable', 'trace', 'trace_events.enable', () =>
        failure('Trace events are unavailable', 'ERR_TRACE_EVENTS_UNAVAILABLE'),
      )
  })
}

function tryTo<T>(fn: () => T): T | undefined {
  try {
    return fn()
  } catch {
    return undefined
  }
}
