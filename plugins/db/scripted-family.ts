/** Databases that scripts answer, as tests have them. */
import type { MockHandle } from '../../src/plugin.ts'

/** An argument of a command, which is text or bytes when it comes; a RegExp or a matcher (`expect.stringContaining('a')`) fits several. */
export type RedisArgument = string | number | bigint | Uint8Array | RegExp | object

/** What a server says: an object is a map (a list of keys and values in RESP2), an `Error` an error. */
export type RedisReply =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | Error
  | readonly RedisReply[]
  | ReadonlySet<RedisReply>
  | ReadonlyMap<RedisReply, RedisReply>
  | { readonly [key: string]: RedisReply }

/** Functions that scripts call: as methods, whose parameters may be narrowed (`(key: string) => …`) by whoever writes the script and knows what comes. */
interface Replying {
  redis(...args: (string | Uint8Array)[]): RedisReply | Promise<RedisReply>
  mysql(params: readonly unknown[], text: string): MysqlReply | Promise<MysqlReply>
  mongodb(command: { readonly [part: string]: unknown }): MongoReply | Promise<MongoReply>
}

/** A reply, or what makes it of the arguments of the command; those that are no UTF-8 are bytes. */
export type RedisScriptReply = RedisReply | Replying['redis']

/** A Redis that has no data: scripts say what it says. */
export interface ScriptedRedis {
  /**
   * Answers a command: once, unless the handle says otherwise.
   *
   * @param command its name; a RegExp or a matcher for it; or `{ text, params }`, of which what is left out fits anything
   * @param rest its arguments, and the reply last
   * @throws SandboxMisuseError for a command or a reply that cannot be meant
   * @example redis.on('SET', 'user:1', expect.any(String), 'EX', 60, 'OK').always()
   */
  on(
    command: string | RegExp | object,
    ...rest: [reply: RedisScriptReply] | [...args: RedisArgument[], reply: RedisScriptReply]
  ): MockHandle
  /** Says something to the clients that listen to a channel. @returns how many do */
  publish(channel: string | Uint8Array, message: string | number | Uint8Array): number
}

/** What a statement of MySQL gives: rows, what became of the rows that it changed, or an error by its name (`ER_DUP_ENTRY`). */
export type MysqlReply =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly affectedRows: number; readonly insertId?: number | bigint; readonly changedRows?: number }
  | {
      readonly error: {
        readonly code: string
        readonly message: string
        /** Where the name is not known here. */
        readonly errno?: number
        readonly sqlState?: string
      }
    }
  | Error

/** A reply, or what makes it of the parameters and the text of the statement. */
export type MysqlScriptReply = MysqlReply | Replying['mysql']

/** A MySQL that has no tables: scripts say what is in them. */
export interface ScriptedMysql {
  /**
   * Answers a statement: once, unless the handle says otherwise. White space is folded.
   *
   * @param statement its text; a RegExp or a matcher for it
   * @param params of a prepared statement (`execute`); what `query` of mysql2 is given is in the text when it comes
   * @throws SandboxMisuseError for a statement or a reply that cannot be meant
   * @example mysql.on('select name from users where id = ?', [5], { rows: [{ name: 'Ada' }] }).always()
   */
  on(statement: string | RegExp | object, reply: MysqlScriptReply): MockHandle
  on(statement: string | RegExp | object, params: readonly unknown[] | object, reply: MysqlScriptReply): MockHandle
}

/** What a command of MongoDB gives: documents for a cursor, an error, or whatever else the server would (`{ n: 1 }`). */
export type MongoReply =
  | { readonly documents: readonly object[] }
  | { readonly error: { readonly code: number; readonly message: string; readonly codeName?: string } }
  | Error
  | { readonly [key: string]: unknown }

/** A reply, or what makes it of the command: `{ collection, filter, … }`. */
export type MongoScriptReply = MongoReply | Replying['mongodb']

/** A MongoDB that has no collections: scripts say what is in them. */
export interface ScriptedMongo {
  /**
   * Answers a command: once, unless the handle says otherwise.
   *
   * @param command its name as the server has it: `find`, `insert`, `update`, `delete`, `aggregate`, `findAndModify`, …; a RegExp or a matcher for it
   * @param said what it says, part by part (`collection`, `filter`, `documents`, `updates`, `pipeline`, …); what is left out fits anything
   * @throws SandboxMisuseError for a command or a reply that cannot be meant
   * @example mongodb.on('find', { collection: 'users', filter: { age: 5 } }, { documents: [{ name: 'Ada' }] }).always()
   */
  on(command: string | RegExp | object, reply: MongoScriptReply): MockHandle
  on(command: string | RegExp | object, said: object, reply: MongoScriptReply): MockHandle
}

/** Those of `tripwire.db` that scripts answer. */
export interface ScriptedFamily {
  /**
   * Answers connections to a MongoDB in sandboxes by scripts, for the `mongodb` driver and what stands on it. A command that no script answers is
   * stopped.
   *
   * @param url where the code under test connects to, with all its hosts: `mongodb://localhost:27017/app`; without a database any
   * @throws MissingPeerError where the package mongodb is not installed: its BSON is used
   * @example const mongodb = tripwire.db.mongodb('mongodb://localhost:27017/app')
   */
  mongodb(url: string | URL): ScriptedMongo
  /**
   * Answers connections to a MySQL or MariaDB in sandboxes by scripts, for any driver that speaks to a server. A statement that no script answers is
   * stopped.
   *
   * @param url where the code under test connects to: `mysql://localhost:3306/app`; without a database any; with a password only who knows it is let in
   * @example const mysql = tripwire.db.mysql('mysql://localhost:3306/app')
   */
  mysql(url: string | URL): ScriptedMysql
  /**
   * Answers connections to a Redis in sandboxes by scripts, for any client that speaks to a server. A command that no script answers is stopped.
   *
   * @param url where the code under test connects to: `redis://localhost:6379`; with a number only that database; with a password only who knows it is let in
   * @example const redis = tripwire.db.redis('redis://localhost:6379')
   */
  redis(url: string | URL): ScriptedRedis
}
