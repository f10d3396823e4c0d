import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import inspector from 'node:inspector'
import Module, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const load = createRequire(import.meta.url)
const STOPPED = 'TRIPWIRE_GUARDED_CALL'
const BINARY = findBinary()
let folder: string
let copies = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tripwire-native-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A real addon, which Vite brings for each platform as a package of its own. */
function findBinary(): string {
  const modules = join(import.meta.dirname, '../../node_modules')
  const name = readdirSync(modules).find((name) => name.startsWith('lightningcss-'))
  return load.resolve(name ?? 'lightningcss-…')
}

/** The addon once more, as that of a package: each file is loaded once. */
function addonOf(name: string): string {
  const file = join(folder, `${++copies}`, 'node_modules', name, 'build', 'addon.node')
  mkdirSync(join(file, '..'), { recursive: true })
  copyFileSync(BINARY, file)
  return file
}

const named = (level: string, fn: () => unknown) => tripwire.sandbox({ guard: { native: level } }, fn)
const codeOf = (fn: () => unknown) => {
  try {
    fn()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

/** Every way to native code that changes nothing when it is stopped; all of them have to be refused by an error of this code. */
const WAYS: Readonly<
  Record<string, { readonly make: () => unknown; readonly rule: string; readonly refused: string }>
> = {
  'require of an addon': {
    make: () => load(addonOf('some-addon')),
    rule: 'native:some-addon',
    refused: 'ERR_DLOPEN_FAILED',
  },
  'require of an addon of a scope': {
    make: () => load(addonOf('@some/addon')),
    rule: 'native:@some/addon',
    refused: 'ERR_DLOPEN_FAILED',
  },
  'process.dlopen': {
    make: () => process.dlopen({ exports: {} } as never, addonOf('some-addon')),
    rule: 'native:some-addon',
    refused: 'ERR_DLOPEN_FAILED',
  },
  'inspector.open': {
    make: () => inspector.open(0, '127.0.0.1'),
    rule: 'native:inspector.open',
    refused: 'ERR_INSPECTOR_NOT_AVAILABLE',
  },
  'inspector.open of the promises': {
    make: () => load('node:inspector/promises').open(0, '127.0.0.1'),
    rule: 'native:inspector.open',
    refused: 'ERR_INSPECTOR_NOT_AVAILABLE',
  },
  'module.register': {
    make: () => Module.register('data:text/javascript,'),
    rule: 'native:module.register',
    refused: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
  },
  'trace_events.enable': {
    make: () =>
      load('node:trace_events')
        .createTracing({ categories: ['node.perf'] })
        .enable(),
    rule: 'native:trace_events.enable',
    refused: 'ERR_TRACE_EVENTS_UNAVAILABLE',
  },
  'process.setuid': { make: () => process.setuid?.(65_534), rule: 'native:process.setuid', refused: 'EPERM' },
  'process.setegid': { make: () => process.setegid?.(65_534), rule: 'native:process.setegid', refused: 'EPERM' },
  'process.setgroups': {
    make: () => process.setgroups?.([65_534]),
    rule: 'native:process.setgroups',
    refused: 'EPERM',
  },
}

/** What Node has in the main thread only. */
const OF_MAIN = /^(?:trace_events|process\.set)/
const ways = Object.entries(WAYS).filter(([name]) => isMainThread || !OF_MAIN.test(name))

describe.each(ways)('%s', (_, { make, rule, refused }) => {
  test('is stopped where a guard names the protocol, and names the rule that lets it through', async () => {
    const [trip] = await tripwire.expectTrip('native', () =>
      expect(codeOf(() => named('error', make))).toBe('TRIPWIRE_UNMOCKED_INTERACTION'),
    )
    expect(trip).toMatchObject({ protocol: 'native', kind: 'blocked', rule })
    expect(trip?.callSite?.file).toBe(import.meta.filename)
  })

  test('is stopped by a rule that names it', async () => {
    await tripwire.expectTrip('native', () => expect(codeOf(() => tripwire.deny(rule, make))).toBe(STOPPED))
  })

  test('fails as the system lets it fail where it is refused', () => {
    expect(codeOf(() => tripwire.refuse(rule, make))).toBe(refused)
  })
})

describe('by default', () => {
  test('an addon is loaded, and reported', async () => {
    const [trip, ...more] = await tripwire.expectTrip('native', () => {
      expect(Object.keys(load(addonOf('some-addon')))).toContain('transform')
    })
    expect(more).toEqual([])
    expect(trip).toMatchObject({ kind: 'observed', facts: { package: 'some-addon' } })
    expect(trip?.description).toMatch(/^loading the native addon some-addon \(.*addon\.node\)$/)
  })

  test.each([
    ['a sandbox', (fn: () => unknown) => tripwire.sandbox(fn)],
    ['a sandbox at error for everything', (fn: () => unknown) => tripwire.sandbox({ guard: 'error' }, fn)],
    ['a ceiling', (fn: () => unknown) => tripwire.restrict('http', fn)],
  ])('it is loaded in %s too', async (_, within) => {
    const trips = await tripwire.expectTrip('native', () => within(() => load(addonOf('some-addon'))))
    expect(trips).toMatchObject([{ kind: 'observed' }])
  })

  test('nothing is reported where everything is off, or a rule allows it', async () => {
    const quiet = (fn: () => unknown) => tripwire.expectTrip('native', fn).catch((error) => error.code)
    expect(await quiet(() => tripwire.sandbox({ guard: 'off' }, () => load(addonOf('some-addon'))))).toBe(
      'TRIPWIRE_EXPECTED_TRIP',
    )
    expect(await quiet(() => tripwire.allow('native:some-*', () => load(addonOf('some-addon'))))).toBe(
      'TRIPWIRE_EXPECTED_TRIP',
    )
  })
})

describe('rules', () => {
  test.each(['', 'a b', 'native addon', 'a:b'])("'native:%s' is refused", (text) => {
    expect(() => tripwire.allow(`native:${text}`, () => {})).toThrow(
      expect.objectContaining({ code: 'TRIPWIRE_CONFIG' }),
    )
  })

  test.each(['native:**/some-addon/**', 'native:some-*', 'native:**/*.node'])('%s names an addon', async (rule) => {
    const [trip] = await tripwire.expectTrip('native', () =>
      expect(codeOf(() => tripwire.deny(rule, () => load(addonOf('some-addon'))))).toBe(STOPPED),
    )
    expect(trip?.why.text).toContain(rule)
  })
})
