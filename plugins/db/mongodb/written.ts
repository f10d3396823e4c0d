/** Values of BSON that have a class of their own, in messages: as the code that makes them, `new ObjectId('…')`. */

/** The method by which messages print a value as code. */
const CODE = Symbol.for('vitest-tripwire.code')

/** A document; its values of BSON's classes are told how they are written. */
export function written<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  const { _bsontype, inspect } = value as { _bsontype?: unknown; inspect?: () => string }
  if (_bsontype === undefined) {
    if (Array.isArray(value) || isPlain(value)) for (const part of Object.values(value)) written(part)
  } else if (typeof inspect === 'function') {
    // As `util.inspect` has it; the class stands for itself.
    const code = () => Reflect.apply(inspect, value, [])
    Object.defineProperty(value, CODE, { value: code, enumerable: false, configurable: true })
  }
  return value
}

/** Matchers and what else has a class are somebody's own. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
