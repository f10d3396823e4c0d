import { expect, test } from 'vitest'
import { CELL, IN_VM } from '../support/cell.ts'
import { NODE, runVitest, vitestVersion } from '../support/run-vitest.ts'

/** A Vitest that runs something else than asked for would make a cell of the matrix green. */
test.runIf(CELL)('the cell is what it says', async () => {
  const probe = `
    import { expect, test } from 'vitest'
    test('probe', () => {
      const { ctx, config } = globalThis.__vitest_worker__
      const facts = { node: process.execPath, pool: ctx.pool, isolate: config.isolate, module: config.experimental?.viteModuleRunner !== false }
      console.log('FACTS' + JSON.stringify(facts) + 'END')
    })`
  const { output } = await runVitest({ 'a.test.js': probe })
  expect(JSON.parse(/FACTS(.*)END/.exec(output)?.[1] ?? '')).toEqual({
    node: NODE,
    pool: CELL?.pool,
    // To the vm pools it is all the same: each file has a context, in workers that files share.
    isolate: CELL?.isolate && !IN_VM,
    module: !CELL?.native,
  })
  expect(output).toContain(` v${vitestVersion()} `)
})
