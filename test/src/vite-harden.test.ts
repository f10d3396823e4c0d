import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { builtins } from '../../plugins/index.ts'
import { validateConfig } from '../../src/config/validate.ts'
import { permissionFlags, type Surroundings } from '../../src/vite-harden.ts'

const KNOWN = ['child-process', 'worker', 'addons', 'wasi', 'inspector', 'net'].map((name) => `--allow-${name}`)
const AT: Surroundings = { root: '/repo/app', workspace: '/repo', written: [], inspects: false, known: new Set(KNOWN) }
const flags = (config: object, at: Partial<Surroundings> = {}) =>
  permissionFlags(validateConfig(config, { file: '/repo/tripwire.config.ts', dir: '/repo', builtins }), {
    ...AT,
    ...at,
  })
const allowed = (config: object, at?: Partial<Surroundings>) =>
  flags(config, at)
    .filter((flag) => KNOWN.includes(flag))
    .map((flag) => flag.replace('--allow-', ''))

describe('the flags of a fork', () => {
  test('without a config: reading, the temporary folder, threads, native code and the network', () => {
    expect(flags({})).toEqual(
      expect.arrayContaining([
        '--permission',
        '--allow-fs-read=*',
        `--allow-fs-write=${tmpdir()}`,
        '--allow-worker',
        '--allow-net',
      ]),
    )
    expect(allowed({})).toEqual(['worker', 'addons', 'wasi', 'inspector', 'net'])
  })

  test.each<[string, object, string[]]>([
    ['a level', { guard: { default: 'error', subprocess: 'observe' } }, ['child-process']],
    ['a level for all', { guard: 'warn' }, ['child-process']],
    ['a rule', { allow: 'subprocess:git' }, ['child-process']],
    ['a rule for some files', { files: { 'test/**': { allow: ['subprocess:git'] } } }, ['child-process']],
    ['a rule for anything', { allow: 'http' }, []],
  ])('programs are opened by %s', (_, config, expected) => {
    expect(allowed(config).filter((flag) => flag === 'child-process')).toEqual(expected)
  })

  test.each<[object, string[]]>([
    [{ guard: { native: 'error' } }, ['worker', 'net']],
    [{ guard: { native: 'error' }, allow: 'native:sharp' }, ['worker', 'addons', 'wasi', 'inspector', 'net']],
    [{ deny: 'worker' }, ['addons', 'wasi', 'inspector', 'net']],
    [{ loopback: 'none' }, ['worker', 'addons', 'wasi', 'inspector']],
    [{ loopback: 'none', allow: 'db:postgres://localhost' }, ['worker', 'addons', 'wasi', 'inspector', 'net']],
    [{ loopback: 'none', guard: { http: 'warn' } }, ['worker', 'addons', 'wasi', 'inspector', 'net']],
  ])('%j opens %j', (config, expected) => {
    expect(allowed(config)).toEqual(expected)
  })

  test('coverage by V8 needs the inspector, and a Node that lacks a flag does not get it', () => {
    expect(allowed({ guard: { native: 'error' } }, { inspects: true })).toContain('inspector')
    expect(allowed({}, { known: new Set(['--allow-worker']) })).toEqual(['worker'])
  })

  test('roots are those of the config, with what reading passes anyway', () => {
    const found = flags({ fs: { read: ['.', 'fixtures'], write: ['.cache'] } }, { written: ['/repo/app'] })
    const paths = (access: string) =>
      found.filter((flag) => flag.startsWith(`--allow-fs-${access}=`)).map((flag) => flag.split('=')[1])
    expect(paths('write')).toEqual(expect.arrayContaining(['/repo/.cache', '/repo/app', tmpdir()]))
    expect(paths('write')).not.toContain('/repo')
    expect(paths('read')).toEqual(
      expect.arrayContaining([
        '/repo/app',
        '/repo/fixtures',
        '/repo/.cache',
        '/repo',
        '/repo/node_modules',
        '/repo/app/node_modules',
        tmpdir(),
      ]),
    )
    expect(paths('read')).not.toContain('*')
  })

  test.each<[object, string]>([
    [{ allow: 'fs:write:build/**' }, '--allow-fs-write=*'],
    [{ guard: { fs: 'observe' } }, '--allow-fs-write=*'],
    [{ fs: { read: ['a'] }, allow: 'fs:read:b/**' }, '--allow-fs-read=*'],
  ])('%j needs %s, as flags are coarser than rules', (config, flag) => {
    expect(flags(config)).toContain(flag)
  })

  test('a rule that lets files be read opens no writing', () => {
    expect(flags({ allow: 'fs:read:b/**' })).not.toContain('--allow-fs-write=*')
  })
})
