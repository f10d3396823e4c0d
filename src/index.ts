/**
 * What tests import. Importing it patches nothing: it speaks to the installation that the Vite plugin or the setup file made, whichever
 * copy of the package that came from.
 */
import type { Families } from '../plugins/index.ts'
import type { TripwireApi } from './core/api.ts'
import { differentMajors, notInstalled } from './errors/install-errors.ts'
import { installed } from './install-slot.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { readSlot } from './patch/slot.ts'
import type { PluginFamilies } from './plugin.ts'
import { VERSION } from './version.ts'

export type { Database, DatabaseSetup, PostgresOptions, SqliteOptions } from '../plugins/db/family.ts'
export type {
  MongoReply,
  MysqlReply,
  RedisReply,
  ScriptedMongo,
  ScriptedMysql,
  ScriptedRedis,
} from '../plugins/db/scripted-family.ts'

export type {
  FsContent,
  FsDiff,
  FsExpected,
  FsFacts,
  FsFault,
  FsView,
  FsVolume,
  FsVolumeOptions,
} from '../plugins/fs/family.ts'
export type { TripwireConfig, TripwireOptions } from './config/define.ts'
export type { BlockBox, RuleInput, SandboxOptions, TripwireApi } from './core/api.ts'
export type { CallSite, StartedBy, Trip, TripCode } from './core/call.ts'
export type { Level } from './core/levels.ts'
export { M, type Matcher } from './core/matcher.ts'
export type { Box, Interaction } from './core/sandbox.ts'
export * from './errors/classes.ts'
export type { TripwireMatchers } from './vitest/matchers.ts'
export type { TripwireTaskMeta } from './vitest/task-meta.ts'

type Tripwire = TripwireApi & Families & PluginFamilies

/** Rules, sandboxes, mocks and expectations of the running test. @throws InstallError outside a Vitest run under tripwire */
export const tripwire: Tripwire = new Proxy({} as Tripwire, {
  // Whoever prints or awaits it asks for symbols and `then`.
  get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : Reflect.get(api(), name)),
  has: (_, name) => Reflect.has(api(), name),
  ownKeys: () => Reflect.ownKeys(api()),
  getOwnPropertyDescriptor: (_, name) => ({ value: Reflect.get(api(), name), enumerable: true, configurable: true }),
})

function api(): TripwireApi {
  const there = installed()
  if (there !== undefined) return there.api
  const other = readSlot()
  throw other ? differentMajors(other, { version: VERSION, path: PACKAGE_ROOT }) : notInstalled()
}
