import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../../support/run-vitest.ts'
import { startWorld, type World } from '../../support/world.ts'

/** Where the parts of a fix are pasted. */
interface Paste {
  readonly config?: string
  readonly top?: string
  readonly options?: string
  readonly body?: string
  readonly sandbox?: string
  readonly hook?: string
}

interface Place {
  /** The project with a call that is stopped. */
  readonly files: (url: string, paste: Paste) => Record<string, string>
  /** The test or file that is red. */
  readonly red: string
}

const IMPORTS = "import { beforeAll, test } from 'vitest'\nimport { tripwire } from 'vitest-tripwire'\n"
const config = (keys: string) =>
  `import { defineConfig } from 'vitest-tripwire/config'\nexport default defineConfig({ ${keys} })\n`
const call = (url: string) => `await fetch('${url}').catch(() => {})`
const project = (source: string, keys = '') => ({
  'a.test.ts': `${IMPORTS}${source}`,
  'tripwire.config.ts': config(keys),
})

const PLACES: Record<string, Place> = {
  'a test': {
    red: 'calls',
    files: (url, { options, body = '', config: keys }) =>
      project(`test('calls', ${options ? `${options}, ` : ''}async () => {\n${body}\n${call(url)}\n})`, keys),
  },
  'a hook': {
    red: 'a.test.ts',
    files: (url, { hook = '', config: keys }) =>
      project(`beforeAll(async () => {\n${hook}\n${call(url)}\n})\ntest('calls', () => {})`, keys),
  },
  'an import': {
    red: 'a.test.ts',
    files: (url, { config: keys }) => project(`${call(url)}\ntest('calls', () => {})`, keys),
  },
  'a sandbox': {
    red: 'calls',
    files: (url, { sandbox, config: keys }) =>
      project(
        `test('calls', async () => {\nawait tripwire.sandbox(${sandbox ? `${sandbox}, ` : ''}async () => { ${call(url)} })\n})`,
        keys,
      ),
  },
  'a ceiling of the config': {
    red: 'calls',
    files: (url, { config: keys = "restrict: ['dns', 'http:elsewhere.example']" }) =>
      project(`test('calls', async () => { ${call(url)} })`, keys),
  },
  'a ceiling of a test': {
    red: 'calls',
    files: (url, { body = "tripwire.restrict(['dns', 'http:elsewhere.example'])" }) =>
      project(`test('calls', async () => {\n${body}\n${call(url)}\n})`),
  },
}

/** What a message says to do, and what to paste. */
function fixesIn(message: string): { does: string; code: string }[] {
  const fixes: { does: string; code: string }[] = []
  for (const line of message.slice(message.indexOf('\n  fix')).split('\n').slice(1)) {
    if (/^ {2}(?:near|more)/.test(line)) break
    const [, does] = /^(?: {2}fix {4}| {9})(\S.*):$/.exec(line) ?? []
    const [, code] = /^ {11}(\S.*)$/.exec(line) ?? []
    if (does !== undefined) fixes.push({ does, code: '' })
    const last = fixes.at(-1)
    if (code !== undefined && last) last.code += `${last.code ? '\n' : ''}${code}`
  }
  return fixes
}

function pasteFor(does: string, code: string): Paste {
  if (does.includes('tripwire.config.ts')) return { config: code.split('\n').join(', ') }
  if (does.includes('second argument of test()')) return { options: code }
  if (does.includes('first argument of tripwire.sandbox()')) return { sandbox: code }
  if (does.includes('from this hook on')) return { hook: code }
  return { body: code }
}

const messageOf = (run: VitestRun, red: string) => run.tests[red]?.messages[0] ?? run.files[red]?.message ?? run.output

describe.each(Object.entries(PLACES))('what the error of %s says to paste', (_, { files, red }) => {
  let world: World
  let url: string
  let fixes: { does: string; code: string }[]
  beforeAll(async () => {
    world = await startWorld()
    url = `http://127.0.0.1:${world.http}/prices`
    const run = await runVitest(files(url, {}))
    expect(run.exitCode).toBe(1)
    await world.quiet()
    expect(world.log).toEqual([])
    fixes = fixesIn(messageOf(run, red).includes('  fix') ? messageOf(run, red) : run.output)
  })
  afterAll(async () => {
    await world[Symbol.asyncDispose]()
  })

  test('makes it pass, each by itself', async () => {
    expect(fixes.length).toBeGreaterThan(0)
    expect(fixes.length).toBeLessThanOrEqual(3)
    for (const { does, code } of fixes) {
      const before = world.log.length
      const run = await runVitest(files(url, pasteFor(does, code)))
      await world.quiet()
      expect([does, run.exitCode, run.exitCode === 0 ? '' : run.output]).toEqual([does, 0, ''])
      expect([does, world.log.length > before]).toEqual([does, !does.includes('unreachable host')])
    }
  })
})
