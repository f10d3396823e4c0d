/** Libraries that `node:ffi` opens (Node 26), and WebAssembly that gets the system interface. Neither is loaded for the sake of a patch. */
import type { Tap } from '../../src/plugin.ts'
import { failure, report } from './report.ts'

interface Ffi {
  dlopen(path: unknown, ...rest: unknown[]): unknown
  DynamicLibrary: new (path: unknown, ...rest: unknown[]) => object
}
interface Wasi {
  start(instance: object): number
  initialize(instance: object): void
}

export function guardLibraries(tap: Tap): void {
  const opened = (name: string, path: unknown) => {
    const facts = { function: name, ...(typeof path === 'string' && { path }) }
    report(tap, 'load', facts, () =>
      failure(
        `dlopen failed: ${path}: cannot open shared object file: No such file or directory`,
        'ERR_FFI_CALL_FAILED',
      ),
    )
  }
  tap.onceBuiltIn('ffi', (ffi: Ffi) => {
    tap.patch(ffi, 'dlopen', (original) => {
      return function dlopen(this: unknown, path, ...rest) {
        opened('ffi.dlopen', path)
        return Reflect.apply(original, this, [path, ...rest])
      }
    })
    tap.patch(ffi, 'DynamicLibrary', (Original) => {
      const Watched: typeof Original = new Proxy(Original, {
        construct(_, args, target) {
          opened('ffi.DynamicLibrary', args[0])
          return Reflect.construct(Original, args, target === Watched ? Original : target)
        },
      })
      return Watched
    })
  })
  tap.onceBuiltIn('wasi', ({ WASI }: { WASI: { prototype: Wasi } }) => {
    for (const name of ['start', 'initialize'] as const) {
      tap.patch(WASI.prototype, name, (original) => {
        return function (this: unknown, instance: object) {
          report(tap, 'wasi', { function: `wasi.${name}` }, () =>
            failure('WASI is not available', 'ERR_WASI_NOT_STARTED'),
          )
          return Reflect.apply(original as (instance: object) => never, this, [instance])
        }
      })
    }
  })
}
