import { syncBuiltinESMExports } from 'node:module'
import { SafeMap, SafeSet, SafeWeakMap } from '../core/collections.ts'
import { disguise } from './disguise.ts'
import { holderOf } from './holder.ts'
import { mayReachUs } from './reach.ts'
import { behindWall, type Denied, HARDENED } from './wall.ts'

interface Patch {
  readonly owned: Owned
  readonly key: PropertyKey
  readonly before: PropertyDescriptor | undefined
  readonly replacement: unknown
  readonly original: unknown
  /** Our patch that this one was put on. */
  readonly below: Patch | undefined
}

/** A slot of ours that somebody emptied; `how` completes "… was". */
export interface LostSlot {
  readonly slot: string
  readonly how: 'put back' | 'removed' | 'replaced'
}

/** What was patched of an owner, the last patch of each property. */
interface Owned {
  readonly owner: WeakRef<object>
  readonly patches: Map<PropertyKey, Patch>
}

// Captured at load: tests replace them, and the first worker makes hundreds of patches before the first test.
const { defineProperty, getOwnPropertyDescriptor } = Reflect

/** A slot that could not be patched. */
export class LockedSlotError extends Error {
  override name = 'LockedSlotError'
  readonly slot: string
  readonly holder: string
  constructor(slot: string, holder: string) {
    super(`${slot} cannot be replaced: ${holder}`)
    this.slot = slot
    this.holder = holder
  }
}

/**
 * Changes built-ins, and remembers each change before it is made, so that a failed or finished installation can be taken back whole,
 * last change first. What somebody else put on top of ours in the meantime is left alone. Owners are held weakly: in Vitest's vm pools the
 * libraries of a test file go with its context.
 */
export class PatchSet {
  readonly #undo: (Patch | (() => void))[] = []
  #owned: WeakMap<object, Owned> = new SafeWeakMap()
  readonly #owners = new SafeSet<Owned>()

  readonly #denied: Denied | undefined

  /** @param denied tells what Node's permission model stops; only where there is one */
  constructor(denied?: Denied) {
    this.#denied = HARDENED ? denied : undefined
  }

  /** Replaces `owner[key]`. @throws LockedSlotError when the property is neither writable nor configurable */
  patch<T extends object, K extends keyof T & (string | symbol)>(
    owner: T,
    key: K,
    wrap: (original: T[K]) => T[K],
  ): void {
    const before = getOwnPropertyDescriptor(owner, key)
    const original = owner[key]
    const replacement = disguise(wrap(this.#denied ? behindWall(original, this.#denied) : original), original)
    const locked = (holder: string) => new LockedSlotError(slotName(owner, key, original), holder)
    if (before && !before.configurable && !before.writable) throw locked(holderOf(original, before))
    if (!before && !Object.isExtensible(owner)) throw locked('the object is not extensible')
    this.#remember(owner, key, before, replacement, original)
    if (before?.set && assigned(owner, key, replacement)) return
    // What can be written keeps its flags.
    if (before?.writable) (owner as Record<PropertyKey, unknown>)[key] = replacement
    else if (!defineProperty(owner, key, put(replacement, before))) throw locked(holderOf(original, before))
  }

  #remember(
    owner: object,
    key: PropertyKey,
    before: PropertyDescriptor | undefined,
    replacement: unknown,
    original: unknown,
  ): void {
    let owned = this.#owned.get(owner)
    if (owned === undefined) {
      owned = { owner: new WeakRef(owner), patches: new SafeMap() }
      this.#owned.set(owner, owned)
      this.#owners.add(owned)
    }
    const patch = { owned, key, before, replacement, original, below: owned.patches.get(key) }
    owned.patches.set(key, patch)
    this.#undo.push(patch)
  }

  /** Whether what we put there still is there; asked for every request, so nothing is searched. */
  holds(owner: object, key: PropertyKey): boolean {
    const patch = this.#owned.get(owner)?.patches.get(key)
    return patch !== undefined && (owner as Record<PropertyKey, unknown>)[key] === patch.replacement
  }

  /**
   * Slots that do not lead to us any more: where the original was put back, the property was removed, or a method was replaced by one that
   * never comes to ours. They are ours again after that. What stands on top of ours, and functions of modules that were replaced, are fine.
   */
  takeLost(): LostSlot[] {
    const lost: LostSlot[] = []
    for (const owned of this.#owners) {
      const owner = owned.owner.deref() as Record<PropertyKey, unknown> | undefined
      if (owner === undefined) this.#owners.delete(owned)
      // Asked after every test: what is in place costs a look.
      else
        for (const patch of owned.patches.values()) if (owner[patch.key] !== patch.replacement) mend(owner, patch, lost)
    }
    return lost
  }

  onUndo(undo: () => void): void {
    this.#undo.push(undo)
  }

  /** Makes named imports of built-in modules (`import { connect } from 'node:net'`) see the changes. */
  sync(): void {
    syncBuiltinESMExports()
  }

  /** Takes everything back; tries all of it even if one step throws, and throws the first error at the end. */
  undo(): void {
    if (this.#undo.length === 0) return
    let failed: unknown
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) {
      try {
        if (typeof undo === 'function') undo()
        else takeBack(undo)
      } catch (error) {
        failed ??= error
      }
    }
    this.#owned = new SafeWeakMap()
    this.#owners.clear()
    syncBuiltinESMExports()
    if (failed !== undefined) throw failed
  }
}

function takeBack(patch: Patch): void {
  const { owned, key, below } = patch
  if (below === undefined) owned.patches.delete(key)
  else owned.patches.set(key, below)
  const owner = owned.owner.deref()
  if (owner) restore(owner, patch)
}

/** Puts a patch in its place again if it was lost, and tells of it. */
function mend(owner: object, patch: Patch, lost: LostSlot[]): void {
  const { key, before, replacement, original } = patch
  const how = howLost(owner, patch)
  if (how === undefined) return
  lost.push({ slot: slotName(owner, key, original), how })
  if (before?.set && assigned(owner, key, replacement)) return
  const descriptor = { ...(before?.get ? {} : before), value: replacement }
  const usual = { writable: true, configurable: true, enumerable: before?.enumerable ?? false }
  if (!Reflect.defineProperty(owner, key, { ...usual, ...descriptor })) Reflect.set(owner, key, replacement)
  syncBuiltinESMExports()
}

function howLost(owner: object, patch: Patch): LostSlot['how'] | undefined {
  const { key } = patch
  const now: unknown = Reflect.get(owner, key)
  for (let each: Patch | undefined = patch; each; each = each.below)
    if (now === each.original) return Object.hasOwn(owner, key) ? 'put back' : 'removed'
  if (!isPrototype(owner)) return undefined
  if (now === undefined) return 'removed'
  return typeof now === 'function' && !mayReachUs(now as () => unknown) ? 'replaced' : undefined
}

function isPrototype(owner: object): boolean {
  const made = Object.hasOwn(owner, 'constructor') && (owner as { constructor?: { prototype?: unknown } }).constructor
  return made !== false && made?.prototype === owner
}

/**
 * Whether an accessor took the value and stays an accessor: those of `fs.ReadStream` (Node 12 to 26) keep it where `createReadStream` looks.
 */
function assigned(owner: object, key: PropertyKey, value: unknown): boolean {
  Reflect.set(owner, key, value)
  const after = Reflect.getOwnPropertyDescriptor(owner, key)
  return after?.get !== undefined && Reflect.get(owner, key) === value
}

function put(value: unknown, before: PropertyDescriptor | undefined): PropertyDescriptor {
  const { configurable = true, enumerable = false, writable = true } = before ?? {}
  return before?.get || before?.set
    ? { value, writable: true, configurable: true, enumerable }
    : { value, writable, configurable, enumerable }
}

function restore(owner: object, { key, before, original, replacement }: Patch): void {
  const now = Reflect.getOwnPropertyDescriptor(owner, key)
  if (now?.get && now.set && Reflect.get(owner, key) === replacement) Reflect.set(owner, key, original)
  if (now === undefined || now.value !== replacement) return
  if (before === undefined) Reflect.deleteProperty(owner, key)
  else if (now.configurable) Reflect.defineProperty(owner, key, before)
  else (owner as Record<PropertyKey, unknown>)[key] = before.value
}

function slotName(owner: object, key: PropertyKey, original: unknown): string {
  const holder = (owner as { constructor?: { name?: string } }).constructor?.name
  const name = typeof original === 'function' && original.name ? original.name : String(key)
  return holder && holder !== 'Object' ? `${holder}.prototype.${String(key)}` : name
}
