/**
 * Gives a replacement the outside of the function it stands for: name, length, own properties and symbols (`util.promisify.custom`,
 * customPromisifyArgs), prototype; and no `prototype` where there is none (methods, arrow functions, native ones). Libraries look at all of
 * these.
 *
 * @returns what is to be put in place: the replacement, or something that calls it
 */
export function disguise<T>(replacement: T, original: unknown): T {
  if (typeof replacement !== 'function' || typeof original !== 'function') return replacement
  const disguised = Object.hasOwn(original, 'prototype') ? replacement : withoutPrototype(replacement, original)
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key) as PropertyDescriptor
    const own = Reflect.getOwnPropertyDescriptor(disguised, key)
    if (own !== undefined && own.configurable === false) {
      // `prototype` of a plain function can be written, not redefined.
      if (own.writable === true && 'value' in descriptor) Reflect.set(disguised, key, descriptor.value)
      continue
    }
    Reflect.defineProperty(disguised, key, descriptor)
  }
  if (Object.getPrototypeOf(disguised) !== Object.getPrototypeOf(original)) {
    Object.setPrototypeOf(disguised, Object.getPrototypeOf(original))
  }
  return disguised
}

/** The `prototype` of a function cannot be taken away. A bound function has none either, and knows no `this`. */
function withoutPrototype<T extends object>(fn: T, original: object): T {
  if (!Object.hasOwn(fn, 'prototype')) return fn
  const call = fn as unknown as (...args: unknown[]) => unknown
  if (isConstructor(original)) return call.bind(undefined) as unknown as T
  const { method } = {
    method(this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(call, this, args)
    },
  }
  return method as unknown as T
}

function isConstructor(fn: object): boolean {
  try {
    Reflect.construct(Object, [], fn as new () => unknown)
    return true
  } catch {
    return false
  }
}
