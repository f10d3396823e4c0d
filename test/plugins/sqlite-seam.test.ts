/** The addon of better-sqlite3, by what it is called: on Node 20 the real one is compiled, or ends the process. */
import { describe, expect, test } from 'vitest'
import type { Seam } from '../../plugins/fs/seam.ts'
import { guardSqliteAddons } from '../../plugins/fs/sqlite-addons.ts'
import type { Hosted, How, NativeParts, StandIn } from '../../plugins/fs/stand-in.ts'
import type { Reply } from '../../src/plugin.ts'

type Outcome = { kind: 'block'; error: Error } | { kind: 'reply'; reply: Reply } | undefined
type Load = (module: { exports: object }, file: string) => void

/** As much of the addon as is watched. */
function makeAddon() {
  const said: string[] = []
  class Statement {
    run(...params: unknown[]) {
      said.push(`run ${params.join()}`)
    }
  }
  class Database {
    readonly file: unknown
    readonly: unknown
    constructor(...args: unknown[]) {
      this.file = args[0]
      this.readonly = args[3]
    }
    exec(sql: string) {
      said.push(sql)
    }
    prepare(sql: string) {
      said.push(sql)
      return new Statement()
    }
    backup(...args: unknown[]) {
      said.push(`backup ${args[2]}`)
      return {}
    }
  }
  return { said, exported: { Database, Statement } }
}

/** Loads it under the name of a file, guarded. @param judge says what becomes of a path */
function load(file: string, judge: (path: unknown, access: string) => Outcome = () => undefined) {
  const { said, exported } = makeAddon()
  let loading: Load | undefined
  const patch = (owner: Record<string, unknown>, key: string, wrap: (original: unknown) => unknown) => {
    if (owner === (process as never))
      loading = wrap((module: { exports: object }) => void Object.assign(module, { exports: exported })) as Load
    else owner[key] = wrap(owner[key])
  }
  const seam = { tap: { patch }, judge: (path: unknown, { access }: { access: string }) => judge(path, access) }
  guardSqliteAddons(seam as unknown as Seam)
  loading?.({ exports: {} }, file)
  const open = (name: string, options: { memory?: boolean; readonly?: boolean; must?: boolean; fd?: number } = {}) =>
    new exported.Database(
      ...[name, name, options.memory ?? false, options.readonly ?? false, options.must ?? false],
      ...[5000, null, null, options.fd ?? null, null],
    )
  return { open, said }
}

const FILES = {
  12: '/app/node_modules/better-sqlite3/build/Release/better_sqlite3.node',
  13: '/app/node_modules/better-sqlite3/prebuilds/linuxmusl-x64.node',
  '13 on Windows': 'C:\\app\\node_modules\\better-sqlite3\\prebuilds\\win32-arm64.node',
}
const stopped = new Error('stopped')

describe.each(Object.entries(FILES))('better-sqlite3 %s', (_, file) => {
  test('is stopped where it opens a file, and where SQL does', () => {
    const judged: unknown[] = []
    const { open, said } = load(file, (path, access) => {
      judged.push([path, access])
      return path === 'stopped.db' ? { kind: 'block', error: stopped } : undefined
    })
    expect(() => open('stopped.db')).toThrow(stopped)
    const database = open('shop.db', { readonly: true })
    expect(() => database.exec("attach 'stopped.db' as x")).toThrow(stopped)
    expect(() => database.prepare('attach ? as x').run('stopped.db')).toThrow(stopped)
    expect(() => database.backup(database, 'main', 'stopped.db', true)).toThrow(stopped)
    expect(said).toEqual(['attach ? as x'])
    expect(judged).toEqual([
      ['stopped.db', 'write'],
      ['shop.db', 'read'],
      ['stopped.db', 'read'],
      ['stopped.db', 'read'],
      ['stopped.db', 'write'],
    ])
  })
})

test('an addon of another name is left alone', () => {
  const { open } = load('/app/node_modules/other/prebuilds/linux-x64.node', () => ({ kind: 'block', error: stopped }))
  expect(open('shop.db').file).toBe('shop.db')
})

test('what is in memory, or comes as a descriptor, is no file to judge', () => {
  const { open } = load(FILES[13], () => ({ kind: 'block', error: stopped }))
  expect(open(':memory:', { memory: true }).file).toBe(':memory:')
  expect(open('fd:5', { fd: 5 }).file).toBe('fd:5')
  expect(() => open('fd:5')).toThrow(stopped)
})

describe('what answers in the place of a file', () => {
  function answered() {
    const asked: [string, How | undefined][] = []
    const followed: unknown[] = []
    const instead = { name: 'instead' }
    const host: Hosted = {
      call: (_self, method, original, args, given) => {
        followed.push([method, given])
        return Reflect.apply(original, _self, args)
      },
    }
    const embedded: StandIn = {
      name: (_reply, how) => {
        asked.push(['name', how])
        return "memory's"
      },
      host: () => host,
      native: (_reply, args, how, { make, hosts }: NativeParts) => {
        asked.push([`native ${args[0]}`, how])
        expect(make(':memory:', ':memory:', true)).toMatchObject({ file: ':memory:' })
        hosts.set(instead, host)
        return instead
      },
      receive: (_reply, _source, attached, how) => {
        asked.push([`receive ${attached}`, how])
        return instead
      },
      cannot: () => stopped,
    }
    const reply = { answer: { embedded } } as unknown as Reply
    const loaded = load(FILES[13], (path) => (/^mocked/.test(String(path)) ? { kind: 'reply', reply } : undefined))
    return { ...loaded, asked, followed, instead }
  }
  const how = (readOnly: boolean, mustExist: boolean): How => ({ driver: 'better-sqlite3', readOnly, mustExist })

  test('is what the library gets, and knows how it was opened', () => {
    const { open, asked, instead } = answered()
    expect(open('mocked.db')).toBe(instead)
    open('mocked.db', { readonly: true })
    open('mocked.db', { must: true })
    expect(asked).toEqual([
      ['native mocked.db', how(false, false)],
      ['native mocked.db', how(true, true)],
      ['native mocked.db', how(false, true)],
    ])
  })

  test('has its own name in SQL and as a parameter, and is told from then on', () => {
    const { open, said, followed, asked } = answered()
    const database = open('real.db')
    database.exec('select 1')
    database.exec("attach 'mocked.db' as a; attach 'real.db' as b")
    const attach = database.prepare('attach ? as c')
    attach.run('mocked.db')
    expect(said).toEqual([
      'select 1',
      "attach 'memory''s' as a; attach 'real.db' as b",
      'attach ? as c',
      "run memory's",
    ])
    expect(followed).toEqual([
      ['exec', ["attach 'mocked.db' as a; attach 'real.db' as b"]],
      ['prepare', ['attach ? as c']],
    ])
    expect(asked.map(([what]) => what)).toEqual(['name', 'name'])
  })

  test('takes a backup', () => {
    const { open, said, asked, instead } = answered()
    const database = open('real.db')
    expect(database.backup(database, 'main', 'mocked.db', true)).toBe(instead)
    database.backup(database, 'main', 'copy.db', true)
    expect(said).toEqual(['backup copy.db'])
    expect(asked).toEqual([['receive main', how(false, false)]])
  })
})
