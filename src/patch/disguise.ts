/**
 * Gives a replacement the outside of the function it stands for: name, length, own properties and symbols (`util.promisify.custom`,
 * customPromisifyArgs), prototype. Libraries look at all of these.
 */
export function disguise<T>(replacement: T, original: unknown): T {
  if (typeof replacement !== 'function' || typeof original !== 'function') return replacement
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key) as PropertyDescriptor
    const own = Reflect.getOwnPropertyDescriptor(replacement, key)
    if (own !== undefined && own.configurable === false) {
      // `prototype` of a plain function can be written, not redefined.
      if (own.writable === true && 'value' in descriptor) Reflect.set(replacement, key, descriptor.value)
      continue
    }
    Reflect.defineProperty(replacement, key, descriptor)
  }
  if (Object.getPrototypeOf(replacement) !== Object.getPrototypeOf(original)) {
    Object.setPrototypeOf(replacement, Object.getPrototypeOf(original))
  }
  return replacement
}
