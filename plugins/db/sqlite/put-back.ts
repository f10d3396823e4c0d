/** Makes a database hold what a copy of it holds, whoever has it open. */
import type { Connection } from './engine.ts'

interface Entry {
  readonly type: string
  readonly name: string
  readonly tbl_name: string
  readonly sql: string
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** @throws Error where there are virtual tables, or a transaction is open */
export function putBack(copy: Connection, to: Connection): void {
  if (to.inTransaction) throw new Error('a transaction is open on the database: it cannot be put back before its end')
  const wanted = entriesOf(copy)
  const there = entriesOf(to)
  const virtual = [...wanted, ...there].find(({ sql }) => /^\s*create\s+virtual\s+table/i.test(sql))
  if (virtual) throw new Error(`a database with virtual tables cannot be put back, and ${virtual.name} is one`)
  const [{ foreign_keys: isChecked } = {}] = to.all('pragma foreign_keys')
  to.exec('pragma foreign_keys = off')
  try {
    to.exec('begin immediate')
    try {
      for (const type of ['trigger', 'view', 'index', 'table'])
        for (const entry of there) if (entry.type === type) to.exec(`drop ${type} ${quoted(entry.name)}`)
      for (const entry of wanted) if (entry.type === 'table') fill(copy, to, entry)
      numberOn(copy, to)
      for (const type of ['index', 'view', 'trigger'])
        for (const entry of wanted) if (entry.type === type) to.exec(entry.sql)
      for (const pragma of ['user_version', 'application_id'])
        to.exec(`pragma ${pragma} = ${copy.all(`pragma ${pragma}`)[0]?.[pragma]}`)
      to.exec('commit')
    } catch (error) {
      to.exec('rollback')
      throw error
    }
  } finally {
    to.exec(`pragma foreign_keys = ${isChecked}`)
  }
}

function entriesOf(connection: Connection): Entry[] {
  return connection.all(
    "select type, name, tbl_name, sql from sqlite_master where sql is not null and name not like 'sqlite\\_%' escape '\\' order by rowid",
  ) as unknown as Entry[]
}

function fill(copy: Connection, to: Connection, { name, sql }: Entry): void {
  to.exec(sql)
  const table = quoted(name)
  // Without what is generated.
  const columns = copy.all(`pragma table_xinfo(${table})`).filter(({ hidden }) => hidden === 0)
  const names = columns.map((column) => quoted(String(column.name)))
  const rowid = rowidOf(columns.map((column) => String(column.name).toLowerCase()))
  const [isKept] = copy.all('select 1 from pragma_table_list where name = ? and wr = 0', [name])
  if (isKept && rowid !== undefined && !hasNumberedKey(columns)) names.push(rowid)
  const rows = copy.all(`select ${names.map((each, at) => `${each} as c${at}`).join(', ')} from ${table}`, [], true)
  const insert = `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`
  for (const row of rows)
    to.all(
      insert,
      names.map((_, at) => row[`c${at}`]),
    )
}

/** A name of the number that each row has, which no column has taken. */
function rowidOf(columns: readonly string[]): string | undefined {
  return ['rowid', '_rowid_', 'oid'].find((name) => !columns.includes(name))
}

/** Whether a column is that number. */
function hasNumberedKey(columns: readonly Readonly<Record<string, unknown>>[]): boolean {
  const keys = columns.filter(({ pk }) => Number(pk) > 0)
  return keys.length === 1 && /^integer$/i.test(String(keys[0]?.type))
}

/** The next numbers of `autoincrement`. */
function numberOn(copy: Connection, to: Connection): void {
  const has = (connection: Connection) =>
    connection.all("select 1 from sqlite_master where name = 'sqlite_sequence'").length > 0
  if (!has(to)) return
  to.exec('delete from sqlite_sequence')
  if (!has(copy)) return
  for (const { name, seq } of copy.all('select name, seq from sqlite_sequence', [], true))
    to.all('insert into sqlite_sequence (name, seq) values (?, ?)', [name, seq])
}
