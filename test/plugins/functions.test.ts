import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'

class Mailer {
  readonly from: string
  constructor(from = 'shop') {
    this.from = from
  }
  send(to: string, text = ''): string {
    return `${this.from} to ${to}${text}`
  }
  async deliver(to: string): Promise<string> {
    await sleep(1)
    if (to === '') throw new Error('nobody')
    return `delivered to ${to}`
  }
  static make(): Mailer {
    return new Mailer('made')
  }
}

const codeOf = (fn: () => unknown) => {
  try {
    return fn()
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('a mocked function', () => {
  test('answers in a sandbox, once and in turn, and is itself outside', () => {
    const mailer = new Mailer()
    tripwire.mock(mailer, 'send').returns('first').returns('second')
    expect(mailer.send('ann')).toBe('shop to ann')
    expect(tripwire.sandbox(() => [mailer.send('ann'), mailer.send('bob')])).toEqual(['first', 'second'])
    expect(mailer.send('ann')).toBe('shop to ann')
    tripwire.functions.assert('Mailer.send', { args: ['ann'] })
    tripwire.functions.assert('Mailer.send', { args: ['bob'], returned: 'second' })
  })

  test('answers by its arguments, as often as it is told', () => {
    const prices = { of: (currency: string) => currency.length }
    tripwire.mock(prices, 'of').with('EUR').returns(1).times(2).with(expect.stringMatching(/^U/)).returns(5).always()
    expect(tripwire.sandbox(() => ['USD', 'EUR', 'UAH', 'EUR'].map((each) => prices.of(each)))).toEqual([5, 1, 5, 1])
    for (const each of ['USD', 'EUR', 'UAH', 'EUR']) tripwire.functions.assert('of', { args: [each] })
  })

  test('throws, resolves, rejects, calls and passes through; what came of it is a fact', async () => {
    const mailer = new Mailer()
    const error = new Error('full')
    tripwire.mock(mailer, 'send').throws(error).passesThrough()
    tripwire.mock(mailer, 'deliver').resolves('now').rejects(error)
    tripwire.mock(mailer, 'deliver').calls(async function (this: Mailer, to: string) {
      return `${this.from} called for ${to}`
    })
    const seen = await tripwire.sandbox(async () => [
      codeOf(() => mailer.send('a')),
      mailer.send('b'),
      await mailer.deliver('c'),
      await mailer.deliver('d').catch((reason) => reason),
      await mailer.deliver('e'),
    ])
    expect(seen).toEqual([undefined, 'shop to b', 'now', error, 'shop called for e'])
    tripwire.functions.assert('Mailer.send', { args: ['a'], threw: error })
    tripwire.functions.assert('Mailer.send', { args: ['b'], returned: 'shop to b' })
    tripwire.functions.assert('Mailer.deliver', { args: ['c'], resolved: 'now' })
    tripwire.functions.assert('Mailer.deliver', { args: ['d'], rejected: error })
    tripwire.functions.assert('Mailer.deliver', { args: ['e'], resolved: 'shop called for e' })
  })

  test('without an answer stops the call, and prints the mock that would answer it', async () => {
    const mailer = new Mailer()
    tripwire.mock(mailer, 'send')
    const [trip] = await tripwire.expectTrip(() =>
      tripwire.sandbox(() => expect(codeOf(() => mailer.send('ann'))).toBe('TRIPWIRE_UNMOCKED_INTERACTION')),
    )
    expect(trip?.message.replace(/:\d+:\d+/g, ':0:0').replace(/#[\d.]+/, '#1')).toMatchInlineSnapshot(`
      "[TRIPWIRE_UNMOCKED_INTERACTION] Mailer.send("ann") was made in sandbox #1, and nothing there answers it.

        where  test/plugins/functions.test.ts:0:0
               in test "a mocked function > without an answer stops the call, and prints the mock that would answer it" (test/plugins/functions.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.functions.mock('Mailer.send', { returns: undefined })
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md"
    `)
    tripwire.functions.mock('Mailer.send', { returns: 'pasted' })
    expect(tripwire.sandbox(() => mailer.send('ann'))).toBe('pasted')
    tripwire.functions.assert('Mailer.send', { args: ['ann'] })
  })

  test('that is async fails as it would: by a promise', async () => {
    const mailer = new Mailer()
    tripwire.mock(mailer, 'deliver')
    await tripwire.expectTrip(() =>
      tripwire.sandbox(() => expect(mailer.deliver('a')).rejects.toThrow('TRIPWIRE_UNMOCKED')),
    )
  })

  test('of another object with the same name is another function', () => {
    const [one, two] = [new Mailer('one'), new Mailer('two')]
    tripwire.mock(two, 'send').returns('2')
    tripwire.mock(one, 'send').returns('1')
    expect(tripwire.sandbox(() => [one.send('a'), two.send('b')])).toEqual(['1', '2'])
    tripwire.functions.assert('Mailer.send', { args: ['a'] })
    tripwire.functions.assert('Mailer.send', { args: ['b'] })
  })

  test('may be a class, or a function of one', () => {
    const library = { Mailer }
    tripwire
      .mock(library, 'Mailer')
      .passesThrough()
      .returns({ from: 'nowhere' } as Mailer)
    tripwire.mock(Mailer, 'make').returns(new Mailer('mocked'))
    const [real, fake, made] = tripwire.sandbox(() => [new library.Mailer('x'), new library.Mailer('y'), Mailer.make()])
    expect(real).toBeInstanceOf(Mailer)
    expect([real?.from, fake?.from, made?.from]).toEqual(['x', 'nowhere', 'mocked'])
    tripwire.functions.assert('Mailer', { args: ['x'] })
    tripwire.functions.assert('Mailer', { args: ['y'] })
    tripwire.functions.assert('Mailer.make', { args: [] })
  })

  test('may be a spy, which goes on below: it sees what reaches the original', () => {
    const mailer = new Mailer()
    const spy = vi.spyOn(mailer, 'send')
    mailer.send('ann')
    tripwire.mock(mailer, 'send').returns('mocked')
    expect(mailer.send('bob')).toBe('shop to bob')
    expect(tripwire.sandbox(() => mailer.send('cy'))).toBe('mocked')
    tripwire.functions.assert('Mailer.send', { args: ['cy'] })
    expect(spy.mock.calls).toEqual([['ann'], ['bob']])
    expect(mailer.send).toHaveBeenCalledTimes(2)
  })

  test('may be a vi.fn, whose answers are for the calls that reach it', async () => {
    const run = vi.fn(() => 'own').mockReturnValueOnce('once')
    const tools = { run }
    await tripwire.sandbox(async () => {
      tripwire.mock(tools, 'run').returns('mocked')
      expect(tools.run()).toBe('mocked')
    })
    tripwire.functions.assert('run', { args: [] })
    expect(tools.run).toBe(run)
    expect([tools.run(), tools.run()]).toEqual(['once', 'own'])
  })

  test('stays mocked whatever resets or restores spies, and is put back at the end for good', () => {
    const mailer = new Mailer()
    tripwire.sandbox(() => {
      tripwire.mock(mailer, 'send').returns('a').always()
      const sent = [mailer.send('a')]
      vi.resetAllMocks()
      sent.push(mailer.send('b'))
      vi.restoreAllMocks()
      sent.push(mailer.send('c'))
      expect(sent).toEqual(['a', 'a', 'a'])
    })
    vi.restoreAllMocks()
    expect(Object.hasOwn(mailer, 'send')).toBe(false)
    expect(mailer.send('d')).toBe('shop to d')
    for (const each of ['a', 'b', 'c']) tripwire.functions.assert('Mailer.send', { args: [each] })
  })

  test('may be behind an accessor, and be promisified; what is static stays', async () => {
    const real = Object.assign((done: (error: Error | null, value: string) => void) => done(null, 'real'), {
      [promisify.custom]: async () => 'custom',
      version: 1,
    })
    const library = {
      get read() {
        return real
      },
    }
    tripwire.mock(library, 'read').calls((done) => done(null, 'mocked'))
    expect(await tripwire.sandbox(() => promisify(library.read)())).toBe('mocked')
    tripwire.functions.assert('read', { args: [expect.any(Function)] })
    expect([library.read.version, library.read.name, library.read.length]).toEqual([1, '', 1])
  })

  test('that cannot be replaced is refused, with a way to go', () => {
    const frozen = Object.freeze({ send() {} })
    expect(() => tripwire.mock(frozen, 'send')).toThrowErrorMatchingInlineSnapshot(`
      [SandboxMisuseError: [TRIPWIRE_SANDBOX_MISUSE] tripwire.mock() was given something that cannot be meant: 'send' cannot be replaced, as its object is frozen, or a module.

        fix  an object whose functions can be replaced; what a module exports can be after vi.mock('./module', { spy: true })]
    `)
  })

  test('that is not there is refused', () => {
    expect(() => tripwire.mock(new Mailer(), 'from' as never)).toThrow(
      "tripwire.mock() was given something that cannot be meant: it has no function 'from'",
    )
    expect(() => tripwire.spy(undefined as never, 'send' as never)).toThrow('undefined is no object')
    expect(() => tripwire.functions.mock('send', { return: 1 } as never)).toThrow('did you mean: returns?')
    expect(() => tripwire.functions.mock('send', { returns: 1, throws: 2 })).toThrow('a call has one outcome')
  })
})

describe('a spy', () => {
  test('writes down what the original gave, which has to be asserted', async () => {
    const mailer = new Mailer()
    tripwire.spy(mailer, 'send')
    tripwire.spy(mailer, 'deliver')
    await tripwire.sandbox(async () => {
      expect(mailer.send('ann')).toBe('shop to ann')
      await expect(mailer.deliver('')).rejects.toThrow('nobody')
      expect(await mailer.deliver('bob')).toBe('delivered to bob')
    })
    expect(() => tripwire.functions.assert('Mailer.send')).toThrow(
      "tripwire.functions.assert('Mailer.send', { args: ['ann'] })",
    )
    tripwire.functions.assert('Mailer.send', { args: ['ann'], returned: 'shop to ann' })
    tripwire.functions.assert('Mailer.deliver', { args: [''], rejected: new Error('nobody') })
    tripwire.functions.assert('Mailer.deliver', { args: ['bob'], resolved: 'delivered to bob' })
  })

  test('need not be called', () => {
    tripwire.spy(new Mailer(), 'send')
  })
})

describe('the place in which it is mocked', () => {
  const mailer = new Mailer()
  const { send } = Mailer.prototype
  const own = () => Object.hasOwn(mailer, 'send')

  describe('a describe', () => {
    beforeAll(() => {
      tripwire.mock(mailer, 'send').returns('describe').always()
    })
    afterAll(() => expect(own()).toBe(true))

    test.each([1, 2])('answers in each test of it (%i)', () => {
      expect(tripwire.sandbox(() => mailer.send('a'))).toBe('describe')
      tripwire.functions.assert('Mailer.send', { args: ['a'] })
    })

    test('lets a nearer mock go first, which ends alone', () => {
      tripwire.mock(mailer, 'send').returns('test')
      expect(tripwire.sandbox(() => [mailer.send('a'), mailer.send('b')])).toEqual(['test', 'describe'])
      tripwire.functions.assert('Mailer.send', { args: ['a'] })
      tripwire.functions.assert('Mailer.send', { args: ['b'] })
    })

    test('stays when that has ended', () => {
      expect(tripwire.sandbox(() => mailer.send('c'))).toBe('describe')
      tripwire.functions.assert('Mailer.send', { args: ['c'] })
    })
  })

  test('is left with the original', () => {
    expect(mailer.send).toBe(send)
    expect(own()).toBe(false)
  })
})

describe('mocked by what a test left behind', () => {
  const mailer = new Mailer()
  const isMocked = () => vi.isMockFunction(mailer.send)

  describe('a describe', () => {
    test('ends', () => {
      void sleep(5).then(() => void tripwire.mock(mailer, 'send'))
    })
    test('is at work', async () => {
      await vi.waitUntil(isMocked)
    })
  })

  test('goes with the describe that was still open', () => {
    expect(isMocked()).toBe(false)
  })
})
