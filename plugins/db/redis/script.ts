/** What a script says to a command. */
import { isError, RuleSyntaxError } from '../../../src/plugin.ts'
import type { DbAnswer, Embedded } from '../answers.ts'
import type { Admitted } from '../teller.ts'
import type { Channels } from './channels.ts'
import type { Arg } from './own.ts'
import { encode, OK, type Value } from './resp.ts'

/** A reply, or a function that makes it of the command's arguments. */
export interface RedisScript {
  readonly reply: Value | ((...args: Arg[]) => unknown)
}

export interface RedisAnswer extends DbAnswer {
  readonly embedded: Embedded & { readonly channels: Channels }
  readonly script?: RedisScript
}

const REPLIES =
  'a string, a number, null, true, a Buffer, an Error, a list of these, an object for a map, a Set, or a function of the arguments that gives one'

/** @throws RuleSyntaxError for what is no reply */
export function readReply(reply: unknown): RedisScript {
  if (typeof reply === 'function') return { reply: reply as (...args: Arg[]) => unknown }
  return { reply: checked(reply) }
}

function checked(reply: unknown): Value {
  try {
    encode(reply as Value, 3)
  } catch (error) {
    throw new RuleSyntaxError((error as Error).message, REPLIES)
  }
  // One of another realm is no error to us.
  if (isError(reply)) return new Error(reply.message)
  // As the server says it to SET and its like; to who reads it the same.
  return reply === 'OK' ? OK : (reply as Value)
}

export async function runScript(
  { reply }: RedisScript,
  args: readonly Arg[],
  admitted: Admitted<RedisAnswer>,
): Promise<Value> {
  if (typeof reply !== 'function') return reply
  try {
    return checked(await reply(...args))
  } catch (error) {
    return new Error(admitted.fails(error).message)
  }
}
