/** What a server says to statements that steer the session, and to those that drivers ask on their own: nobody has to assert them. */
import { VERSION } from './packets.ts'
import type { Result } from './script.ts'

/** What a connection knows of itself. */
export interface Self {
  readonly id: number
  database: string | undefined
  user: string
  isInTransaction: boolean
}

const OK: Result = { affectedRows: 0 }
/** `begin not atomic …` of MariaDB runs statements. */
const STEERING = /^(?:begin(?: work)?$|(?:start transaction|commit|rollback|savepoint|release savepoint|set|use)\b)/i
/** Of the server, of accounts, or what has to be asked of tables: `set @n = (select …)`. */
const NO_SESSION =
  /^set (?:statement|password|role|default role|resource group)\b|(?:^set |, ?)(?:global|persist|persist_only|@@global|@@persist)\b|\bselect\b/i
const CALL = /\b(\w+) ?\(/g
const HARMLESS = /^(?:concat|concat_ws|replace|trim|coalesce|ifnull|if|nullif|lower|upper|now)$/i
const ITEM =
  /^(?:1|version ?\( ?\)|database ?\( ?\)|schema ?\( ?\)|connection_id ?\( ?\)|current_user(?: ?\( ?\))?|user ?\( ?\)|now ?\( ?\)|@@(?:(?:session|global)\s?\.\s?)?[a-z_]+)(?:(?: as)? (?:`([^`]+)`|'([^']+)'|"([^"]+)"|(\w+)))?$/i
const SEPARATOR = / ?, ?/

const VARIABLES: Readonly<Record<string, string | number | undefined>> = {
  autocommit: 1,
  auto_increment_increment: 1,
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_results: 'utf8mb4',
  collation_connection: 'utf8mb4_general_ci',
  interactive_timeout: 28_800,
  lower_case_table_names: 0,
  max_allowed_packet: 67_108_864,
  sql_mode: 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES',
  system_time_zone: 'UTC',
  time_zone: 'SYSTEM',
  transaction_isolation: 'REPEATABLE-READ',
  tx_isolation: 'REPEATABLE-READ',
  transaction_read_only: 0,
  version: VERSION,
  version_comment: 'tripwire',
  wait_timeout: 28_800,
}

/** What it says to a statement; undefined where that is not its own. @param text folded */
export function ownAnswer(text: string, self: Self): Result | undefined {
  if (text === '') return OK
  if (STEERING.test(text)) return steersSession(text) ? OK : undefined
  const [, list] = /^select (.*)$/is.exec(text.replace(/ limit 1$/i, '')) ?? []
  const items = list?.split(SEPARATOR)
  if (items === undefined || !items.every((item) => ITEM.test(item))) return undefined
  const row = items.map((item): [string, unknown] => {
    const [, a, b, c, d] = ITEM.exec(item) ?? []
    const alias = a ?? b ?? c ?? d
    const what = item.replace(/(?: as)? (?:`[^`]+`|'[^']+'|"[^"]+"|\w+)$/i, (end) => (alias === undefined ? end : ''))
    return [alias ?? item, answerOf(what.replaceAll(/\s/g, '').toLowerCase(), self)]
  })
  return { rows: [Object.fromEntries(row)] }
}

function steersSession(text: string): boolean {
  if (!/^set\b/i.test(text)) return true
  return !NO_SESSION.test(text) && [...text.matchAll(CALL)].every(([, name = '']) => HARMLESS.test(name))
}

function answerOf(what: string, { id, database, user }: Self): unknown {
  if (what === '1') return 1
  if (what.startsWith('@@')) return VARIABLES[what.replace(/^@@(?:session\.|global\.)?/, '')] ?? null
  if (what.startsWith('version')) return VERSION
  if (what.startsWith('connection_id')) return id
  if (what.startsWith('now')) return new Date()
  return what.includes('user') ? `${user}@localhost` : (database ?? null)
}

/** What becomes of the session by a statement that was carried out. */
export function steer(text: string, self: Self): void {
  if (/^(?:begin|start transaction)\b/i.test(text)) self.isInTransaction = true
  else if (/^(?:commit|rollback)\b(?! to\b)/i.test(text)) self.isInTransaction = false
  const [, name] = /^use `?([^`]+)`?$/i.exec(text) ?? []
  if (name !== undefined) self.database = name
}

/** Whether it is about the transaction itself. */
export const isSteering = (text: string) => STEERING.test(text)
