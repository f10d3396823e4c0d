/** `FileHandle`: its class is nowhere exported, so it is met when the first file is opened. */
import type fs from 'node:fs'
import { type Descriptors, failChange } from './descriptors.ts'
import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import type { Seam } from './seam.ts'
import { HANDLE_METHODS } from './table.ts'
import { FIRST_DESCRIPTOR } from './volume/numbers.ts'

type Fn = (this: { readonly fd: number }, ...args: never[]) => unknown

const { apply } = real
/** These give something else than a promise, and throw. */
const THROWING: readonly string[] = [
  'readLines',
  'readableWebStream',
  'createReadStream',
  'createWriteStream',
  'pull',
  'pullSync',
  'writer',
]

export function guardHandles(seam: Seam, module: typeof fs, descriptors: Descriptors): void {
  let met = false
  const meet = (handle: object) => {
    // A volume's is of another class.
    if (met || (handle as { fd: number }).fd >= FIRST_DESCRIPTOR) return
    met = true
    guardClass(seam, Object.getPrototypeOf(handle), descriptors)
  }
  const { promises } = module as unknown as { promises: Record<'open', (...args: never[]) => Promise<object>> }
  seam.tap.patch(promises, 'open', (original) => {
    return function (this: unknown, ...args) {
      const opened = apply(original, this, args) as Promise<object>
      // On the promise that its user gets, and before the user: nothing is late by it.
      if (!met) opened.then(meet, () => {})
      return opened
    }
  })
}

function guardClass(seam: Seam, prototype: Record<string, Fn>, descriptors: Descriptors): void {
  for (const [name, use] of Object.entries(HANDLE_METHODS)) {
    if (typeof prototype[name] !== 'function') continue
    const function_ = `FileHandle.${name}`
    seam.tap.patch(prototype, name, (original) => {
      return function (...args) {
        const stop = descriptors.use(this)
        if (stop === undefined) {
          const change = use === 'metadata' ? descriptors.changeMetadata(this, function_) : undefined
          if (change === undefined) return apply(original, this, args)
          return failChange(
            change,
            { name: function_, form: 'promise', access: 'write', syscall: name, path: '' },
            args,
          )
        }
        const error = errorOf(stop, { access: use === 'read' ? 'read' : 'write', syscall: name, path: '' })
        if (THROWING.includes(name)) throw error
        return Promise.reject(error)
      }
    })
  }
  seam.tap.patch(prototype as Record<'close', Fn>, 'close', (original) => {
    return function (...args) {
      descriptors.closed(this)
      return apply(original, this, args)
    }
  })
}
