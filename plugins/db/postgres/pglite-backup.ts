/**
 * The data of a database, kept beside it and put back: a copy of PGlite's files would be 40 MB and seconds. Temporary tables belong to the
 * session, of which PGlite has one, and no other query sees them by its own names.
 */
import { Failure } from './failure.ts'

type Query = (sql: string) => Promise<string[][]>

interface Kept {
  /** What the schema was like. */
  readonly schema: string
  readonly tables: readonly { readonly name: string; readonly copy: string; readonly columns: string }[]
  readonly sequences: readonly { readonly name: string; readonly value: string; readonly isCalled: string }[]
}

const OURS = "n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'"
/** Renamed columns are told by what puts rows back. */
const SCHEMA = `
  select count(*) || ' ' || coalesce(max(c.oid)::text, '') || ' ' || coalesce(sum(c.relnatts), 0)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${OURS} and c.relkind in ('r', 'p')`
const TABLES = `
  select c.oid::regclass::text, string_agg(quote_ident(a.attname), ', ' order by a.attnum)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  where ${OURS} and c.relkind = 'r' group by c.oid order by c.oid`
const SEQUENCES = `select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${OURS} and c.relkind = 'S'`

let backups = 0

export async function remember(query: Query): Promise<Kept> {
  const backup = ++backups
  const tables: Kept['tables'][number][] = []
  for (const [name = '', columns = ''] of await query(TABLES)) {
    const copy = `pg_temp.tripwire_${backup}_${tables.length}`
    await query(`create temporary table ${copy.slice('pg_temp.'.length)} as select ${columns} from ${name}`)
    tables.push({ name, copy, columns })
  }
  const sequences: Kept['sequences'][number][] = []
  for (const [name = ''] of await query(SEQUENCES)) {
    const [[value = '', isCalled = ''] = []] = await query(`select last_value, is_called from ${name}`)
    sequences.push({ name, value, isCalled })
  }
  return { schema: await schemaOf(query), tables, sequences }
}

/** @param script runs statements as one transaction @throws Failure when the schema is another one by now */
export async function putBack(query: Query, script: (sql: string) => Promise<void>, kept: Kept): Promise<void> {
  const { schema, tables, sequences } = kept
  if ((await schemaOf(query)) !== schema)
    throw new Failure('0A000', 'a database whose schema has changed since the backup cannot be put back')
  await script(
    [
      // Neither triggers nor foreign keys have a say. Tables of tests are small: to truncate them takes ten times as long.
      'set local session_replication_role = replica',
      ...tables.map(({ name }) => `delete from ${name}`),
      ...tables.map(
        ({ name, copy, columns }) => `insert into ${name} (${columns}) overriding system value select * from ${copy}`,
      ),
      ...sequences.map(
        ({ name, value, isCalled }) => `select setval('${name.replaceAll("'", "''")}', ${value}, ${isCalled === 't'})`,
      ),
    ].join(';'),
  )
}

async function schemaOf(query: Query): Promise<string> {
  return (await query(SCHEMA))[0]?.[0] ?? ''
}
