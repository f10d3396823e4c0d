import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import inspector from 'node:inspector'
import Module, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as traceEvents from 'node:trace_events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { ADDONS } from '../../plugins/native/addons.ts'
import { watchExports } from '../../plugins/native/exports.ts'
import { layerOf } from '../../plugins/native/openings.ts'
import type { Layer, Outcome, Tap } from '../../src/plugin.ts'

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
    make: () => traceEvents.createTracing({ categories: ['node.perf'] }).enable(),
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

describe.each(Object.entries(WAYS))('%s', (_, { make, rule, refused }) => {
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

describe('an addon that is known for I/O of its own', () => {
  /** What is judged, and the outcome that each judgement gets. */
  function tapWith(outcome: Outcome) {
    const layers: Layer[] = []
    const tap = {
      judge: (layer: Layer) => {
        layers.push(layer)
        return outcome
      },
      patch: (owner: Record<string, unknown>, key: string, wrap: (original: unknown) => unknown) => {
        owner[key] = wrap(owner[key])
      },
    } as unknown as Tap
    return { tap, layers }
  }
  class Env {
    opened: unknown
    open(options: unknown) {
      this.opened = options
      return 0
    }
  }

  test('is watched at the method that opens, which works when it may', () => {
    const { tap, layers } = tapWith({ kind: 'pass' })
    const exported = { Env }
    watchExports(tap, '@lmdb/lmdb-linux-x64', exported)
    const env = new exported.Env()
    expect(env.open({ path: '/data/cache', readOnly: true })).toBe(0)
    expect(env.opened).toEqual({ path: '/data/cache', readOnly: true })
    expect(layers).toMatchObject([{ operation: 'fs:read', facts: { product: 'lmdb', path: '/data/cache' } }])
  })

  test('is watched at its class, and opens nothing when it is stopped', () => {
    const stopped = new Error('stopped')
    const { tap, layers } = tapWith({ kind: 'block', error: stopped })
    const made: string[] = []
    class Database {
      constructor(file: string) {
        made.push(file)
      }
    }
    const exported = { Database }
    watchExports(tap, 'sqlite3', exported)
    expect(() => new exported.Database('shop.db')).toThrow(stopped)
    class Mine extends exported.Database {}
    expect(() => new Mine('mine.db')).toThrow(stopped)
    expect(made).toEqual([])
    expect(layers.map(({ facts }) => facts.path)).toEqual([
      join(process.cwd(), 'shop.db'),
      join(process.cwd(), 'mine.db'),
    ])
  })

  test('fails like a file that is not there when it is refused', () => {
    const { tap } = tapWith({ kind: 'refuse' })
    const exported = { open: () => 1 }
    watchExports(tap, '@serialport/bindings-cpp', exported)
    expect(() => (exported.open as (path: string) => number)('/dev/ttyUSB0')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    )
  })

  test('that exports something else, or locks it, is loaded all the same', () => {
    const { tap } = tapWith({ kind: 'pass' })
    for (const exported of [{}, Object.freeze({ Database: class {} }), { Database: 1 }, { Env: undefined }])
      for (const name of ['sqlite3', 'lmdb']) expect(() => watchExports(tap, name, exported)).not.toThrow()
  })

  test('that locks what opens is watched by what stands in its place', () => {
    const { tap, layers } = tapWith({ kind: 'block', error: new Error('stopped') })
    const exported = Object.freeze({ open: (path: string) => path, version: 1 })
    const watched = watchExports(tap, '@duckdb/node-bindings-linux-x64', exported) as typeof exported
    expect(() => watched.open('/a.duckdb')).toThrow('stopped')
    expect(watched.version).toBe(1)
    expect(layers).toMatchObject([{ facts: { driver: '@duckdb/node-api', path: '/a.duckdb' } }])
  })

  const opening = (name: string, path: string, ...args: unknown[]) => {
    const addon = ADDONS.find(({ packages }) => packages.test(name))
    const found = addon?.opens[path]
    if (found === undefined) throw new Error(`${name} has no ${path}`)
    return layerOf(found, addon?.name ?? name, args)
  }
  test.each<[string, string, unknown[], object]>([
    ['sqlite3', 'Database', ['file:/a/b.db?mode=ro'], { product: 'sqlite', path: '/a/b.db', driver: 'sqlite3' }],
    [
      '@libsql/linux-x64-gnu',
      'databaseOpen',
      ['libsql://db.example.com', 'token'],
      { host: 'db.example.com', port: 443 },
    ],
    [
      '@duckdb/node-bindings-linux-x64',
      'get_or_create_from_cache',
      [{}, '/a.duckdb'],
      { product: 'duckdb', path: '/a.duckdb' },
    ],
    ['classic-level', 'db_open', [{}, '/data/level', {}], { product: 'leveldb', path: '/data/level' }],
    [
      'libpq',
      'PQ.prototype.$connect',
      ["host='db.example.com' port=5433 dbname=shop user='o\\'b'"],
      { host: 'db.example.com', port: 5433, database: 'shop' },
    ],
    [
      'libpq',
      'PQ.prototype.$connectSync',
      ['postgresql://app@db.example.com/shop'],
      { host: 'db.example.com', port: 5432, user: 'app' },
    ],
    ['libpq', 'PQ.prototype.$connect', ['host=/run/pg'], { path: '/run/pg/.s.PGSQL.5432' }],
    ['node-pty', 'fork', ['bash', ['-l'], [], '/home'], { program: 'bash', line: '-l', cwd: '/home' }],
    ['node-pty', 'fork', ['/bin/sh', ['-c', 'a b']], { path: '/bin/sh', line: '-c "a b"' }],
    [
      '@serialport/bindings-cpp',
      'open',
      ['/dev/ttyUSB0'],
      { package: '@serialport/bindings-cpp', path: '/dev/ttyUSB0' },
    ],
    ['node-hid', 'HID', [4660, 22_136], { path: '4660:22136' }],
    [
      'zeromq',
      'Socket.prototype.connect',
      ['tcp://queue.example.com:5555'],
      { transport: 'tcp', host: 'queue.example.com', port: 5555 },
    ],
    ['zeromq', 'Socket.prototype.connect', ['ipc:///run/q.sock'], { transport: 'unix', path: '/run/q.sock' }],
  ])('%s: %s %j', (name, path, args, facts) => {
    expect(opening(name, path, ...args)?.facts).toMatchObject(facts)
  })

  test('is a file for the folders of fs to judge, and nothing when it is in memory', () => {
    expect(opening('rocksdb', 'db_open', {}, '/a', { readOnly: true })?.operation).toBe('fs:read')
    expect(opening('lmdb', 'Env.prototype.open', { path: '/data' })?.operation).toBe('fs:write')
    expect(opening('sqlite3', 'Database', 'file:x?mode=memory')).toBeUndefined()
  })

  test('is not judged by what it cannot have meant', () => {
    expect(opening('sqlite3', 'Database', undefined)).toBeUndefined()
    expect(opening('zeromq', 'Socket.prototype.connect', 'inproc://here')).toBeUndefined()
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
