import { settings } from './settings.ts'

interface Statement {
  run(...values: unknown[]): unknown
  get(): Record<string, unknown> | undefined
}
interface Sqlite {
  DatabaseSync: new (file: string) => { exec(sql: string): void; prepare(sql: string): Statement; close(): void }
}
const sqlite = process.getBuiltinModule?.('node:sqlite') as Sqlite | undefined

/** Whether this Node has SQLite (22.5 and newer). */
export const hasStock = sqlite !== undefined

/** Takes articles into stock; gives how many there are. */
export function stockUp(article: string, number: number, file = settings.stock): number {
  if (sqlite === undefined) throw new Error('this Node has no SQLite')
  const database = new sqlite.DatabaseSync(file)
  try {
    database.exec('create table if not exists stock (article text, number integer)')
    database.prepare('insert into stock values (?, ?)').run(article, number)
    return Number(database.prepare('select sum(number) as all_of_them from stock').get()?.all_of_them)
  } finally {
    database.close()
  }
}
