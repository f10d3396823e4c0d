import { expect, expectTypeOf, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

declare class Mailer {
  readonly from: string
  constructor(from: string)
  send(to: string, copies?: number): boolean
  deliver(to: string): Promise<{ id: number }>
}
declare const mailer: Mailer

test('a function is named by its key, and answers with what it gives', () => {
  tripwire.mock(mailer, 'send').returns(true).times(2).returns(false).optional()
  tripwire.mock(mailer, 'deliver').resolves({ id: 1 }).rejects(new Error('full')).always()
  tripwire.mock({ Mailer }, 'Mailer').returns(mailer).passesThrough()
  // @ts-expect-error no function
  tripwire.mock(mailer, 'from')
  // @ts-expect-error not what it gives
  tripwire.mock(mailer, 'send').returns('yes')
  // @ts-expect-error the promise's value is an object
  tripwire.mock(mailer, 'deliver').resolves(1)
  // @ts-expect-error how often is said of an answer
  tripwire.mock(mailer, 'send').times(2)
})

test('arguments are its own, or matchers', () => {
  tripwire.mock(mailer, 'send').with('ann', 2).returns(true)
  tripwire.mock(mailer, 'send').with(expect.any(String)).returns(true)
  // @ts-expect-error a number is no address
  tripwire.mock(mailer, 'send').with(5)
})

test('what is called instead takes the same', () => {
  tripwire.mock(mailer, 'send').calls((to, copies) => {
    expectTypeOf(to).toEqualTypeOf<string>()
    expectTypeOf(copies).toEqualTypeOf<number | undefined>()
    return true
  })
})

test('a spy gives nothing to answer with', () => {
  expectTypeOf(tripwire.spy(mailer, 'send')).toEqualTypeOf<void>()
  tripwire.functions.assert('Mailer.send', { args: ['ann'], returned: true })
  // @ts-expect-error there is no such fact
  tripwire.functions.assert('Mailer.send', { arguments: ['ann'] })
})
