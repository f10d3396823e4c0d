/** Scripted Redis, as tests make it. The session and its codec are loaded by the first. */
import {
  type FactPatterns,
  type Facts,
  isAsymmetric,
  isRegExp,
  type MockHandle,
  RuleSyntaxError,
  type Tap,
} from '../../src/plugin.ts'
import { answerAt, type DbAnswer, type Embedded, type Made } from './answers.ts'
import { readPattern } from './patterns.ts'
import { readUrl, SCHEMES, urlOf } from './place.ts'
import type { ScriptedRedis } from './scripted-family.ts'
import { senderOf } from './senders.ts'

const FORMS = "redis.on('GET', 'user:1', 'value'): a command, its arguments, and the reply last"

/** The part that is loaded later. */
interface Part {
  createRedis(parts: object): Embedded & { publish: ScriptedRedis['publish']; readReply(reply: unknown): object }
}

/** `tripwire.db.redis` */
export function redis(made: Made, tap: Tap, url: unknown): ScriptedRedis {
  const { register, print, asserting } = made
  const { place, account, text } = readUrl(url, SCHEMES.redis)
  if (place.database !== undefined && !/^\d+$/.test(place.database))
    throw new RuleSyntaxError(`'${place.database}' is no number of a database`, SCHEMES.redis.form)
  const { createRedis } = tap.part('redis') as Part
  const patterns = { product: 'redis', ...place }
  const embedded = createRedis({ account, sender: senderOf })
  answerAt(made, patterns, embedded, print('tripwire.db.redis', [text]))
  const on = (command: unknown, ...rest: unknown[]) => {
    if (rest.length === 0) throw new RuleSyntaxError('the reply is missing', FORMS)
    const args = rest.slice(0, -1)
    const answer: DbAnswer = { embedded, script: embedded.readReply(rest.at(-1)) }
    const said = { ...patterns, operation: 'query', ...readCommand(command, args) }
    return register(said, answer, print('redis.on', [command, ...args])) as MockHandle
  }
  return {
    on: asserting.telling('redis.on', on),
    publish: (channel, message) => embedded.publish(channel, message),
  }
}

/** @throws RuleSyntaxError */
function readCommand(command: unknown, args: readonly unknown[]): FactPatterns {
  const params = args.flat().map(readArgument)
  if (typeof command === 'string') return { text: nameOf(command), params }
  const pattern = readPattern(command)
  const named = typeof pattern.text === 'string' ? { ...pattern, text: nameOf(pattern.text) } : pattern
  if (args.length === 0) return named
  if (!isRegExp(command) && !isAsymmetric(command))
    throw new RuleSyntaxError('the arguments are given twice', "{ text: 'GET', params: ['user:1'] }, and the reply")
  return { ...named, params }
}

function nameOf(command: string): string {
  const name = command.trim()
  const [first = '', ...rest] = name.split(/\s+/)
  if (first === '') throw new RuleSyntaxError('the command is empty', FORMS)
  if (rest.length > 0)
    throw new RuleSyntaxError(
      `'${name}' is more than the name of a command`,
      `redis.on(${[first, ...rest].map((word) => `'${word}'`).join(', ')}, reply)`,
    )
  return first.toUpperCase()
}

/** As it comes: text, or bytes where they are no text. */
function readArgument(arg: unknown): unknown {
  if (typeof arg === 'string' || isAsymmetric(arg)) return arg
  if (typeof arg === 'number' || typeof arg === 'bigint') return String(arg)
  if (isRegExp(arg))
    return {
      asymmetricMatch: (came: unknown) => typeof came === 'string' && came.search(arg) >= 0,
      toString: () => String(arg),
    }
  if (ArrayBuffer.isView(arg)) {
    const bytes = Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength)
    const text = bytes.toString()
    return Buffer.from(text).equals(bytes) ? text : new Uint8Array(bytes)
  }
  throw new RuleSyntaxError(`an argument is ${arg === null ? 'null' : typeof arg}, and comes as text or bytes`, FORMS)
}

/** Commands by what they give, for a script to paste. */
const GIVEN: readonly (readonly [RegExp, unknown])[] = [
  [/^(?:M?SET|SETEX|PSETEX|HMSET|RENAME|LTRIM|LSET|FLUSHDB|FLUSHALL|PFMERGE|XGROUP|EVAL|EVALSHA|FCALL)$/, 'OK'],
  [/^(?:MGET|HMGET|KEYS|LRANGE|SMEMBERS|SINTER|SUNION|SDIFF|HKEYS|HVALS|Z?RANGE|ZREVRANGE|XRANGE|XREVRANGE)/, []],
  [/^(?:HGETALL|CONFIG)$/, {}],
  [/^[HSZ]?SCAN$/, ['0', []]],
  [
    /^(?:DEL|UNLINK|EXISTS|TOUCH|(?:P?EXPIRE|P?EXPIREAT|P?TTL|PERSIST)|(?:INCR|DECR)(?:BY)?|SETNX|MSETNX|APPEND|STRLEN|[LR]PUSHX?|LLEN|LREM|LINSERT|H(?:SET|SETNX|DEL|EXISTS|LEN|INCRBY)|S(?:ADD|REM|CARD|ISMEMBER|MOVE)|Z(?:ADD|REM|CARD|COUNT)|PUBLISH|SPUBLISH|X(?:ACK|DEL|LEN|TRIM)|PFADD|PFCOUNT|DBSIZE|GETBIT|SETBIT|BITCOUNT)$/,
    1,
  ],
]

/** A script of a command that has none, as code. */
export function suggestRedis(print: Made['print'] | undefined, facts: Facts): string {
  const place = `tripwire.db.redis('${urlOf({ ...facts, database: facts.database === '0' ? undefined : facts.database })}')`
  if (typeof facts.text !== 'string' || print === undefined) return place
  const [, reply = null] = GIVEN.find(([names]) => names.test(String(facts.text))) ?? []
  return `${place}${print('.on', [facts.text, ...((facts.params ?? []) as unknown[]), reply])}`
}
