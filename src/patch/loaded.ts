/** Meets the files of CommonJS libraries as they are loaded, every copy, by whoever and in whatever context. */

import { sep } from 'node:path'
import { Script } from 'node:vm'
import { builtIn } from '../built-in.ts'
import { SafeWeakMap } from '../core/collections.ts'
import { endsWith } from '../core/texts.ts'
import type { PatchSet } from './patch-set.ts'

interface Wanted {
  readonly ends: readonly string[]
  readonly found: (exported: object) => void
}
type Wrapper = (exports: object, require: unknown, module: { readonly exports: object }, ...rest: unknown[]) => unknown

/** One wrapper for all that is wanted: each would stand on the stack of everything that is loaded, and some libraries look who loads them. */
const wanted = new SafeWeakMap<PatchSet, Wanted[]>()

/**
 * Calls `found` with what each file exports whose path ends so, once it was loaded, and with those that are there already. Through `require`
 * or `import`, both end in the extension handler (Node 20 to 26); but in Vitest's vm pools, which have a loader of their own and mark each
 * script with its path (4.1 and 5).
 */
export function onceLoaded(patches: PatchSet, ends: readonly string[], found: Wanted['found']): void {
  const { _cache } = builtIn('node:module') as unknown as { _cache: Record<string, NodeModule | undefined> }
  const list = wanted.get(patches) ?? watch(patches)
  list.push({ ends, found })
  for (const file in _cache) if (isOneOf(ends, file)) found(_cache[file]?.exports)
}

function isOneOf(ends: readonly string[], path: string): boolean {
  const file = sep === '/' ? path : path.replaceAll(sep, '/')
  for (const end of ends) if (endsWith(file, end)) return true
  return false
}

function watch(patches: PatchSet): Wanted[] {
  const list: Wanted[] = []
  wanted.set(patches, list)
  patches.onUndo(() => {
    wanted.delete(patches)
    list.length = 0
  })
  const meet = (file: string, module: { readonly exports: object }) => {
    for (const { ends, found } of list) if (isOneOf(ends, file)) found(module.exports)
  }
  const { _extensions } = builtIn('node:module') as unknown as {
    _extensions: Record<string, (module: NodeModule, file: string) => void>
  }
  patches.patch(_extensions, '.js', (original) => {
    return function (this: unknown, module: NodeModule, file: string) {
      Reflect.apply(original, this, [module, file])
      meet(file, module)
    }
  })
  patches.patch(Script.prototype, 'runInContext', (original) => {
    return function runInContext(this: Script & { identifier?: unknown }, ...args) {
      const wrapper: unknown = Reflect.apply(original, this, args)
      const { identifier } = this
      if (typeof wrapper !== 'function' || typeof identifier !== 'string') return wrapper
      if (!list.some(({ ends }) => isOneOf(ends, identifier))) return wrapper
      return function (this: unknown, ...parts: Parameters<Wrapper>) {
        const result = Reflect.apply(wrapper as Wrapper, this, parts)
        meet(identifier, parts[2])
        return result
      }
    }
  })
  return list
}
