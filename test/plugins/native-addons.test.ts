import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ADDONS } from '../../plugins/native/addons.ts'
import { watchExports } from '../../plugins/native/exports.ts'
import { layerOf } from '../../plugins/native/openings.ts'
import type { Layer, Outcome, Tap } from '../../src/plugin.ts'

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
    return [found]
      .flat()
      .map((opening) => layerOf(opening, addon?.name ?? name, args))
      .find((layer) => layer !== undefined)
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
    for (const file of ['file:x?mode=memory&mode=rwc', 'file:x?mode=memory&%6dode=rwc', 'file:x#?mode=memory'])
      expect(opening('sqlite3', 'Database', file)?.operation).toBe('fs:write')
  })

  test('is not judged by what it cannot have meant', () => {
    expect(opening('sqlite3', 'Database', undefined)).toBeUndefined()
    expect(opening('zeromq', 'Socket.prototype.connect', 'inproc://here')).toBeUndefined()
  })
})
