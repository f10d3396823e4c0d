/** Meets the files of CommonJS libraries as they are loaded, every copy, by whoever and in whatever context. */
import Module from 'node:module'
import { Script } from 'node:vm'
import type { PatchSet } from './patch-set.ts'

type Found = (exported: object) => void
type Wrapper = (exports: object, require: unknown, module: { readonly exports: object }, ...rest: unknown[]) => unknown

/**
 * Calls `found` with what each file exports whose path fits, once it was loaded, and with those that are there already. Through `require`
 * or `import`, both end in the extension handler (Node 20 to 26); but in Vitest's vm pools, which have a loader of their own and mark each
 * script with its path (4.1 and 5).
 */
export function onceLoaded(patches: PatchSet, path: RegExp, found: Found): void {
  const { _extensions, _cache } = Module as unknown as {
    _extensions: Record<string, (module: NodeModule, file: string) => void>
    _cache: Record<string, NodeModule | undefined>
  }
  for (const file in _cache) if (path.test(file)) found(_cache[file]?.exports)
  patches.patch(_extensions, '.js', (original) => {
    return function (this: unknown, module: NodeModule, file: string) {
      Reflect.apply(original, this, [module, file])
      if (path.test(file)) found(module.exports)
    }
  })
  patches.patch(Script.prototype, 'runInContext', (original) => {
    return function runInContext(this: Script & { identifier?: unknown }, ...args) {
      const wrapper: unknown = Reflect.apply(original, this, args)
      if (typeof wrapper !== 'function' || typeof this.identifier !== 'string' || !path.test(this.identifier))
        return wrapper
      return function (this: unknown, ...parts: Parameters<Wrapper>) {
        const result = Reflect.apply(wrapper as Wrapper, this, parts)
        found(parts[2].exports)
        return result
      }
    }
  })
}
