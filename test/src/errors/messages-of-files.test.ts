import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { CALLS, messageOf } from './stopped.ts'

test('a file that is written outside of every root', async () => {
  const text = await messageOf({}, CALLS.fs)
  expect(text.replaceAll(realpathSync(tmpdir()), '<tmp>')).toMatchInlineSnapshot(`
    "[TRIPWIRE_GUARDED_CALL] writing /srv/invoices/1.txt (given as ../invoices/1.txt) with fs.writeFileSync was blocked, outside any sandbox.

      where  test/fixtures/errors/orders.ts:11:48
             in test "charges the card" (test/shop.test.ts)
      why    the level is 'error' (tripwire.config.ts, guard)
      hint   writing passes below <tmp> (the temporary folder); fs: { write: ['…'] } in the config adds a folder
      fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
               using _ = tripwire.allow('fs:write:/srv/invoices/1.txt')
             or by the test's options, the second argument of test():
               { meta: { tripwire: { allow: ['fs:write:/srv/invoices/1.txt'] } } }
             or let it through everywhere (tripwire.config.ts):
               allow: ['fs:write:/srv/invoices/1.txt']
      more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
  `)
})
