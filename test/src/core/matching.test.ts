import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { builtins } from '../../../plugins/index.ts'
import type { Layer } from '../../../src/core/call.ts'
import { compileCidr } from '../../../src/core/cidr.ts'
import { compileHostGlob, compilePathGlob, matchWord } from '../../../src/core/glob.ts'
import { M } from '../../../src/core/matcher.ts'
import { isLoopbackHost, normaliseHost, normalisePath } from '../../../src/core/normalise.ts'
import { createGrammar, RuleError } from '../../../src/core/rules.ts'
import { didYouMean, suggest } from '../../../src/core/suggest.ts'

const grammar = createGrammar(builtins)
const CONTEXT = {
  own: { add() {}, has: () => false },
  place: { root: '', workspace: '', rules: '' },
  sandboxed: false,
  setting: () => undefined,
}
const http = (method: string, scheme: string, host: string, port: number, path: string): Layer => ({
  protocol: 'http',
  operation: 'http:request',
  facts: { method, scheme, host, port, path, url: `${scheme}://${host}${path}` },
})

describe('hosts are compared in one spelling', () => {
  test.each([
    ['API.Example.COM.', 'api.example.com'],
    ['[::1]', '::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['bücher.example.com', 'xn--bcher-kva.example.com'],
    ['fe80::1%eth0', 'fe80::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['my_host', 'my_host'],
  ])('%s is %s', (host, expected) => {
    expect(normaliseHost(host)).toBe(expected)
  })

  test('the normaliser changes nothing a second time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string()), (host) => {
        expect(normaliseHost(normaliseHost(host))).toBe(normaliseHost(host))
      }),
    )
  })

  test.each(['localhost', 'LOCALHOST.', 'app.localhost', '127.9.9.9', '::1', '0.0.0.0', '::ffff:127.0.0.1'])(
    '%s is this machine',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true)
    },
  )
  test.each(['localhost.example.com', '128.0.0.1', '127.example.com', 'example.com'])('%s is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false)
  })
})

test.each([
  ['/a/../b', '/b'],
  ['/../../x', '/x'],
  ['//a//b/', '/a/b'],
  ['/%7Euser/%2fkeep', '/~user/%2Fkeep'],
  ['', '/'],
  ['/a?q=1#h', '/a'],
])('the path %s is %s', (path, expected) => {
  expect(normalisePath(path)).toBe(expected)
})

describe('globs', () => {
  test.each([
    ['*.example.com', 'api.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'evil-example.com', false],
    ['api-*.example.com', 'api-1.example.com', true],
    ['api-*.example.com', 'api-1.evil.example.com', false],
    ['*', 'anything.example.com', true],
  ])('host %s on %s: %s', (glob, host, expected) => {
    expect(compileHostGlob(glob)(host)).toBe(expected)
  })

  test.each([
    ['/api/**', '/api', true],
    ['/api/**', '/api/v1/users', true],
    ['/api/**', '/apis', false],
    ['/api/*/users', '/api/v1/users', true],
    ['/api/*/users', '/api/v1/x/users', false],
    ['/**/x', '/a/b/x', true],
  ])('path %s on %s: %s', (glob, path, expected) => {
    expect(compilePathGlob(glob)(path)).toBe(expected)
  })

  test('a word glob agrees with a plain regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    const plain = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
    fc.assert(
      fc.property(text, plain, (glob, word) => {
        expect(matchWord(glob, word)).toBe(new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(word))
      }),
    )
  })

  test('are linear where a regular expression would not end', () => {
    expect(matchWord(`${'a*'.repeat(40)}b`, 'a'.repeat(5000))).toBe(false)
  })
})

test('a CIDR block holds what its bits say', () => {
  const number = (ip: string) => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (base, ip, length) => {
      const size = 2 ** (32 - length)
      expect(compileCidr(`${base}/${length}`)?.(ip)).toBe(
        Math.floor(number(base) / size) === Math.floor(number(ip) / size),
      )
    }),
  )
})

describe('rules', () => {
  const stripe = http('POST', 'https', 'api.stripe.com', 443, '/v1/charges?x=1')
  test.each([
    ['http', true],
    ['POST https://api.stripe.com/v1/charges', true],
    ['GET https://api.stripe.com/v1/charges', false],
    ['https://api.stripe.com', true],
    ['http://api.stripe.com', false],
    ['http:api.stripe.com', true],
    ['https://*.stripe.com/**', true],
    ['https://stripe.com', false],
    ['https://api.stripe.com:444', false],
    ['https://api.stripe.com:*', true],
    ['ws', false],
    ['dns:*.stripe.com', false],
  ])('%s: %s', (rule, expected) => {
    expect(grammar.parse(rule).matches(stripe, false)).toBe(expected)
  })

  test('any name of this machine is all of them', () => {
    const rule = grammar.parse('http://localhost:4000')
    for (const host of ['127.0.0.1', '::1', 'LOCALHOST'])
      expect(rule.matches(http('GET', 'http', host, 4000, '/'), false)).toBe(true)
    expect(rule.matches(http('GET', 'http', 'localhost.example.com', 4000, '/'), false)).toBe(false)
  })

  test('what is not known yet could fit, and fits nothing for certain', () => {
    const session: Layer = { ...stripe, facts: { ...stripe.facts, method: undefined, path: undefined } }
    const rule = grammar.parse('GET https://api.stripe.com/v1/**')
    expect([rule.matches(session, true), rule.matches(session, false)]).toEqual([true, false])
    expect(grammar.parse(M({ protocol: 'http', socketPath: '/x' })).matches(stripe, true)).toBe(false)
  })

  test('matchers combine, and survive structured cloning of what holds them', () => {
    const matcher = M({ protocol: 'http', host: (host: string) => host.endsWith('stripe.com') }).and(
      M({ method: ['GET', 'HEAD'] }).not(),
    )
    expect(grammar.parse(matcher).matches(stripe, false)).toBe(true)
    expect(grammar.parse(matcher.not()).matches(stripe, false)).toBe(false)
    expect(() => structuredClone({ allow: matcher })).not.toThrow()
  })

  test.each([
    '',
    'htp',
    'net',
    'postgres://localhost',
    'https://x?q=1',
    'https://u:p@x',
    'dns:a/b',
    'http:',
    'GET ws://x',
    5,
    null,
    [],
  ])('%j is refused', (rule) => {
    expect(() => grammar.parseMany(rule)).toThrow(RuleError)
  })

  test('what is no rule at all is told what one looks like, by a plugin or by its name, and each example is a rule', () => {
    const told = (plugins: Parameters<typeof createGrammar>[0]) => {
      try {
        return createGrammar(plugins).parse('')
      } catch (error) {
        return (error as RuleError).expected
      }
    }
    const plain = builtins.filter(({ examples }) => examples === undefined)
    const [shown = [], ...more] = builtins.flatMap(({ examples }) => (examples ? [examples] : []))
    expect(more).toEqual([])
    expect(shown.length).toBeGreaterThan(0)
    for (const code of shown) expect(grammar.parse(new Function('M', `return ${code}`)(M)).protocol).toBeDefined()
    expect(told(builtins)).toBe(
      "a rule such as 'http', 'GET https://api.example.com/**' or M({ protocol: 'http', host: '*.example.com' })",
    )
    expect(told(plain)).toBe(`a rule such as '${plain[0]?.name}'`)
    expect(told([{ ...plain[0], examples: ["'a'", "'b'"] } as never])).toBe("a rule such as 'a' or 'b'")
  })

  test('no text gets anything but a rule or a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `http:${text}`),
          fc.string().map((text) => `sockets:${text}`),
        ),
        (text) => {
          try {
            grammar.parse(text).matches(stripe, true)
          } catch (error) {
            expect(error).toBeInstanceOf(RuleError)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('the rule of a remedy opens the call that it was made for', () => {
    const path = fc.webPath().filter((text) => !/[*']/.test(text))
    fc.assert(
      fc.property(
        fc.constantFrom('http', 'https'),
        fc.domain(),
        fc.integer({ min: 1, max: 65_535 }),
        path,
        (scheme, host, port, text) => {
          const layer = http('GET', scheme, host, port, text === '' ? '/' : text)
          const remedy = builtins.find(({ name }) => name === 'http')?.remedy(layer, CONTEXT)
          expect(grammar.parse(remedy?.rule).matches(layer, false)).toBe(true)
        },
      ),
    )
  })
})

test('a suggestion with marks in it stands in quotes, so that nobody takes the end of the sentence for its own', () => {
  expect(didYouMean(['GET http://a.example.com/'])).toBe(" (did you mean: 'GET http://a.example.com/'?)")
  expect(didYouMean(["'fs:write:a'", 'db', 'better-sqlite3'])).toBe(
    " (did you mean: 'fs:write:a', db, better-sqlite3?)",
  )
})

test('suggestions are few, near, and end the sentence', () => {
  expect(suggest('htp', ['http', 'dns', 'https'])).toEqual(['http', 'https'])
  expect(suggest('htp', ['http', 'dns', 'http', 'http', 'https'])).toEqual(['http', 'https'])
  expect(suggest('zzzz', ['http'])).toEqual([])
  expect([didYouMean(['a', 'b']), didYouMean([])]).toEqual([' (did you mean: a, b?)', '.'])
})

test.each(['*.a..com', '.example.com'])('the host %s is none, as part of a name is missing', (host) => {
  expect(() => grammar.parse(M({ protocol: 'http', host }))).toThrow(RuleError)
})
