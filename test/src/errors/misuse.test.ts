import { describe, expect, test } from 'vitest'
import type { Trip } from '../../../src/core/call.ts'
import { differentMajors, lockedSlot, notInstalled } from '../../../src/errors/install-errors.ts'
import { expectedTripError, misuseError } from '../../../src/errors/misuse.ts'
import { LockedSlotError } from '../../../src/patch/patch-set.ts'

describe('a sandbox or scope that is misused', () => {
  test('where nothing runs', () => {
    expect(misuseError('no-frame', 'tripwire.allow').message).toMatchInlineSnapshot(`
      "[TRIPWIRE_SANDBOX_MISUSE] tripwire.allow() was called where no test, hook or file is running.

        why  its rules would belong to nobody: the test that started this code has ended, or it lost its async context
        fix  call it in the test, in a hook or at the top of the test file; for all tests write it in tripwire.config.ts"
    `)
  })
  test('in a hook', () => {
    expect(misuseError('hook', 'beforeEach of test/a.test.ts').message).toMatchInlineSnapshot(`
      "[TRIPWIRE_SANDBOX_MISUSE] A sandbox was opened in beforeEach of test/a.test.ts, and would not end with it.

        fix  run each test inside a sandbox:
               aroundEach(run => tripwire.sandbox(run))"
    `)
  })
  test('as two blocks', () => {
    expect(misuseError('two-blocks', 'tripwire.sandbox').message).toMatchInlineSnapshot(`
      "[TRIPWIRE_SANDBOX_MISUSE] A second sandbox was opened as a block while the first is still open in this test.

        why  a block holds for the whole test, its parallel branches included, so the two would mix
        fix  give the inner one a callback of its own:
               await tripwire.sandbox(async () => { … })"
    `)
  })
  test('as a promise that nobody waits for', () => {
    expect(misuseError('not-awaited', 'sandbox #1 of test "a"').message).toMatchInlineSnapshot(`
      "[TRIPWIRE_SANDBOX_MISUSE] Sandbox #1 of test "a" was still open when that ended.

        why  nobody waited for the promise that it gave: what its callback does from here on belongs to no test
        fix  await it, or return it:
               await tripwire.sandbox(async () => { … })"
    `)
  })
  test('by its arguments', () => {
    const all = ['tripwire.sandbox', 'tripwire.expectTrip', 'tripwire.deny'].map((what) =>
      misuseError('arguments', what),
    )
    expect(all.map(({ message }) => message).join('\n\n')).toMatchInlineSnapshot(`
      "[TRIPWIRE_SANDBOX_MISUSE] tripwire.sandbox() was called with arguments that it does not take.

        fix  sandbox(fn), sandbox(options, fn) or sandbox(options?)

      [TRIPWIRE_SANDBOX_MISUSE] tripwire.expectTrip() was called with arguments that it does not take.

        fix  expectTrip(fn) or expectTrip(rule, fn)

      [TRIPWIRE_SANDBOX_MISUSE] tripwire.deny() was called with arguments that it does not take.

        fix  tripwire.deny(rule) or tripwire.deny(rule, fn)"
    `)
  })
})

describe('an expected trip that did not come', () => {
  const trip = (n: number) => ({ description: `GET http://h/${n}`, callSite: undefined }) as Trip
  test('any', () => {
    expect(expectedTripError(undefined).message).toMatchInlineSnapshot(`
      "[TRIPWIRE_EXPECTED_TRIP] tripwire.expectTrip waited for a trip, and none came.

        why  the callback made no such call before it ended, or a rule or the level let the call through
        fix  await what makes the call inside the callback; look for an allow that covers it"
    `)
  })
  test('of a rule, with others in its place', () => {
    const error = expectedTripError('db', [1, 2, 3, 4, 5, 6].map(trip))
    expect(error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_EXPECTED_TRIP] tripwire.expectTrip waited for a trip of 'db', and none came.

        why  these calls were stopped instead:
               GET http://h/1
               GET http://h/2
               GET http://h/3
               GET http://h/4
               GET http://h/5
               and 1 more
        fix  expect the call that is made, or mend the code so that it makes the expected one"
    `)
    expect(error).toMatchObject({ rule: 'db', others: expect.arrayContaining(['GET http://h/6']) })
  })
})

describe('an installation that fails', () => {
  test('on two majors', () => {
    const error = differentMajors({ version: '1.0.0', path: '/a' }, { version: '2.0.0', path: '/b' })
    expect(error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_INSTALL] Two versions of vitest-tripwire meet in one process, and only one can guard it.

        installed  1.0.0, from /a
        this one   2.0.0, from /b
        fix        keep one of them: see \`npm ls vitest-tripwire\`, then \`npm dedupe\` or align the versions"
    `)
    expect(error).toMatchObject({ installed: { path: '/a' }, refused: { path: '/b' } })
  })
  test('on a locked slot', () => {
    const error = lockedSlot('sockets', new LockedSlotError('Socket.prototype.connect', 'it was frozen'))
    expect(error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_INSTALL] The sockets guard cannot be installed, so nothing is guarded: Socket.prototype.connect cannot be replaced: it was frozen.

        fix  load tripwire first: the Vite plugin does (plugins: [tripwire()] in vitest.config.ts), or
             execArgv: ["--import", "vitest-tripwire/register"]"
    `)
    expect(error).toMatchObject({ plugin: 'sockets', slot: 'Socket.prototype.connect', holder: 'it was frozen' })
  })
  test('as there is none', () => {
    expect(notInstalled().message).toMatchInlineSnapshot(`
      "[TRIPWIRE_INSTALL] tripwire is not installed in this process.

        fix  add the plugin to vitest.config.ts:
               import { tripwire } from 'vitest-tripwire/vite'
               export default defineConfig({ plugins: [tripwire()] })
             or the setup file: test: { setupFiles: ['vitest-tripwire/setup'] }"
    `)
  })
})
