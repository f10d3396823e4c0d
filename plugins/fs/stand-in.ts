/** A database in memory that answers in the place of a file. Who mocks databases gives it; here is what the seam asks of it. */
import type { Reply } from '../../src/plugin.ts'

export type Fn = (this: object, ...args: unknown[]) => unknown
export type Class = new (...args: unknown[]) => object

/** How a file is opened. */
export interface How {
  readonly driver: string
  readonly readOnly: boolean
  /** Whether it is not made where there is none. */
  readonly mustExist: boolean
}

/** What has no way into memory: a name in SQL, one in a tag, a backup, a database that was made elsewhere and is opened here. */
export type Gap = 'name' | 'tag' | 'backup' | 'made'

export interface StandIn {
  /** The name under which the driver's SQLite finds it. @throws where it finds none in memory by a name */
  name(reply: Reply, how: How): string
  /** Who is told of what a connection that was opened by the name does. */
  host(reply: Reply, database: object, how: How): Hosted
  /**
   * What stands for the native object that better-sqlite3 wants to make.
   *
   * @param make makes one
   */
  native(reply: Reply, args: readonly unknown[], how: How, parts: NativeParts): object
  /** Takes a copy of a database that better-sqlite3 has open. @returns what stands for the native object of a backup */
  receive(reply: Reply, source: object, attached: unknown, how: How, parts: NativeParts): object
  /** The error of what it has no way to do. */
  cannot(reply: Reply, gap: Gap, how: How): Error
}

export interface NativeParts {
  readonly make: (...args: unknown[]) => object
  /** Remembers whom statements and databases belong to. */
  readonly hosts: Hosts
  /** The prototype of what is made: each copy of better-sqlite3 has an SQLite of its own. */
  readonly copy: object
}

export interface Hosts {
  set(object: object, host: Hosted): unknown
}

/** Answers calls of the methods of a database or statement that is in memory. */
export interface Hosted {
  /** @param given the arguments as they came: files that SQL names may have other names by now */
  call(self: object, method: string, original: Fn, args: unknown[], given: readonly unknown[], hosts: Hosts): unknown
}

/** What a reply to somebody who opens a database file has for an answer. */
export function standInOf(reply: Reply): StandIn {
  return (reply.answer as { readonly embedded: StandIn }).embedded
}
