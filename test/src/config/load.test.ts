import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { loadInWorker, workerConfig } from '../../../src/config/worker-config.ts'
import { ConfigError } from '../../../src/errors/classes.ts'
import type { Provided } from '../../../src/provided.ts'
import { VERSION } from '../../../src/version.ts'

const CONFIG_DOOR = JSON.stringify(join(import.meta.dirname, '../../../src/config.ts'))
const roots: string[] = []

function write(name: string, text: string, more: Readonly<Record<string, string>> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tripwire-load-')))
  roots.push(root)
  mkdirSync(join(root, 'node_modules'))
  for (const [path, content] of Object.entries({ 'package.json': '{"type":"module"}', ...more, [name]: text }))
    writeFileSync(join(root, path), content)
  return join(root, name)
}

const root = () => roots.at(-1) as string

async function refusal(act: Promise<unknown>): Promise<Error> {
  const error = await act.then(
    () => new Error('nothing was thrown'),
    (thrown: Error) => thrown,
  )
  expect(error).toBeInstanceOf(ConfigError)
  error.message = error.message.replaceAll(root(), '<root>').replace(/(?:\.\.\/)+tmp\/[\w-]+/, '<root>')
  return error
}

afterEach(() => {
  for (const folder of roots.splice(0)) rmSync(folder, { recursive: true })
})

describe('the main process', () => {
  test('hands plain data to workers', async () => {
    const file = write(
      'tripwire.config.ts',
      "const level: string = 'warn'; export default { guard: level, data: [1, { a: null }] }",
    )
    const { provided, dependencies } = await loadConfig(file, root())
    expect(provided).toEqual({ version: VERSION, file, dir: root(), raw: { guard: 'warn', data: [1, { a: null }] } })
    expect(dependencies).toEqual([file])
  })

  test('needs no file', async () => {
    expect(await loadConfig(undefined, '/anywhere')).toMatchObject({
      provided: { version: VERSION, file: undefined, dir: '/anywhere', raw: {} },
      dependencies: [],
    })
  })

  test('knows what the config imports', async () => {
    const file = write('tripwire.config.ts', "import { allow } from './rules.ts'\nexport default { allow }", {
      'rules.ts': "export const allow = ['http']",
    })
    const { dependencies } = await loadConfig(file, root())
    expect([...dependencies].sort()).toEqual([join(root(), 'rules.ts'), file].sort())
  })

  test.each([
    ['a function', 'export default { onTrip: () => undefined }'],
    ['a pattern', 'export default { redact: [/x/] }'],
    ['a matcher', `import { M } from ${CONFIG_DOOR}; export default { allow: M({ protocol: 'http' }) }`],
    ['a value of a class', 'export default { data: new Map() }'],
    ['a circle', 'const data: any = {}; data.self = data; export default { data }'],
  ])('leaves the import to workers for %s', async (_, text) => {
    const file = write('tripwire.config.ts', text)
    expect((await loadConfig(file, root())).provided.raw).toBeUndefined()
  })

  test('refuses a config that throws, with its error as the cause', async () => {
    const file = write('tripwire.config.ts', "throw new TypeError('no such secret')")
    const error = await refusal(loadConfig(file, root()))
    expect(error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] <root>/tripwire.config.ts could not be loaded: no such secret

        fix  the error is that of your config file, or of what it imports"
    `)
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'no such secret' })
  })

  test.each([
    ['nothing', 'export const guard = 1'],
    ['null', 'export default null'],
    ['a list', 'export default []'],
    ['a text', "export default 'error'"],
  ])('refuses a config that exports %s', async (_, text) => {
    const error = await refusal(loadConfig(write('tripwire.config.ts', text), root()))
    expect(error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] <root>/tripwire.config.ts exports no config object.

        fix  export one as default:
               import { defineConfig } from 'vitest-tripwire/config'
               export default defineConfig({ guard: 'error' })"
    `)
  })

  test('refuses a config that is no JavaScript, and names the file', async () => {
    const error = await refusal(loadConfig(write('tripwire.config.mjs', 'export default {'), root()))
    expect(error.message).toMatch(/^\[TRIPWIRE_CONFIG\] <root>\/tripwire\.config\.mjs could not be loaded: /)
  })

  test('refuses a config with faults', async () => {
    const error = await refusal(loadConfig(write('tripwire.config.mts', "export default { gurad: 'off' }"), root()))
    expect(error.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] <root>/tripwire.config.mts has a problem.

        gurad: the key is unknown (got 'off'): expected one of guard, allow, deny, refuse, restrict, files, plugins, onTrip, data, redact, loopback, fs (did you mean: guard?)"
    `)
  })
})

describe('a worker', () => {
  const given = (parts: Partial<Provided>): Provided => ({
    version: VERSION,
    file: undefined,
    dir: '/repo',
    raw: undefined,
    ownEndpoints: [],
    ...parts,
  })
  const importer = (path: string) => import(`${pathToFileURL(path).href}?${Math.random()}`)
  const never = () => Promise.reject(new Error('imported'))

  test('takes plain data from the main process without importing anything', async () => {
    const raw = { guard: 'warn' }
    expect(await workerConfig(given({ raw, file: '/repo/tripwire.config.ts' }), '/repo', never)).toEqual({
      raw,
      file: '/repo/tripwire.config.ts',
      dir: '/repo',
    })
    expect(await workerConfig(given({}), '/repo', never)).toEqual({ raw: {}, file: undefined, dir: '/repo' })
  })

  test('imports a config that is not plain', async () => {
    const file = write('tripwire.config.mjs', 'export default { redact: [/x/] }')
    const { raw, dir } = await workerConfig(given({ file }), '/elsewhere', importer)
    expect(raw).toEqual({ redact: [/x/] })
    expect(dir).toBe(root())
  })

  test('finds the config itself where the setup file stands alone', async () => {
    const file = write('tripwire.config.mjs', "export default { guard: 'warn' }")
    expect(await workerConfig(undefined, root(), importer)).toEqual({ raw: { guard: 'warn' }, file, dir: root() })
    expect(await workerConfig(undefined, join(write('a.txt', ''), '..'), never)).toMatchObject({
      raw: {},
      file: undefined,
    })
  })

  test('refuses settings in package.json where the setup file stands alone', async () => {
    write('a.txt', '', { 'package.json': '{ "tripwire": {} }' })
    expect((await refusal(workerConfig(undefined, root(), never))).message).toContain('package.json, tripwire')
  })

  test('runs no test under a config that broke while Vitest watched', async () => {
    const broken = 'tripwire.config.ts has a problem.'
    write('a.txt', '')
    const error = await refusal(workerConfig(given({ broken, raw: {} }), '/repo', never))
    expect(error.message).toBe('[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.')
  })

  test('sees what Vite sees: a promise and a function count as what they give', async () => {
    const text = 'export default async ({ mode }) => ({ data: mode })'
    const file = write('tripwire.config.mjs', text)
    expect(await loadInWorker(file, importer)).toEqual({ data: 'test' })
    expect((await loadConfig(file, root())).provided.raw).toEqual({ data: 'test' })
    const promised = write('tripwire.config.mjs', 'export default Promise.resolve({ data: 1 })')
    expect(await loadInWorker(promised, importer)).toEqual({ data: 1 })
    expect((await loadConfig(promised, root())).provided.raw).toEqual({ data: 1 })
  })

  test('says the same as the main process of a config that throws or exports nothing', async () => {
    const throwing = write('tripwire.config.mjs', "throw new TypeError('no such secret')")
    const [there, here] = await Promise.all([
      refusal(loadConfig(throwing, root())),
      refusal(loadInWorker(throwing, importer)),
    ])
    expect(here.message).toBe(there.message)
    const empty = write('tripwire.config.mjs', 'export const a = 1')
    expect((await refusal(loadInWorker(empty, importer))).message).toBe(
      (await refusal(loadConfig(empty, root()))).message,
    )
  })
})
