import { vi } from 'vitest'
import type { SpyOn } from '../core/guard-parts.ts'

type Fn = (...args: never[]) => unknown

/** `vi.spyOn`, which gives a spy that is there already back: that one gets its own implementation again. */
export const spyOn: SpyOn = (owner, key, implementation) => {
  const object = owner as Record<PropertyKey, Fn>
  const present = object[key] as Fn
  const before = vi.isMockFunction(present) ? present : undefined
  const own = before?.getMockImplementation() as Fn | undefined
  const spy = vi.spyOn(object as Record<string, Fn>, key as string)
  spy.mockImplementation(implementation)
  if (before === undefined) return { original: present, restore: () => spy.mockRestore() }
  const original = own ?? (() => undefined)
  return { original, restore: () => void (own === undefined ? before.mockReset() : before.mockImplementation(own)) }
}
