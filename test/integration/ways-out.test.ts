import { expect, test } from 'vitest'
import { CELL, perPool } from '../support/cell.ts'
import { runVitest } from '../support/run-vitest.ts'
import { figures, isWrong, leadNowhere, tryWaysOut, waysByStyle } from '../support/ways-suite.ts'

const node = process.env.TRIPWIRE_NODE

test.each(perPool('forks', 'threads'))('no way out of the network is open (%s)', async (pool) => {
  const tried = await tryWaysOut({ pool, node })
  if (process.env.TRIPWIRE_FIGURES) console.log(pool, process.version, node ?? '', figures(tried))
  expect(tried.arrived).toEqual([])
  expect(tried.rows.filter(isWrong)).toEqual([])
  expect(tried.rows.length).toBe(waysByStyle().length)
  expect(tried.green).toEqual([])
  expect(tried.output).not.toContain('secret-word')
})

// What leads out without a guard is no matter of the cell.
test.skipIf(CELL)('unguarded, every way leads out', async () => {
  expect(leadNowhere(await tryWaysOut({ pool: 'forks', node, unguarded: true }))).toEqual([])
})

/** undici's WebSocket tells its error event nothing of the cause: the test is red for it all the same. */
const BLIND = `
import { test } from 'vitest'
import * as undici from 'undici'
test('undici.WebSocket', () => new Promise(done => { new undici.WebSocket('ws://feed.example.com/prices').onerror = done }))
`

test('an error event without a cause hides nothing', async () => {
  const run = await runVitest({ 'blind.test.js': BLIND })
  expect(run.tests['undici.WebSocket']?.messages[0]).toContain(
    '[TRIPWIRE_GUARDED_CALL] a WebSocket to ws://feed.example.com/prices was blocked, outside any sandbox.',
  )
})
