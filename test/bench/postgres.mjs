/**
 * What a statement costs on an embedded Postgres, beside pg-mem's own adapter of pg, which has no socket and no protocol; and how long each
 * engine takes to start. All in turns in one process, so that each pair has the same machine.
 *
 *   node test/bench/postgres.mjs [--rounds 5]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median, ratio } from './figures.mjs'
import { createProject, VITEST } from './project.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })

const SOURCE = `
import { writeFileSync } from 'node:fs'
import pg from 'pg'
import { newDb } from 'pg-mem'
import { test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const SCHEMA = 'create table items (id serial primary key, name text not null, count integer)'
const figures = { ours: [], adapter: [], pgMem: [], adapterStart: [], pglite: [] }
const INSERT = 'insert into items (name, count) values ($1, $2) returning id'
const SELECT = 'select name, count from items where id = $1'
async function time(client, count) {
  const start = performance.now()
  for (let at = 0; at < count; at += 2) {
    const { rows } = await client.query(INSERT, ['name ' + at, at])
    await client.query(SELECT, [rows[0].id])
  }
  return (count / (performance.now() - start)) * 1000
}
async function ofAdapter(count) {
  const begin = performance.now()
  const db = newDb()
  db.public.none(SCHEMA)
  const { Client } = db.adapters.createPg()
  const client = new Client()
  await client.connect()
  figures.adapterStart.push(performance.now() - begin)
  const rate = await time(client, count)
  await client.end()
  return rate
}
async function ofOurs(engine, count) {
  const begin = performance.now()
  const db = await tripwire.db.postgres('postgres://localhost/' + engine, { schema: SCHEMA, engine })
  let rate
  await tripwire.sandbox(async () => {
    const client = new pg.Client({ host: 'localhost', database: engine, user: 'me' })
    await client.connect()
    figures[engine === 'pglite' ? 'pglite' : 'pgMem'].push(performance.now() - begin)
    rate = await time(client, count)
    await client.end()
  })
  await db.close()
  tripwire.inAnyOrder(() => {
    for (let at = 0; at < count; at += 2) {
      tripwire.db.assert(INSERT, { params: ['name ' + at, at] })
      tripwire.db.assert(SELECT, { params: [at / 2 + 1] })
    }
  })
  return rate
}
test('warm', async () => { await ofAdapter(400); await ofOurs('pg-mem', 400) }, 60_000)
test('statements', async () => {
  for (const list of Object.values(figures)) list.length = 0
  for (let turn = 0; turn < 5; turn++) {
    figures.adapter.push(await ofAdapter(600))
    figures.ours.push(await ofOurs('pg-mem', 600))
  }
}, 120_000)
test('pglite', async () => {
  figures.ofPglite = await ofOurs('pglite', 600)
  writeFileSync('figures.json', JSON.stringify(figures))
}, 120_000)
`

const rates = []
const starts = { 'pg-mem, its adapter': [], 'pg-mem over our wire': [], 'PGlite over our wire': [] }
const ofPglite = []
for (let round = 0; round < Number(values.rounds); round++) {
  const { root, remove } = createProject({ 'postgres.test.js': SOURCE })
  try {
    execFileSync(process.execPath, [VITEST, 'run', '--config', 'guarded.config.ts'], { cwd: root, stdio: 'inherit' })
    const figures = JSON.parse(readFileSync(join(root, 'figures.json'), 'utf8'))
    rates.push(...figures.ours.map((rate, at) => [rate, figures.adapter[at]]))
    starts['pg-mem, its adapter'].push(...figures.adapterStart)
    starts['pg-mem over our wire'].push(...figures.pgMem)
    starts['PGlite over our wire'].push(...figures.pglite)
    ofPglite.push(figures.ofPglite)
  } finally {
    remove()
  }
}
const shown = (list) => Math.round(median(list))
console.log(
  `statements a second: over our wire ${shown(rates.map(([ours]) => ours))}, by the adapter ${shown(rates.map(([, theirs]) => theirs))}`,
)
console.log(`  over our wire by the adapter's: ${ratio(rates)}`)
console.log(`  PGlite over our wire ${shown(ofPglite)}`)
for (const [name, list] of Object.entries(starts))
  console.log(`until the first statement, ms: ${name} ${median(list).toFixed(1)}`)
