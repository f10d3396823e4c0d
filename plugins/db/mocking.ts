/** Mocks and assertions of databases: what `tripwire.db` reads and prints. */
import type { Socket } from 'node:net'
import {
  type Facts,
  type Layer,
  type Mocking,
  type PrintCall,
  type Redirected,
  RuleSyntaxError,
  type Tap,
} from '../../src/plugin.ts'
import type { DbAnswer } from './answers.ts'
import { readPattern } from './patterns.ts'
import { urlOf } from './place.ts'
import { postgres } from './postgres-mocks.ts'
import { scripted, suggestScripted } from './scripted.ts'
import { type Library, sqlite, sqliteFor } from './sqlite-mocks.ts'

/** What would answer a call, as code, by product. */
const SUGGESTED: Readonly<
  Record<string, ((facts: Facts, tap: Tap, print: PrintCall | undefined) => string | undefined) | undefined>
> = {
  postgres: (facts) => `await tripwire.db.postgres('${urlOf(facts)}')`,
  redis: suggestScripted,
  sqlite: sqliteFor,
  mysql: suggestScripted,
  mongodb: suggestScripted,
}

/**
 * @param tapOf the tap of the plugin, once it is installed
 * @param libraryOf better-sqlite3, once somebody has loaded it
 */
export function mockingOf(tapOf: () => Tap, libraryOf: () => Library | undefined): Mocking {
  let print: PrintCall | undefined
  return {
    example: '',
    readPattern,
    readReply: (reply) => reply,
    suggest: ({ facts }) => SUGGESTED[String(facts.product)]?.(facts, tapOf(), print),
    derive,
    controlled: (facts) => (hasParams(facts) ? ['text', 'params'] : ['text']),
    print: ({ facts }) => ({ pattern: quoted(String(facts.text)), names: ['text'] }),
    serve: (peer, connection, tap) => serve(peer, connection, tap),
    extend: (register, printCall, asserting) => {
      print = printCall
      const made = { register, print, asserting }
      return {
        mock: () => {
          throw new RuleSyntaxError(
            'databases are not answered call by call',
            'await tripwire.db.postgres(url) or tripwire.db.sqlite(path), and db.script(sql, { rows }) of what that gives; tripwire.db.redis(url).on(command, reply)',
          )
        },
        passThrough: () => {
          throw new RuleSyntaxError(
            'connections to databases are let through by rules',
            "tripwire.allow('db:postgres://…')",
          )
        },
        postgres: (url: unknown, options?: unknown) => postgres(made, tapOf(), url, options),
        sqlite: (path: unknown, options?: unknown) => sqlite(made, tapOf(), libraryOf(), path, options),
        redis: (url: unknown) => scripted('redis', made, tapOf(), url),
        mysql: (url: unknown) => scripted('mysql', made, tapOf(), url),
        mongodb: (url: unknown) => scripted('mongodb', made, tapOf(), url),
      }
    },
  }
}

function serve(peer: Socket, connection: Redirected, tap: Tap): void {
  peer.on('error', () => {}) // The client hung up.
  const { reply } = connection
  if (reply === undefined) return void peer.destroy()
  tap.hub.follow(peer)
  const { embedded } = reply.answer as DbAnswer
  embedded.accept(peer, connection, tap)
}

/** A list of them, or names with their values. */
const hasParams = ({ params }: Facts) => typeof params === 'object' && params !== null && Object.keys(params).length > 0

/** Facts of a statement that are not there yet. */
function derive({ operation, facts }: Layer): Facts {
  if (operation === 'db:open' || operation === 'db:read') return facts
  const { text, params, rows, error, transaction, ...place } = facts
  return { ...place, text, params, rows, error, transaction }
}

function quoted(text: string): string {
  return /['\\]/.test(text) ? JSON.stringify(text) : `'${text}'`
}
