import { describe, expect, test } from 'vitest'
import { M } from '../../../src/core/matcher.ts'
import { refusal } from './refusal.ts'

describe('a level or rule is refused:', () => {
  test('true as a level', () => {
    expect(refusal({ guard: true })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard: it is no level (got true): expected one of 'off', 'observe', 'warn', 'error'; true does not say how strict: write 'error'."
    `)
  })
  test('true as the level of a protocol', () => {
    expect(refusal({ guard: { http: true } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard.http: it is no level (got true): expected one of 'off', 'observe', 'warn', 'error'; true does not say how strict: write 'error'."
    `)
  })
  test('a level in words of its own', () => {
    expect(refusal({ guard: 'block' })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard: it is no level (got 'block'): expected one of 'off', 'observe', 'warn', 'error'."
    `)
  })
  test('a level that is misspelt', () => {
    expect(refusal({ guard: { http: 'wran' } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard.http: it is no level (got 'wran'): expected one of 'off', 'observe', 'warn', 'error' (did you mean: warn?)"
    `)
  })
  test('a list of levels', () => {
    expect(refusal({ guard: ['http'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard: it is no level (got ["http"]): expected one level, or an object of levels by protocol."
    `)
  })
  test('no levels', () => {
    expect(refusal({ guard: {} })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard: no protocol is named (got {}): expected some of default, db, ws, http, sockets, dns, subprocess, worker, native, fs."
    `)
  })
  test('null as a level', () => {
    expect(refusal({ guard: null })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard: it is no level (got null): expected one of 'off', 'observe', 'warn', 'error'."
    `)
  })
  test('an unknown protocol', () => {
    expect(refusal({ guard: { grpc: 'error' } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard.grpc: the key is unknown (got 'error'): expected one of default, db, ws, http, sockets, dns, subprocess, worker, native, fs."
    `)
  })
  test('a protocol by a synonym', () => {
    expect(refusal({ guard: { net: 'error' } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard.net: the key is unknown (got 'error'): expected one of default, db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: sockets?)"
    `)
  })
  test('a protocol in the wrong place', () => {
    expect(refusal({ http: 'error' })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        http: the key is unknown (got 'error'): expected one of guard, allow, deny, refuse, restrict, files, plugins, onTrip, data, redact, loopback, fs (did you mean: guard.http?)"
    `)
  })
  test('a protocol by a synonym, in the wrong place', () => {
    expect(refusal({ postgres: 'error' })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        postgres: the key is unknown (got 'error'): expected one of guard, allow, deny, refuse, restrict, files, plugins, onTrip, data, redact, loopback, fs (did you mean: guard.db?)"
    `)
  })
  test('a protocol in the wrong case', () => {
    expect(refusal({ guard: { HTTP: 'error' } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        guard.HTTP: the key is unknown (got 'error'): expected one of default, db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: http?)"
    `)
  })
  test('a rule with a synonym', () => {
    expect(refusal({ allow: ['net:localhost:80'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        allow[0]: 'net' is no protocol (got 'net:localhost:80'): expected the word 'sockets' (did you mean: sockets?)"
    `)
  })
  test('a host without a protocol', () => {
    expect(refusal({ allow: ['api.example.com', 'localhost:4873', '*.example.com:*'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 3 problems.

        allow[0]: 'api.example.com' is no protocol (got 'api.example.com'): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: 'http:api.example.com'?)
        allow[1]: 'localhost' is no protocol (got 'localhost:4873'): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: 'http:localhost:4873'?)
        allow[2]: '*.example.com:*' is no protocol (got '*.example.com:*'): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: 'http:*.example.com:*'?)"
    `)
  })
  test('a rule that is misspelt', () => {
    expect(refusal({ allow: 'htttp://a.example' })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        allow: 'htttp' is no protocol (got 'htttp://a.example'): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: http, https?)"
    `)
  })
  test.each([
    ['a word', 'x'.repeat(500)],
    ['words', 'no rule at all '.repeat(50)],
    ['a scheme', `${'x'.repeat(500)}://a.example`],
    ['a transport', `sockets:${'x'.repeat(500)}://a.example`],
    ['a port', `sockets:listen:${'1'.repeat(500)}`],
    ['a database', `db:${'x'.repeat(500)}://a.example`],
    ['a protocol', M({ protocol: 'x'.repeat(500) })],
    ['a fact', M({ protocol: 'http', ['x'.repeat(500)]: 1 })],
    ["nobody's fact", M({ ['x'.repeat(500)]: 1 })],
  ])('%s without end, which is not repeated', (_, rule) => {
    expect(refusal({ allow: rule }).length).toBeLessThan(400)
  })
  test('a bare function as a rule', () => {
    expect(refusal({ allow: [() => true] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        allow[0]: a bare function is no rule (got a function): expected M({ protocol: '…', fact: value => … })."
    `)
  })
  test('a matcher of an unknown protocol', () => {
    expect(refusal({ allow: M({ protocol: 'htp', host: 'a' }) })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        allow: 'htp' is no protocol (got M({ protocol: 'htp', host: 'a' })): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: http, https?)"
    `)
  })
  test('a matcher with an unknown fact', () => {
    expect(refusal({ allow: M({ protocol: 'http', hots: 'a' }) })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        allow: http has no fact 'hots' (got M({ protocol: 'http', hots: 'a' })): expected one of method, url, scheme, host, port, path, upgrade, socketPath, query, headers, body (did you mean: host?)"
    `)
  })
  test('a rule twice in a list', () => {
    expect(refusal({ allow: ['http', 'dns', 'http'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        allow[2]: the rule stands in allow[0] already (got 'http'): expected each rule once."
    `)
  })
  test('a rule that is allowed and denied', () => {
    expect(refusal({ allow: 'http', deny: ['http'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        deny[0]: the rule stands in allow already (got 'http'): expected each rule once."
    `)
  })
})
