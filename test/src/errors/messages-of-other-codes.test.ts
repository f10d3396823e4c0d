import { describe, expect, test } from 'vitest'
import { CALLS, messageOf, noted } from './stopped.ts'

describe('an unsafe call under warn', () => {
  test('with a call site', async () => {
    expect(await messageOf({ level: 'warn' }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_UNSAFE_PASSTHROUGH] POST https://api.example.com/v1/charges?token=… was stopped: it may change something out there.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'warn' (tripwire.config.ts, guard), which lets only safe operations through
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['POST https://api.example.com/v1/charges'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNSAFE_PASSTHROUGH.md"
    `)
  })
  test('without a call site', async () => {
    expect(await messageOf({ level: 'warn', sited: false }, CALLS.db)).toMatchInlineSnapshot(`
      "[TRIPWIRE_UNSAFE_PASSTHROUGH] pg to db.example.com:5432 as app was stopped: it may change something out there.

        where  <unknown call site> (only Node's own code is on the stack)
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'warn' (tripwire.config.ts, guard), which lets only safe operations through
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('db:postgres://db.example.com/shop')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['db:postgres://db.example.com/shop'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['db:postgres://db.example.com/shop']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNSAFE_PASSTHROUGH.md"
    `)
  })
})

describe('a call in a sandbox', () => {
  test('with a call site', async () => {
    expect(await messageOf({ sandbox: true }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_UNMOCKED_INTERACTION] POST https://api.example.com/v1/charges?token=… was made in sandbox #7, and nothing there answers it.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.http.mock('POST https://api.example.com/v1/charges', { json: {} })
               or let it through in this sandbox, by the first argument of tripwire.sandbox():
                 { allow: ['POST https://api.example.com/v1/charges'] }
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md"
    `)
  })
  test('without a call site', async () => {
    expect(await messageOf({ sandbox: true, sited: false }, CALLS.sockets)).toMatchInlineSnapshot(`
      "[TRIPWIRE_UNMOCKED_INTERACTION] a TCP connection to 10.0.0.5:6379 was made in sandbox #7, and nothing there answers it.

        where  <unknown call site> (only Node's own code is on the stack)
               in test "charges the card" (test/shop.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.sockets.mock('tcp://10.0.0.5:6379', (socket) => {})
               or let it through in this sandbox, by the first argument of tripwire.sandbox():
                 { allow: ['sockets:tcp://10.0.0.5:6379'] }
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md"
    `)
  })
})

describe('a late call', () => {
  test('after its sandbox', async () => {
    expect(await messageOf({ ended: 'sandbox' }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_POST_SANDBOX_INTERACTION] POST https://api.example.com/v1/charges?token=… was made after sandbox #7 had ended.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    stop the work before the sandbox ends:
                 clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
               or wait for it in the sandbox, and let it through there (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
                 await work
               or let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_SANDBOX_INTERACTION.md"
    `)
  })
  test('after its test', async () => {
    expect(await messageOf({ ended: 'test' }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_POST_TEST_INTERACTION] POST https://api.example.com/v1/charges?token=… was made after test "charges the card" had ended.

        where  test/fixtures/errors/orders.ts:11:48
               started by that test (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    stop the work before the test ends:
                 clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
               or wait for it in the test, and let it through there (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
                 await work
               or let it through in that file (tripwire.config.ts):
                 files: { 'test/shop.test.ts': { allow: ['POST https://api.example.com/v1/charges'] } }
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_TEST_INTERACTION.md"
    `)
  })
  test('after its test, while another runs', async () => {
    expect(
      await messageOf({ ended: 'test', running: 'test "refunds"', sited: false }, CALLS.db),
    ).toMatchInlineSnapshot(`
      "[TRIPWIRE_POST_TEST_INTERACTION] pg to db.example.com:5432 as app was made after test "charges the card" had ended.

        where  <unknown call site> (only Node's own code is on the stack)
               started by that test (test/shop.test.ts); now test "refunds" runs
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    stop the work before the test ends:
                 clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
               or wait for it in the test, and let it through there (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('db:postgres://db.example.com/shop')
                 await work
               or let it through in that file (tripwire.config.ts):
                 files: { 'test/shop.test.ts': { allow: ['db:postgres://db.example.com/shop'] } }
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_TEST_INTERACTION.md"
    `)
  })
})

describe('a call after its file', () => {
  test('by a test', async () => {
    expect(await messageOf({ ended: 'file' }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_POST_TEST_INTERACTION] POST https://api.example.com/v1/charges?token=… was made after test "charges the card" had ended.

        where  test/fixtures/errors/orders.ts:11:48
               started by that test (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    stop the work before the test ends:
                 clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
               or wait for it in the test, and let it through there (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
                 await work
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_TEST_INTERACTION.md"
    `)
  })
  test('by a hook', async () => {
    expect(
      await messageOf({ ended: 'file', from: 'hook', running: 'test "refunds"' }, CALLS.dns),
    ).toMatchInlineSnapshot(`
      "[TRIPWIRE_POST_TEST_INTERACTION] a DNS query for MX records of api.example.com was made after test/shop.test.ts had ended.

        where  test/fixtures/errors/orders.ts:11:48
               started by beforeAll of test/shop.test.ts, which has ended; now test "refunds" runs
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    stop the work before the file ends, in afterAll:
                 clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
               or let it through everywhere (tripwire.config.ts):
                 allow: ['dns:api.example.com']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_TEST_INTERACTION.md"
    `)
  })
  test('by an import, against a deny', async () => {
    const denied = { ended: 'file', from: 'import', deny: ['http', 'sockets'] } as const
    expect(await messageOf(denied, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_POST_TEST_INTERACTION] POST https://api.example.com/v1/charges?token=… was made after test/shop.test.ts had ended.

        where  test/fixtures/errors/orders.ts:11:48
               started by the import of test/shop.test.ts, which has ended
        why    deny 'http' (tripwire.config.ts)
        fix    stop the work before the file ends, in afterAll:
                 clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
               or change tripwire.config.ts to let it through:
                 deny: ['sockets']
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_TEST_INTERACTION.md"
    `)
  })
})

describe('a call that went through', () => {
  test('is told as such', async () => {
    const dns = { ...CALLS.dns, operation: 'dns:lookup' }
    const trips = [
      await noted({ level: 'observe' }, CALLS.http),
      await noted({ level: 'warn' }, dns),
      await noted({ refuse: ['dns'] }, dns),
    ]
    expect(trips.map((trip) => trip?.message).join('\n\n')).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… went through; the level 'error' would stop it.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'observe' (tripwire.config.ts, guard)
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md

      [TRIPWIRE_GUARDED_CALL] a DNS lookup of api.example.com went through with a warning.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'warn' (tripwire.config.ts, guard)
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md

      [TRIPWIRE_GUARDED_CALL] a DNS lookup of api.example.com was refused: it fails like an unreachable host.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    refuse 'dns' (tripwire.config.ts)
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
})
