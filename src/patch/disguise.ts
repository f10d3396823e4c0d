import { types } from 'node:util'

// Captured at load: tests replace them.
const { hasOwn } = Object
const { construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, set } = Reflect

type Callable = (...args: never[]) => unknown

/**
 * Gives a replacement the outside of the function it stands for: name, length, own properties and symbols (`util.promisify.custom`,
 * customPromisifyArgs), prototype; and no `prototype` where there is none (methods, arrow functions, native ones). Libraries look at all of
 * these.
 *
 * @returns what is to be put in place: the replacement, or something that calls it
 */
export function disguise<T>(replacement: T, original: unknown): T {
  if (typeof replacement !== 'function' || typeof original !== 'function') return replacement
  const disguised = hasOwn(original, 'prototype') ? replacement : withoutPrototype(replacement, original as Callable)
  for (const key of ownKeys(original)) {
    if (key === 'prototype' && isPlain(original)) continue
    // Every function has them with the same flags, and reading those too is most of the cost.
    if (key === 'length' || key === 'name') {
      defineProperty(disguised, key, { value: original[key] })
      continue
    }
    const descriptor = getOwnPropertyDescriptor(original, key) as PropertyDescriptor
    // `prototype` of a plain function can be written, not redefined.
    if (!defineProperty(disguised, key, descriptor) && 'value' in descriptor) set(disguised, key, descriptor.value)
  }
  const parent = getPrototypeOf(original)
  if (getPrototypeOf(disguised) !== parent) Object.setPrototypeOf(disguised, parent)
  return disguised
}

/**
 * Functions that nobody calls with `new` have a prototype all the same, which V8 makes when somebody asks for it: ours makes its own then, and
 * a hundred of them are not made in each worker.
 */
function isPlain({ name }: { readonly name: string }): boolean {
  return name >= 'a' && name < '{'
}

/** The `prototype` of a function cannot be taken away. A bound function has none either, and knows no `this`. */
function withoutPrototype<T extends object>(fn: T, original: Callable): T {
  if (!hasOwn(fn, 'prototype')) return fn
  const call = fn as unknown as (...args: unknown[]) => unknown
  if (isConstructor(original)) return call.bind(undefined) as unknown as T
  const { method } = {
    method(this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(call, this, args)
    },
  }
  return method as unknown as T
}

/** Of a function without prototype: only bound ones and proxies may be. Asking each would cost an error that quotes its source. */
function isConstructor(fn: Callable): boolean {
  if (!fn.name.startsWith('bound ') && !types.isProxy(fn)) return false
  try {
    construct(Object, [], fn as never)
    return true
  } catch {
    return false
  }
}
