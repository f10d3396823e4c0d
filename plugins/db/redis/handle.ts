/** Scripted Redis, as tests script it. */
import {
  type FactPatterns,
  type Facts,
  isAsymmetric,
  isRegExp,
  type PrintCall,
  RuleSyntaxError,
} from '../../../src/plugin.ts'
import { readPattern } from '../patterns.ts'
import type { Registering } from '../scripted.ts'
import type { ScriptedRedis } from '../scripted-family.ts'
import { readReply } from './script.ts'

const FORMS = "redis.on('GET', 'user:1', 'value'): a command, its arguments, and the reply last"

export function handleOf({ register, telling }: Registering, publish: ScriptedRedis['publish']): ScriptedRedis {
  const on = (command: unknown, ...rest: unknown[]) => {
    if (rest.length === 0) throw new RuleSyntaxError('the reply is missing', FORMS)
    const args = rest.slice(0, -1)
    return register(readCommand(command, args), readReply(rest.at(-1)), 'redis.on', [command, ...args])
  }
  return { on: telling('redis.on', on), publish }
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
export function suggest({ text, params }: Facts, print: PrintCall): string {
  const [, reply = null] = GIVEN.find(([names]) => names.test(String(text))) ?? []
  return print('.on', [text, ...((params ?? []) as unknown[]), reply])
}
