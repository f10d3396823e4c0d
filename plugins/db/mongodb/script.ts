/** What a script says to a command. */
import { isError, RuleSyntaxError } from '../../../src/plugin.ts'
import type { DbAnswer } from '../answers.ts'
import type { Admitted } from '../teller.ts'
import type { Document } from './wire.ts'

/** An error of the server. */
export class Failure extends Error {
  readonly code: number
  readonly codeName: string
  /** What else the server says of it: `keyValue` of a key that is there already. */
  readonly more: Document
  constructor(message: string, code: number = UNKNOWN, codeName?: string, more: Document = {}) {
    super(message)
    this.code = code
    this.codeName = codeName ?? NAMES[code] ?? 'UnknownError'
    this.more = more
  }
}

const UNKNOWN = 8
const NAMES: Readonly<Record<number, string | undefined>> = {
  1: 'InternalError',
  2: 'BadValue',
  8: 'UnknownError',
  11: 'UserNotFound',
  13: 'Unauthorized',
  14: 'TypeMismatch',
  18: 'AuthenticationFailed',
  26: 'NamespaceNotFound',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  50: 'MaxTimeMSExpired',
  59: 'CommandNotFound',
  112: 'WriteConflict',
  121: 'DocumentValidationFailure',
  251: 'NoSuchTransaction',
  11000: 'DuplicateKey',
}

type Given = (command: Document) => unknown

/** Documents for a cursor, or what the command gives as it is. */
export type Result = { readonly documents: readonly object[] } | Document

export interface MongoScript {
  readonly reply: Result | Failure | Given
}

export interface MongoAnswer extends DbAnswer {
  readonly script?: MongoScript
}

const REPLIES =
  '{ documents: [{ name: … }] } for what finds some, { n: 1 } or whatever else the server gives, { error: { code: 11000, message: "…" } }, an Error with a numeric `code`, or a function of the command that gives one'

/** @param name of the command, where it is known @throws RuleSyntaxError for what is no reply to it */
export function readReply(reply: unknown, name: string | undefined): MongoScript {
  if (typeof reply === 'function') return { reply: reply as Given }
  const result = checked(reply)
  if (name !== undefined) checkFound(name, result)
  return { reply: result }
}

/** Commands that give a cursor, unless they are asked to explain themselves. */
const FINDING = ['find', 'aggregate', 'listCollections', 'listIndexes']
const FOUND = ['documents', 'cursor', 'queryPlanner', 'explainVersion']

/** A driver that misses the cursor says nothing that helps. @throws RuleSyntaxError */
function checkFound(name: string, result: Result | Failure): void {
  if (result instanceof Failure || !FINDING.includes(name) || FOUND.some((each) => each in result)) return
  throw new RuleSyntaxError(`${name} finds documents, and the reply has none`, REPLIES)
}

function checked(reply: unknown): Result | Failure {
  if (isError(reply)) return failureOf(reply)
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply))
    throw new RuleSyntaxError(`${Array.isArray(reply) ? 'a list' : String(reply)} is no reply`, REPLIES)
  const { documents, error } = reply as { documents?: unknown; error?: unknown }
  if (typeof error === 'object' && error !== null) return failureOf(error)
  if (documents === undefined) return reply as Document
  if (!Array.isArray(documents) || !documents.every((each) => typeof each === 'object' && each !== null))
    throw new RuleSyntaxError('`documents` is no list of documents', REPLIES)
  return { documents }
}

function failureOf(error: object): Failure {
  const { code, codeName, message, ...more } = error as Partial<Failure>
  const text = String(message ?? (error as Error).message)
  return new Failure(text, typeof code === 'number' ? code : undefined, codeName, { ...more })
}

/** @throws Failure */
export async function runScript(
  { reply }: MongoScript,
  name: string,
  command: Document,
  admitted: Admitted<MongoAnswer>,
): Promise<Result> {
  let result: Result | Failure
  try {
    result = typeof reply === 'function' ? checked(await reply(command)) : reply
    checkFound(name, result)
  } catch (error) {
    throw failureOf(admitted.fails(error))
  }
  if (result instanceof Failure) throw result
  return result
}
