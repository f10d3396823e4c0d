/** What a script says to a statement. */
import { isError, RuleSyntaxError, suggest } from '../../../src/plugin.ts'
import type { DbAnswer } from '../answers.ts'
import type { Admitted } from '../teller.ts'
import { Failure, NUMBERS } from './failure.ts'

/** What a statement gives. */
export type Result =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | {
      readonly affectedRows: number
      readonly insertId?: number | bigint
      readonly changedRows?: number
    }

type Given = (params: readonly unknown[], text: string) => unknown

export interface MysqlScript {
  readonly reply: Result | Failure | Given
}

export interface MysqlAnswer extends DbAnswer {
  readonly script?: MysqlScript
}

const REPLIES =
  "{ rows: [{ id: 1 }] }, { affectedRows: 1, insertId: 7 }, { error: { code: 'ER_DUP_ENTRY', message: '…' } }, an Error with a `code`, or a function of the parameters that gives one"
const KEYS = ['rows', 'affectedRows', 'insertId', 'changedRows', 'error']

/** @throws RuleSyntaxError for what is no reply */
export function readReply(reply: unknown): MysqlScript {
  return { reply: typeof reply === 'function' ? (reply as Given) : checked(reply) }
}

function checked(reply: unknown): Result | Failure {
  if (isError(reply)) return failureOf(reply)
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply))
    throw new RuleSyntaxError(`${Array.isArray(reply) ? 'a list' : String(reply)} is no reply`, REPLIES)
  const unknown = Object.keys(reply).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a reply has no '${unknown}'`, REPLIES, suggest(unknown, KEYS))
  const { rows, error, affectedRows, ...more } = reply as Partial<Record<string, unknown>>
  if (typeof error === 'object' && error !== null) return failureOf(error)
  if (rows !== undefined) {
    if (!Array.isArray(rows) || !rows.every((row) => typeof row === 'object' && row !== null))
      throw new RuleSyntaxError('`rows` is no list of rows', REPLIES)
    for (const row of rows) checkCells(row)
    return { rows }
  }
  if (typeof affectedRows !== 'number') throw new RuleSyntaxError('the reply gives nothing', REPLIES)
  return { affectedRows, ...more }
}

/** @throws RuleSyntaxError for what no column can hold; on the wire it would be a NULL, and nobody the wiser */
function checkCells(row: object): void {
  for (const [column, cell] of Object.entries(row))
    if (typeof cell === 'function' || typeof cell === 'symbol')
      throw new RuleSyntaxError(`\`rows\` has a ${typeof cell} in the column '${column}'`, REPLIES)
}

function failureOf(error: object): Failure {
  const { code = 'ER_UNKNOWN_ERROR', message = '', errno, sqlState } = error as Partial<Failure>
  if (typeof errno !== 'number' && NUMBERS[code] === undefined)
    throw new RuleSyntaxError(
      `the error '${code}' is not known by its number`,
      "one that is, or its `errno` and `sqlState` as well: { code: 'ER_…', errno: 3572, sqlState: 'HY000', message: '…' }",
      suggest(code, Object.keys(NUMBERS)),
    )
  return new Failure(code, String(message), errno, sqlState)
}

/** @throws Failure */
export async function runScript(
  { reply }: MysqlScript,
  { text, params }: { readonly text: string; readonly params: readonly unknown[] },
  admitted: Admitted<MysqlAnswer>,
): Promise<Result> {
  let result: Result | Failure
  if (typeof reply === 'function') {
    try {
      result = checked(await reply(params, text))
    } catch (error) {
      // What a function throws on purpose is the server's; a code that nobody knows makes it no other.
      const failed = admitted.fails(error) as Partial<Failure> & Error
      throw failed === error && typeof failed.code === 'string' && NUMBERS[failed.code] !== undefined
        ? failureOf(failed)
        : new Failure('ER_UNKNOWN_ERROR', failed.message)
    }
  } else result = reply
  if (result instanceof Failure) throw result
  return result
}
