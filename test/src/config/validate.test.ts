import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { builtins } from '../../../plugins/index.ts'
import { validateOptions, validateRules } from '../../../src/config/validate.ts'
import { M } from '../../../src/core/matcher.ts'
import { read, refusal } from './refusal.ts'
import { toy } from './toy-plugin.ts'

describe('a config that is right', () => {
  test('may be empty', () => {
    const config = read({})
    expect(config.project).toEqual({ kind: 'project', source: 'tripwire.config.ts' })
    expect(config.plugins).toEqual(builtins)
    expect(config.files).toEqual([])
  })

  test('gives levels, in any case and by every synonym', () => {
    expect(read({ guard: 'Error' }).project.levels).toEqual({ default: 'error' })
    expect(read({ guard: false }).project.levels).toEqual({ default: 'off' })
    expect(read({ guard: { default: 'STRICT', http: 'observe', dns: 'Warn', db: false } }).project.levels).toEqual({
      default: 'error',
      http: 'observe',
      dns: 'warn',
      db: 'off',
    })
  })

  test('gives rules, from one text, a list and matchers', () => {
    const { project } = read({
      allow: 'http://localhost:*',
      deny: ['http', M({ protocol: 'dns', hostname: '*.example.com' })],
      refuse: ['https://*.ingest.example.com'],
      restrict: ['db', 'http'],
    })
    expect(project.allow?.map(({ text }) => text)).toEqual(['http://localhost:*'])
    expect(project.deny?.map(({ text }) => text)).toEqual(['http', "M({ protocol: 'dns', hostname: '*.example.com' })"])
    expect(project.refuse).toHaveLength(1)
    expect(project.restrict).toHaveLength(2)
  })

  test('gives options by file, with globs relative to its folder and sources that say where they are written', () => {
    const { files } = read({ files: { 'test/db/**': { allow: ['db'], guard: { http: 'observe' }, loopback: 'any' } } })
    expect(files).toHaveLength(1)
    expect(files[0]?.matches(resolve('test/db/orders.test.ts'))).toBe(true)
    expect(files[0]?.matches(resolve('test/orders.test.ts'))).toBe(false)
    expect(files[0]?.scope).toMatchObject({
      kind: 'file',
      source: 'tripwire.config.ts, files["test/db/**"]',
      levels: { http: 'observe' },
      settings: { loopback: 'any' },
    })
  })

  test('takes the plugin of a third party into levels, rules, settings and suggestions', () => {
    const config = read({
      plugins: [toy()],
      guard: { toy: 'warn' },
      allow: ['toy:front-door'],
      volume: 'high',
      bells: { names: ['a'], most: 2 },
      files: { 'a/**': { muted: true } },
    })
    expect(config.plugins.at(-1)?.name).toBe('toy')
    expect(config.project.levels).toEqual({ toy: 'warn' })
    expect(config.project.settings).toEqual({ volume: 'high', bells: { names: ['a'], most: 2 } })
    expect(config.files[0]?.scope.settings).toEqual({ muted: true })
    expect(() => read({ plugins: [toy()], guard: { tyo: 'warn' } })).toThrow('did you mean: toy?')
  })

  test('keeps functions, and copies of data and patterns', () => {
    const onTrip = () => 'allow'
    const data = { any: new Map() }
    const config = read({ onTrip, data, redact: ['secret', /s3cr[e3]t/] })
    expect(config.onTrip).toBe(onTrip)
    expect(config.data).toEqual(data)
    expect(config.redact).toEqual(['secret', /s3cr[e3]t/])
  })

  test('is frozen, and leaves the user’s own data open', () => {
    const data = { mine: 1 }
    const config = read({ guard: { http: 'warn' }, allow: ['http'], files: { 'a/**': {} }, loopback: 'any', data })
    const { project, files, plugins, redact } = config
    const parts = [config, project, project.levels, project.allow, project.settings, files, files[0], files[0]?.scope]
    for (const part of [...parts, plugins, redact]) expect(Object.isFrozen(part)).toBe(true)
    expect(Object.isFrozen(data)).toBe(false)
  })

  test('may leave keys undefined', () => {
    expect(read({ guard: undefined, allow: undefined, files: undefined, redact: undefined }).project).toEqual({
      kind: 'project',
      source: 'tripwire.config.ts',
    })
  })
})

describe('a config is refused', () => {
  test.each([null, undefined, [], 'error', 3, () => ({}), /x/, new Map(), M({ protocol: 'http' })])(
    'that is no object: %o',
    (raw) => {
      expect(refusal(raw)).toMatch(/has a problem\.\n\n {2}it is .*: expected an object with options\.$/)
    },
  )

  test('with everything that is wrong at once', () => {
    const message = refusal({
      guard: { htpp: 'error', http: true, dns: 'eror', default: 3 },
      allow: [],
      dney: ['http'],
      restrict: ['', 'htp:x'],
      files: { 'test/**': { guard: { dsn: 'warn' }, alow: 'http' }, '../x/**': {} },
      loopback: 'owm',
      onTrip: 'allow',
      redact: 'secret',
      plugins: [3],
    })
    expect(message).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 15 problems.

        plugins[0]: it is no plugin (got 3): expected what definePlugin gives.
        dney: the key is unknown (got ["http"]): expected one of guard, allow, deny, refuse, restrict, files, plugins, onTrip, data, redact, loopback, fs (did you mean: deny?)
        loopback: it is no such word (got 'owm'): expected one of 'own', 'any', 'none' (did you mean: own?)
        allow: the list is empty (got []): expected at least one rule, or no key at all.
        restrict[0]: the rule is empty (got ''): expected a rule such as 'http', 'GET https://api.example.com/**' or M({ protocol: 'http', host: '*.example.com' }).
        restrict[1]: 'htp' is no protocol (got 'htp:x'): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: http, https?)
        guard.htpp: the key is unknown (got 'error'): expected one of default, db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: http?)
        guard.http: it is no level (got true): expected one of 'off', 'observe', 'warn', 'error'; true does not say how strict: write 'error'.
        guard.dns: it is no level (got 'eror'): expected one of 'off', 'observe', 'warn', 'error' (did you mean: error?)
        guard.default: it is no level (got 3): expected one of 'off', 'observe', 'warn', 'error'.
        files["test/**"].alow: the key is unknown (got 'http'): expected one of guard, allow, deny, refuse, restrict, loopback, fs (did you mean: allow?)
        files["test/**"].guard.dsn: the key is unknown (got 'warn'): expected one of default, db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: dns?)
        files["../x/**"]: the glob leaves the folder of the config (got '../x/**'): expected a glob relative to the config file, such as 'test/integration/**'.
        redact: it is no list (got 'secret'): expected a list of texts and regular expressions.
        onTrip: it is no function (got 'allow'): expected a function that answers 'allow' or nothing."
    `)
  })

  test('and its error carries the problems as data', () => {
    try {
      read({ guard: { htpp: 'error' }, loopback: 3 })
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'ConfigError', code: 'TRIPWIRE_CONFIG' })
      expect((error as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual([
        'loopback',
        'guard.htpp',
      ])
    }
  })

  test.each(['allow', 'deny', 'refuse', 'restrict'])(
    'for an empty list, an empty rule and no rule at all in %s',
    (key) => {
      expect(refusal({ [key]: [] })).toContain(`${key}: the list is empty (got []): expected at least one rule`)
      expect(refusal({ [key]: ' ' })).toContain(`${key}: the rule is empty (got ' '): expected a rule such as`)
      expect(refusal({ [key]: ['http', 3] })).toContain(`${key}[1]: it is no rule (got 3): expected a rule such as`)
      expect(refusal({ [key]: null })).toContain(`${key}: it is no rule (got null): expected a rule such as`)
      expect(refusal({ [key]: { host: 'a' } })).toContain(`${key}: it is no rule (got {"host":"a"})`)
    },
  )

  test('whatever is in it, with a message and no other error', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(refusal({ guard: { http: circle }, allow: [circle, 1n], redact: [Symbol('x')] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 4 problems.

        allow[0]: it is no rule (got an object): expected a rule such as 'http', 'GET https://api.example.com/**' or M({ protocol: 'http', host: '*.example.com' }).
        allow[1]: it is no rule (got 1n): expected a rule such as 'http', 'GET https://api.example.com/**' or M({ protocol: 'http', host: '*.example.com' }).
        guard.http: it is no level (got an object): expected one of 'off', 'observe', 'warn', 'error'.
        redact[0]: it can hide nothing (got Symbol(x)): expected a text that is not empty, or a regular expression."
    `)
    expect(refusal({ deny: 'x'.repeat(500) })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        deny: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' is no protocol (got 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs."
    `)
  })

  test.each(['toString', 'constructor', '__proto__x', 'hasOwnProperty'])('for the key %s', (key) => {
    expect(refusal({ [key]: 1 })).toContain('the key is unknown')
    expect(refusal({ guard: { [key]: 'error' } })).toContain('the key is unknown')
  })
})

describe('a sentence about a problem', () => {
  test('ends with a period exactly when there is no suggestion', () => {
    for (const raw of [{ gard: 'error' }, { zzzz: 1 }, { guard: 'erorr' }, { guard: 3 }, { allow: ['htp'] }]) {
      const message = refusal(raw)
      expect(message.endsWith('?)') || (message.endsWith('.') && !message.includes('did you mean'))).toBe(true)
    }
  })
})

describe('options of a test or describe', () => {
  const source = 'meta.tripwire of test "pays"'
  const options = (raw: unknown, config = read({ plugins: [toy()] })) =>
    validateOptions(raw, { config, source, kind: 'test' })

  test('become a scope', () => {
    expect(options({ guard: 'observe', allow: ['dns'], loopback: 'none', muted: true })).toMatchObject({
      kind: 'test',
      source,
      levels: { default: 'observe' },
      settings: { loopback: 'none', muted: true },
    })
  })

  test('are refused with all that is wrong', () => {
    expect(() =>
      options({ guard: { htp: 'error' }, alow: 'http', files: {}, allow: [() => true], deny: [], toy: 'off' }),
    ).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] meta.tripwire of test "pays" has 6 problems.

        alow: the key is unknown (got 'http'): expected one of guard, allow, deny, refuse, restrict, loopback, fs, volume, bells, muted (did you mean: allow?)
        files: the key is unknown (got {}): expected one of guard, allow, deny, refuse, restrict, loopback, fs, volume, bells, muted.
        toy: the key is unknown (got 'off'): expected one of guard, allow, deny, refuse, restrict, loopback, fs, volume, bells, muted (did you mean: guard.toy?)
        allow[0]: a bare function is no rule (got a function): expected M({ protocol: '…', fact: value => … }).
        deny: the list is empty (got []): expected at least one rule, or no key at all.
        guard.htp: the key is unknown (got 'error'): expected one of default, db, ws, http, sockets, dns, subprocess, worker, native, fs, toy (did you mean: http?)]
    `)
    expect(() => options('observe')).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] meta.tripwire of test "pays" has a problem.

        it is a string: expected an object with options.]
    `)
  })
})

describe('rules of a block', () => {
  test('are compiled', () => {
    expect(validateRules(['http', 'dns'], 'tripwire.allow', read({})).map(({ text }) => text)).toEqual(['http', 'dns'])
  })

  test('are refused when empty or wrong', () => {
    expect(() => validateRules([], 'tripwire.allow', read({}))).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] The call of tripwire.allow has a problem.

        tripwire.allow: the list is empty (got []): expected at least one rule, or no key at all.]
    `)
    expect(() => validateRules(['htp', ''], 'tripwire.deny', read({}))).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] The call of tripwire.deny has 2 problems.

        tripwire.deny[0]: 'htp' is no protocol (got 'htp'): expected one of db, ws, http, sockets, dns, subprocess, worker, native, fs (did you mean: http, https?)
        tripwire.deny[1]: the rule is empty (got ''): expected a rule such as 'http', 'GET https://api.example.com/**' or M({ protocol: 'http', host: '*.example.com' }).]
    `)
    expect(() => validateRules(undefined, 'tripwire.deny', read({}))).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] The call of tripwire.deny has a problem.

        tripwire.deny: it is no rule (got undefined): expected a rule such as 'http', 'GET https://api.example.com/**' or M({ protocol: 'http', host: '*.example.com' }).]
    `)
  })
})
