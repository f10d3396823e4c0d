/**
 * What a statement costs on SQLite in memory in a sandbox, beside the same driver on a file and on `:memory:` without tripwire's eyes on it; and how long
 * a declaration takes. In turns in one process. With the Node that runs it: 22.13 or newer.
 *
 *   node test/bench/sqlite.mjs [--rounds 5]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './figures.mjs'
import { createProject, VITEST } from './project.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })

const SOURCE = `
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import Better from 'better-sqlite3'
import { test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const SCHEMA = 'create table items (id integer primary key, name text not null)'
const INSERT = 'insert into items (name) values (?)'
const SELECT = 'select name from items where id = ?'
const COUNT = 1000
const figures = {}
function time(database) {
  const [insert, select] = [database.prepare(INSERT), database.prepare(SELECT)]
  const start = performance.now()
  for (let at = 1; at <= COUNT / 2; at++) {
    insert.run('name ' + at)
    select.get(at)
  }
  return (COUNT / (performance.now() - start)) * 1000
}
const note = (name, figure) => (figures[name] ??= []).push(figure)
async function turn(driver, Database) {
  for (const [place, path] of [['memory', ':memory:'], ['file', join(tmpdir(), 'tripwire-bench-' + process.pid + '.db')]]) {
    const database = new Database(path)
    database.exec(SCHEMA)
    note(driver + ', ' + place, time(database))
    database.close()
    rmSync(path, { force: true })
  }
  const begin = performance.now()
  await tripwire.db.sqlite('app.db', { schema: SCHEMA, engine: driver })
  note(driver + ', ms to declare', performance.now() - begin)
  tripwire.sandbox(() => {
    const database = new Database('app.db')
    note(driver + ', sandbox', time(database))
    database.close()
  })
  for (let at = 1; at <= COUNT / 2; at++) {
    tripwire.db.assert(INSERT, { params: ['name ' + at] })
    tripwire.db.assert(SELECT, { params: [at] })
  }
}
for (const [driver, Database] of [['node:sqlite', DatabaseSync], ['better-sqlite3', Better]])
  for (let at = 0; at < 6; at++)
    test(driver + at, async () => {
      await turn(driver, Database)
      if (at === 0) for (const name in figures) if (name.startsWith(driver)) delete figures[name]
      writeFileSync('figures.json', JSON.stringify(figures))
    }, 60_000)
`

const all = {}
for (let round = 0; round < Number(values.rounds); round++) {
  const { root, remove } = createProject({ 'sqlite.test.js': SOURCE })
  try {
    execFileSync(process.execPath, [VITEST, 'run', '--config', 'guarded.config.ts'], { cwd: root, stdio: 'inherit' })
    const figures = JSON.parse(readFileSync(join(root, 'figures.json'), 'utf8'))
    for (const [name, list] of Object.entries(figures)) all[name] = [...(all[name] ?? []), ...list]
  } finally {
    remove()
  }
}
for (const [name, list] of Object.entries(all))
  console.log(
    name.endsWith('declare')
      ? `${name}: ${median(list).toFixed(2)}`
      : `${name}: ${Math.round(median(list))} statements a second`,
  )
