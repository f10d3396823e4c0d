import { describe, expect, test } from 'vitest'
import { builtins } from '../../../plugins/index.ts'
import { CALLS, installed, messageOf } from './stopped.ts'

test('every built-in protocol is among the samples', () => {
  expect(Object.keys(CALLS).sort()).toEqual(builtins.map(({ name }) => name).sort())
})

describe('a guarded call', () => {
  test('of http', async () => {
    expect(await messageOf({}, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['POST https://api.example.com/v1/charges'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of ws', async () => {
    expect(await messageOf({}, CALLS.ws)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] a WebSocket to wss://feed.example.com/p was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('wss://feed.example.com/p')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['wss://feed.example.com/p'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['wss://feed.example.com/p']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of sockets', async () => {
    expect(await messageOf({}, CALLS.sockets)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] a TCP connection to 10.0.0.5:6379 was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('sockets:tcp://10.0.0.5:6379')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['sockets:tcp://10.0.0.5:6379'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['sockets:tcp://10.0.0.5:6379']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of dns', async () => {
    expect(await messageOf({}, CALLS.dns)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] a DNS query for MX records of api.example.com was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('dns:api.example.com')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['dns:api.example.com'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['dns:api.example.com']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of db', async () => {
    expect(await messageOf({}, CALLS.db)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] pg to db.example.com:5432 as app was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('db:postgres://db.example.com/shop')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['db:postgres://db.example.com/shop'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['db:postgres://db.example.com/shop']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of subprocess', async () => {
    expect(await messageOf({}, CALLS.subprocess)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] running \`git push --force\` was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('subprocess:git push --force')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['subprocess:git push --force'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['subprocess:git push --force']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of worker', async () => {
    expect(await messageOf({ deny: ['worker'] }, CALLS.worker)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] a worker thread of /srv/shop/src/report.js was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    deny 'worker' (tripwire.config.ts)
        fix    a deny rule stops it on purpose; if it is meant here, a nearer rule wins (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('worker:/srv/shop/src/report.js')
               or change tripwire.config.ts to let it through:
                 allow: ['worker:/srv/shop/src/report.js'] // instead of deny: ['worker']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of native', async () => {
    expect(await messageOf({}, CALLS.native)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] opening the device /dev/ttyUSB0 with @serialport/bindings-cpp was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('native:@serialport/bindings-cpp')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['native:@serialport/bindings-cpp'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['native:@serialport/bindings-cpp']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('without a call site', async () => {
    expect(await messageOf({ sited: false }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  <unknown call site> (only Node's own code is on the stack)
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['POST https://api.example.com/v1/charges'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('in a hook', async () => {
    expect(await messageOf({ from: 'hook' }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in beforeAll of test/shop.test.ts
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through from this hook on, for the describe or test that it belongs to (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.allow('POST https://api.example.com/v1/charges')
               or let it through in that file (tripwire.config.ts):
                 files: { 'test/shop.test.ts': { allow: ['POST https://api.example.com/v1/charges'] } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('at import', async () => {
    expect(await messageOf({ from: 'import' }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in the import of test/shop.test.ts
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in that file (tripwire.config.ts):
                 files: { 'test/shop.test.ts': { allow: ['POST https://api.example.com/v1/charges'] } }
               or let it fail like an unreachable host, for telemetry (tripwire.config.ts):
                 refuse: ['POST https://api.example.com/v1/charges']
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('of code that lost its context', async () => {
    expect(await messageOf({ from: 'file', sited: false }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  <unknown call site> (only Node's own code is on the stack)
               in test/shop.test.ts
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in that file (tripwire.config.ts):
                 files: { 'test/shop.test.ts': { allow: ['POST https://api.example.com/v1/charges'] } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('that a deny rule stops', async () => {
    expect(await messageOf({ deny: ['http:*.example.com'] }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    deny 'http:*.example.com' (tripwire.config.ts)
        fix    a deny rule stops it on purpose; if it is meant here, a nearer rule wins (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
               or change tripwire.config.ts to let it through:
                 allow: ['POST https://api.example.com/v1/charges'] // instead of deny: ['http:*.example.com']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('that a deny rule of a block stops', async () => {
    const source = 'tripwire.deny at test/shop.test.ts:9:3'
    expect(await messageOf({ deny: ['http:*.example.com', 'dns'], source }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    deny 'http:*.example.com' (tripwire.deny at test/shop.test.ts:9:3)
        fix    a deny rule stops it on purpose; if it is meant here, a nearer rule wins (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
               or change tripwire.deny at test/shop.test.ts:9:3 to let it through:
                 tripwire.deny('dns')
                 tripwire.allow('POST https://api.example.com/v1/charges')
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('outside a ceiling', async () => {
    expect(await messageOf({ restrict: ['http:localhost', 'db'] }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    outside the ceiling restrict 'http:localhost' (tripwire.config.ts)
        fix    widen the ceiling (tripwire.config.ts), and let it through there; an allow alone cannot:
                 restrict: ['http:localhost', 'db', 'POST https://api.example.com/v1/charges']
                 allow: ['POST https://api.example.com/v1/charges']
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('outside a ceiling of a block', async () => {
    const source = 'tripwire.restrict at test/shop.test.ts:9:3'
    expect(await messageOf({ restrict: ['http:localhost'], source }, CALLS.http)).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    outside the ceiling restrict 'http:localhost' (tripwire.restrict at test/shop.test.ts:9:3)
        fix    widen the ceiling (tripwire.restrict at test/shop.test.ts:9:3), and let it through there; an allow alone cannot:
                 tripwire.restrict(['http:localhost', 'POST https://api.example.com/v1/charges'])
                 tripwire.allow('POST https://api.example.com/v1/charges')
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('that a rule almost let through', async () => {
    expect(
      await messageOf({ allow: ['dns', 'GET https://api.example.com/v1/charges'] }, CALLS.http),
    ).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.

        where  test/fixtures/errors/orders.ts:11:48
               in test "charges the card" (test/shop.test.ts)
        why    the level is 'error' (tripwire.config.ts, guard)
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 using _ = tripwire.allow('POST https://api.example.com/v1/charges')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['POST https://api.example.com/v1/charges'] } } }
               or let it through everywhere (tripwire.config.ts):
                 allow: ['POST https://api.example.com/v1/charges']
        near   allow 'GET https://api.example.com/v1/charges' (tripwire.config.ts) fits but for the method "POST"
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })
  test('told a second time takes two lines', async () => {
    const { call } = installed()
    await call(CALLS.http)
    const again = await call(CALLS.http)
    expect(again.kind === 'block' && again.error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_GUARDED_CALL] POST https://api.example.com/v1/charges?token=… was blocked, outside any sandbox.
        again  at test/fixtures/errors/orders.ts:11:48, in test "charges the card" (test/shop.test.ts): told in full above"
    `)
  })
})
