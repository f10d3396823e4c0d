/** What the seam at which files are opened asks of a database in memory: the same as in `plugins/fs/stand-in.ts`, which a test compares. */
import type { Reply } from '../../../src/plugin.ts'

export type Fn = (this: object, ...args: unknown[]) => unknown

/** How a file is opened. */
export interface How {
  readonly driver: string
  readonly readOnly: boolean
  /** Whether it is not made where there is none. */
  readonly mustExist: boolean
}

export type Gap = 'name' | 'tag' | 'backup' | 'made'

export interface StandIn {
  name(reply: Reply, how: How): string
  host(reply: Reply, database: object, how: How): Hosted
  native(reply: Reply, args: readonly unknown[], how: How, parts: NativeParts): object
  receive(reply: Reply, source: object, attached: unknown, how: How, parts: NativeParts): object
  cannot(reply: Reply, gap: Gap, how: How): Error
}

export interface NativeParts {
  readonly make: (...args: unknown[]) => object
  readonly hosts: Hosts
  readonly copy: object
}

export interface Hosts {
  set(object: object, host: Hosted): unknown
}

export interface Hosted {
  call(self: object, method: string, original: Fn, args: unknown[], given: readonly unknown[], hosts: Hosts): unknown
}
