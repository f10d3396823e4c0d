import type { PluginDefinition } from '../src/plugin.ts'
import type { DbFamily } from './db/family.ts'
import { db } from './db.ts'
import type { DnsFamily } from './dns/family.ts'
import { dns } from './dns.ts'
import type { FsFamily } from './fs/family.ts'
import { fs } from './fs.ts'
import type { FunctionsFamily, MockFunction, SpyOnFunction } from './functions/family.ts'
import { functions } from './functions.ts'
import type { HttpFamily } from './http/family.ts'
import { http } from './http.ts'
import { native } from './native.ts'
import type { SocketsFamily } from './sockets/family.ts'
import { sockets } from './sockets.ts'
import type { SubprocessFamily } from './subprocess/family.ts'
import { subprocess } from './subprocess.ts'
import { worker } from './worker.ts'
import type { WsFamily } from './ws/family.ts'
import { ws } from './ws.ts'

/** The built-in plugins, the highest protocol first. */
export const builtins: readonly PluginDefinition[] = [db, ws, http, sockets, dns, subprocess, worker, native, fs]

/** Those without a level: what they watch is no I/O, so no config speaks of them. */
export const ungraded: readonly PluginDefinition[] = [functions]

/** What `tripwire` has for the protocols that can be mocked. */
export interface Families {
  readonly db: DbFamily
  readonly dns: DnsFamily
  readonly fs: FsFamily
  readonly http: HttpFamily
  readonly sockets: SocketsFamily
  readonly ws: WsFamily
  readonly subprocess: SubprocessFamily
  readonly functions: FunctionsFamily
  readonly mock: MockFunction
  readonly spy: SpyOnFunction
}
