import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server, Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { watchOwnServers } from '../../src/main-servers.ts'
import type { Provided } from '../../src/provided.ts'
import defaultDoor, { tripwire } from '../../src/vite.ts'

const DOORS = { setup: /dist[/\\]worker[/\\]setup\.js$/, preload: /dist[/\\]worker[/\\]register\.cjs$/ }
const folders: string[] = []
const closers: (() => unknown)[] = []

function folder(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tripwire-vite-')))
  folders.push(root)
  mkdirSync(join(root, 'node_modules'))
  for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files }))
    writeFileSync(join(root, name), text)
  return root
}

/** As much of Vitest as the plugin touches. */
function fakeVitest({ watch = false, reporters = [['default', {}]] as unknown[] } = {}) {
  const warnings: string[] = []
  const watched: string[] = []
  const reruns: (() => unknown)[] = []
  const vitest = {
    projects: [] as unknown[],
    config: { watch, reporters, forceRerunTriggers: [] as string[] },
    logger: { warn: (message: string) => warnings.push(message) },
    vite: { watcher: { add: (files: string[]) => watched.push(...files) } },
    onTestsRerun: (rerun: () => unknown) => reruns.push(rerun),
    onClose: (close: () => unknown) => closers.push(close),
  }
  const project = (
    root: string,
    more: { plugins?: string[]; browser?: boolean; name?: string; tripwire?: unknown } = {},
  ) => {
    const provided: Provided[] = []
    const made = {
      name: more.name ?? '',
      provided,
      config: {
        root,
        setupFiles: ['/user/setup.ts'],
        execArgv: ['--user'],
        browser: { enabled: more.browser ?? false },
        ...(more.tripwire !== undefined && { tripwire: more.tripwire }),
      },
      vite: { config: { plugins: (more.plugins ?? ['vitest-tripwire']).map((name) => ({ name })) } },
      provide: (key: string, value: Provided) => {
        expect(key).toBe('vitest-tripwire')
        provided.push(structuredClone(value))
      },
    }
    vitest.projects.push(made)
    return made
  }
  const rerun = () => Promise.all(reruns.map((run) => run()))
  return { vitest, project, warnings, watched, rerun }
}

type Fake = ReturnType<typeof fakeVitest>
const open = (plugin: ReturnType<typeof tripwire>, vitest: Fake['vitest'], project: unknown) =>
  plugin.configureVitest({ vitest, project } as never)

afterEach(() => {
  for (const close of closers.splice(0)) close()
  for (const root of folders.splice(0)) rmSync(root, { recursive: true })
})

describe('the plugin', () => {
  test('is the default export as well', () => {
    expect(defaultDoor).toBe(tripwire)
    expect(tripwire().name).toBe('vitest-tripwire')
  })

  test('puts the setup file before the user’s, the preload behind the user’s, and a reporter beside the user’s', async () => {
    const { vitest, project } = fakeVitest()
    const one = project(folder({}))
    await open(tripwire(), vitest, one)
    expect(one.config.setupFiles).toEqual([expect.stringMatching(DOORS.setup), '/user/setup.ts'])
    expect(one.config.execArgv).toEqual(['--user', '--require', expect.stringMatching(DOORS.preload)])
    expect(vitest.config.reporters).toEqual([
      ['default', {}],
      expect.objectContaining({ onTestRunEnd: expect.any(Function) }),
    ])
  })

  test('used twice, or beside the setup file, is one installation', async () => {
    const { vitest, project } = fakeVitest()
    const one = project(folder({}))
    await Promise.all([open(tripwire(), vitest, one), open(tripwire(), vitest, one)])
    expect(one.config.setupFiles).toHaveLength(2)
    expect(one.config.execArgv).toHaveLength(3)
    expect(one.provided).toHaveLength(1)
    expect(vitest.config.reporters).toHaveLength(2)
  })

  test('adds no reporter where the user did, nor a second one for a second project', async () => {
    const { vitest, project } = fakeVitest({ reporters: [['vitest-tripwire/reporter', {}]] })
    const root = folder({})
    for (const one of [project(root), project(root)]) await open(tripwire(), vitest, one)
    expect(vitest.config.reporters).toHaveLength(1)
    const other = fakeVitest()
    for (const one of [other.project(root), other.project(root)]) await open(tripwire(), other.vitest, one)
    expect(other.vitest.config.reporters).toHaveLength(2)
  })

  test('refuses two configs for one project', async () => {
    const { vitest, project } = fakeVitest()
    const one = project(folder({ 'a.ts': 'export default {}', 'b.ts': 'export default {}' }))
    await open(tripwire({ config: 'a.ts' }), vitest, one)
    await expect(open(tripwire({ config: 'b.ts' }), vitest, one)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] The tripwire plugin is used twice in one project, with two configs, and only one can be in force.

        tripwire({ config: 'a.ts' })
        tripwire({ config: 'b.ts' })
        fix  keep one of them; a project that shall not have the plugins of the root says \`extends: false\` (Vitest 5 hands them down)]
    `)
  })

  test('refuses settings in the Vitest config, whichever way it gets there', async () => {
    const { vitest, project } = fakeVitest()
    expect(() => tripwire().config({ test: { tripwire: {} } })).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: [TRIPWIRE_CONFIG] Settings of tripwire were found in test.tripwire of the Vitest config, where they have no effect.

        fix  move them to tripwire.config.ts:
               import { defineConfig } from 'vitest-tripwire/config'
               export default defineConfig({ … })]
    `)
    await expect(open(tripwire(), vitest, project(folder({}), { tripwire: {} }))).rejects.toThrow('test.tripwire')
    expect(() => tripwire().config({})).not.toThrow()
  })

  test('warns of projects without it and of browsers, once', async () => {
    const { vitest, project, warnings } = fakeVitest()
    const root = folder({})
    const [one, two] = [project(root, { name: 'one' }), project(root, { name: 'two', browser: true })]
    project(root, { name: 'three', plugins: [] })
    for (const each of [one, two]) await open(tripwire(), vitest, each)
    expect(warnings).toMatchInlineSnapshot(`
      [
        "[vitest-tripwire] The project "two" runs in a browser, where nothing is guarded.",
        "[vitest-tripwire] The project "three" does not have the plugin, so nothing is guarded there.
        fix  give the project \`extends: true\`, or \`plugins: [tripwire()]\` of its own",
      ]
    `)
    expect(two.config.execArgv).toEqual(['--user'])
  })

  test('warns when Vitest 4 has set up projects none of which has it', async () => {
    const warnings: string[] = []
    const server = (plugins: object[]) => ({
      config: { plugins, logger: { warn: (message: string) => warnings.push(message) } },
    })
    const start = (plugins: object[]) => tripwire().configureServer(server(plugins) as never)()
    start([{ name: 'a' }])
    start([{ name: 'vitest' }])
    expect(warnings).toEqual([])
    start([{ name: 'vitest', configureServer: {} }])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('None of the projects has the plugin')
  })
})

describe('the config', () => {
  test('is handed to workers as data', async () => {
    const { vitest, project } = fakeVitest()
    const root = folder({ 'tripwire.config.ts': "export default { guard: 'warn' }" })
    const one = project(root)
    await open(tripwire(), vitest, one)
    expect(one.provided).toEqual([
      expect.objectContaining({
        file: join(root, 'tripwire.config.ts'),
        dir: root,
        raw: { guard: 'warn' },
        ownEndpoints: [],
      }),
    ])
  })

  test('is read once for the projects that share it', async () => {
    const { vitest, project } = fakeVitest()
    const root = folder({
      'tripwire.config.ts': `import { appendFileSync } from 'node:fs'; appendFileSync(process.env.TRIPWIRE_COUNT!, 'x'); export default {}`,
    })
    process.env.TRIPWIRE_COUNT = join(root, 'count')
    await Promise.all([project(root), project(root), project(root)].map((one) => open(tripwire(), vitest, one)))
    expect(readFileSync(join(root, 'count'), 'utf8')).toBe('x')
  })

  test('stops the start when it is wrong', async () => {
    const { vitest, project } = fakeVitest()
    const root = folder({ 'tripwire.config.ts': "export default { guard: 'eror' }" })
    await expect(open(tripwire(), vitest, project(root))).rejects.toThrow('did you mean: error?')
    await expect(open(tripwire({ config: 'no.ts' }), vitest, project(root))).rejects.toThrow('does not exist')
  })

  test('is read again before each rerun; while it is wrong no file runs, and then it recovers', async () => {
    const { vitest, project, rerun, watched } = fakeVitest({ watch: true })
    const root = folder({
      'tripwire.config.ts': "import { level } from './level.ts'; export default { guard: level }",
      'level.ts': "export const level = 'warn'",
    })
    const one = project(root)
    await open(tripwire(), vitest, one)
    const [config, level] = [join(root, 'tripwire.config.ts'), join(root, 'level.ts')]
    expect(watched.sort()).toEqual([level, config].sort())
    expect(vitest.config.forceRerunTriggers).toEqual(expect.arrayContaining([config, level]))

    const change = async (file: string, text: string) => {
      writeFileSync(file, text)
      utimesSync(file, new Date(), new Date())
      await rerun()
      return one.provided.at(-1)
    }
    expect(await change(level, "export const level = 'observe'")).toMatchObject({ raw: { guard: 'observe' } })
    const broken = await change(level, "export const level = 'obzerve'")
    expect(broken).toMatchObject({ raw: undefined })
    expect(broken?.broken).toMatch(/has a problem\.\n\n {2}guard: it is no level \(got 'obzerve'\)/)
    expect((await change(config, 'export default {'))?.broken).toContain('could not be loaded')
    const mended = await change(config, "export default { guard: 'off' }")
    expect(mended).toMatchObject({ raw: { guard: 'off' } })
    expect(mended).not.toHaveProperty('broken')
  })

  test('in a folder with glob characters in its name is watched as that folder', async () => {
    const { vitest, project } = fakeVitest({ watch: true })
    const root = join(folder({}), 'app (x) [id]')
    mkdirSync(root)
    writeFileSync(join(root, 'package.json'), '{}')
    writeFileSync(join(root, 'tripwire.config.mjs'), 'export default {}')
    await open(tripwire(), vitest, project(root))
    expect(vitest.config.forceRerunTriggers.at(-1)).toMatch(/app \\\(x\\\) \\\[id\\\]\/tripwire\.config\.mjs$/)
  })
})

describe('servers of the main process', () => {
  const listen = (server: Server, place: number | string) =>
    new Promise<void>((done) => void server.listen(place, done))

  test('are told to the workers when they begin to listen, on ports and on paths', async () => {
    const { vitest, project } = fakeVitest()
    const root = folder({})
    const one = project(root)
    await open(tripwire(), vitest, one)
    const [tcp, unix] = [createServer(), createServer()]
    closers.push(
      () => tcp.close(),
      () => unix.close(),
    )
    await listen(tcp, 0)
    await listen(unix, join(root, 's.sock'))
    const { port } = tcp.address() as { port: number }
    expect(one.provided.at(-1)?.ownEndpoints).toEqual([`tcp:${port}`, `unix:${join(root, 's.sock')}`])
  })

  test('are watched until the last watcher stops, which takes the patch back', () => {
    const before = Reflect.get(TcpServer.prototype, '_listen2')
    const [one, two] = [watchOwnServers(() => {}), watchOwnServers(() => {})]
    expect(Reflect.get(TcpServer.prototype, '_listen2')).not.toBe(before)
    one.stop()
    expect(Reflect.get(TcpServer.prototype, '_listen2')).not.toBe(before)
    two.stop()
    expect(Reflect.get(TcpServer.prototype, '_listen2')).toBe(before)
  })
})
