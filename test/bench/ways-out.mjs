/**
 * Every way out of the network that we know, tried in real Vitest against a world outside: what got out, what was named and blamed right.
 *
 *   node test/bench/ways-out.mjs --node path/to/other/node --json ways-out.json
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const { values } = parseArgs({ options: { node: { type: 'string' }, json: { type: 'string' } } })
const { module: ways } = await runnerImport(join(import.meta.dirname, '../support/ways-suite.ts'), {
  oxc: { target: 'node20' },
})

const print = (cells) => console.log(cells.map((cell, at) => String(cell).padEnd(at === 0 ? 10 : 17)).join(' '))

/** Cells `tried, out`: protocols by import styles. */
function table(rows) {
  const styles = [...new Set(rows.map(({ style }) => style))]
  print(['', ...styles])
  for (const protocol of new Set(rows.map((row) => row.protocol))) {
    const cell = (style) => {
      const tried = rows.filter((row) => row.protocol === protocol && row.style === style)
      return tried.length === 0 ? '' : `${tried.length}, ${tried.filter(({ native }) => native > 0).length} out`
    }
    print([protocol, ...styles.map(cell)])
  }
}

const told = ({ name, style, end, named, site, place }) =>
  `${name} (${style}): ${end}, named ${named}, at ${site} where ${place} is right`

const results = {}
let bad = 0
for (const pool of ['forks', 'threads']) {
  const unguarded = await ways.tryWaysOut({ pool, node: values.node, unguarded: true })
  const nowhere = ways.leadNowhere(unguarded)
  const guarded = await ways.tryWaysOut({ pool, node: values.node })
  const figures = ways.figures(guarded)
  const wrong = guarded.rows.filter(ways.isWrong)
  const missing = ways.waysByStyle().length - guarded.rows.length
  results[pool] = { unguarded: { tried: unguarded.rows.length, nowhere }, figures, rows: guarded.rows }
  console.log(`\n${pool}, ${values.node ?? process.version}`)
  table(guarded.rows)
  console.log(`unguarded: ${unguarded.rows.length} tried (none that asks for names), ${nowhere.length} lead nowhere`)
  for (const name of nowhere) console.log(`  ${name}`)
  console.log('guarded:', figures)
  for (const row of wrong) console.log(`  ${told(row)}`)
  for (const name of guarded.green) console.log(`  no failed test: ${name}`)
  for (const line of guarded.arrived) console.log(`  arrived: ${line}`)
  if (missing !== 0) console.log(`  ${missing} ways were not tried`, guarded.output.slice(-3000))
  bad += nowhere.length + wrong.length + guarded.arrived.length + guarded.green.length + Math.abs(missing)
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, undefined, 2))
process.exitCode = bad === 0 ? 0 : 1
