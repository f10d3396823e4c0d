/** Databases that scripts answer, as tests make them. What speaks their protocol, and reads the scripts, is loaded by the first of each. */
import {
  builtIn,
  type FactPatterns,
  type Facts,
  type MockHandle,
  type PrintCall,
  RuleSyntaxError,
  type Tap,
} from '../../src/plugin.ts'
import { answerAt, type DbAnswer, type Embedded, type Made } from './answers.ts'
import { type Read, readServers, SCHEMES, urlOf } from './place.ts'
import { senderOf } from './senders.ts'
import type { Sender } from './writes.ts'

/** Products that scripts answer, by the names of their parts. */
export type ScriptedProduct = 'redis' | 'mysql' | 'mongodb'

/** What a handle is made with. */
export interface Registering {
  /** @param patterns of a statement @param script what `embedded` knows how to say @param what for messages, with its arguments */
  register(patterns: FactPatterns, script: object, what: string, args: readonly unknown[]): MockHandle
  /** Tells what is wrong with the arguments of a function of the handle. */
  telling<T extends (...args: never[]) => unknown>(what: string, fn: T): T
}

/** What a part is given. */
export interface ScriptedParts extends Registering {
  /** Who is let in; anybody where there is none. */
  readonly account: Read['account']
  /** A set of servers that know of each other, by its name, and where the first of them is; only where several are named, or the set is. */
  readonly set: { readonly name: string; readonly primary: string } | undefined
  readonly sender: Sender
  readonly builtIn: typeof builtIn
  /** A package that the user has. @throws MissingPeerError */
  peer(name: string): object
}

/** The part of a product. */
export interface ScriptedPart {
  /** @returns what takes connections, and what the test has */
  createScripted(parts: ScriptedParts): { readonly embedded: Embedded; readonly handle: object }
  /** A script of a statement that has none, as code that goes on after `tripwire.db.<product>(url)`. */
  suggest(facts: Facts, print: PrintCall): string
}

/** `tripwire.db.<product>` */
export function scripted(
  product: ScriptedProduct,
  { register, print, asserting }: Made,
  tap: Tap,
  url: unknown,
): object {
  const what = `tripwire.db.${product}`
  const { place, account, text, options } = readServers(url, SCHEMES[product])
  if (product === 'redis' && place.database !== undefined && !/^\d+$/.test(place.database))
    throw new RuleSyntaxError(`'${place.database}' is no number of a database`, SCHEMES.redis.form)
  const patterns = { product, ...place }
  const { createScripted } = tap.part(product) as ScriptedPart
  const { embedded, handle } = createScripted({
    account,
    set: setOf(place, options.get('replicaSet')),
    sender: senderOf,
    builtIn,
    peer: (name) => tap.peer(name, what),
    telling: asserting.telling,
    register(statement, script, on, args) {
      const answer: DbAnswer = { embedded, script }
      return register({ ...patterns, operation: 'query', ...statement }, answer, print(on, args)) as MockHandle
    },
  })
  const made = { register, print, asserting }
  // A Redis lets everybody in, whatever the number. Whose commands are of another are told so, where clients would try to connect for good.
  const { database: _, ...server } = patterns
  if (product === 'redis' && place.database !== undefined)
    answerAt(made, server, embedded, print(what, [text]), ['connect'])
  answerAt(made, patterns, embedded, print(what, [text]))
  return handle
}

/** Several servers are always a set. */
function setOf({ host, port }: Read['place'], name: string | null): ScriptedParts['set'] {
  const hosts = [host ?? []].flat()
  const [first = ''] = hosts
  const [at] = [port ?? []].flat()
  if (name === null && hosts.length < 2) return undefined
  return { name: name ?? 'tripwire', primary: `${first.includes(':') ? `[${first}]` : first}:${at}` }
}

/** What would answer a call, as code. */
export function suggestScripted(facts: Facts, tap: Tap, print: PrintCall | undefined): string {
  const product = facts.product as ScriptedProduct
  const database = product === 'redis' && facts.database === '0' ? undefined : facts.database
  const made = `tripwire.db.${product}('${urlOf({ ...facts, database })}')`
  if (typeof facts.text !== 'string' || print === undefined) return made
  return made + (tap.part(product) as ScriptedPart).suggest(facts, print)
}
