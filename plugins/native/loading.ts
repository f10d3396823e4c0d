/** Addons as they are loaded: `process.dlopen` is what `require` of a `.node` file calls (Node 0.12 to 26). */
import { resolve } from 'node:path'
import { packageOf, type Tap } from '../../src/plugin.ts'
import { watchExports } from './exports.ts'
import { failure, report } from './report.ts'

interface Process {
  dlopen(module: { exports: object }, file: string, ...rest: unknown[]): void
}

export function guardLoading(tap: Tap): void {
  tap.patch(process as unknown as Process, 'dlopen', (original) => {
    return function dlopen(this: unknown, module, file, ...rest) {
      if (typeof file !== 'string') return Reflect.apply(original, this, [module, file, ...rest])
      const path = withoutNamespace(resolve(file))
      const name = packageOf(path)
      report(tap, 'load', { ...(name !== undefined && { package: name }), path }, () =>
        failure(`${path}: cannot open shared object file: No such file or directory`, 'ERR_DLOPEN_FAILED'),
      )
      const result: unknown = Reflect.apply(original, this, [module, file, ...rest])
      if (name !== undefined) module.exports = watchExports(tap, name, module.exports)
      return result as undefined
    }
  })
}

/** Node asks Windows for `\\?\C:\…`. */
function withoutNamespace(path: string): string {
  return path.replace(/^\\\\\?\\/, '')
}
