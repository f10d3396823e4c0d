import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { describe, expect, test } from 'vitest'
import { builtins, ungraded } from '../../plugins/index.ts'
import { CONFIG_KEYS } from '../../src/config/validate.ts'
import { LEVELS } from '../../src/core/levels.ts'
import { CODES } from '../../src/errors/classes.ts'
import { VERSION } from '../../src/version.ts'
import { expectInDocs, squeezed, table } from '../support/docs.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const list = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file}`)
const protocols = builtins.map(({ name }) => name)
const manifest = JSON.parse(read('package.json'))

interface Import {
  readonly from: string
  readonly to: string
}

/** All imports of the sources below a folder, those of types included; targets inside as paths from the root. */
function importsOf(folder: string): Import[] {
  return list(folder, '.ts').flatMap((from) =>
    [...read(from).matchAll(/^(?:import|export)[^'"]*? from '([^']+)'|import\('([^']+)'\)/gm)].map(
      ([, target, dynamic]) => {
        const to = (target ?? dynamic) as string
        return { from, to: to.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(from), to)) : to }
      },
    ),
  )
}

describe('directions', () => {
  test('plugins import the contract only, as a third party would: what they need beyond it is missing from the contract', () => {
    const strays = importsOf('plugins').filter(({ from, to }) => {
      const own = to.startsWith(`plugins/${from.split('/')[1]?.replace('.ts', '')}/`)
      return from !== 'plugins/index.ts' && !to.startsWith('node:') && to !== 'src/plugin.ts' && !own
    })
    expect(strays).toEqual([])
  })

  test('core imports no module of Node and nothing outside itself but the contract: it stays pure and testable', () => {
    const strays = importsOf('src/core').filter(({ to }) => !to.startsWith('src/core/') && to !== 'src/plugin.ts')
    expect(importsOf('src/core').length).toBeGreaterThan(30)
    expect(strays).toEqual([])
  })

  test('only the doors and src/vitest import vitest: following a new version is a change in one place', () => {
    const strays = [...importsOf('src'), ...importsOf('plugins')].filter(
      ({ from, to }) => /^@?vitest(?:\/|$)/.test(to) && !/^src\/(?:vitest\/|setup|vite|reporter)/.test(from),
    )
    expect(strays).toEqual([])
  })

  test('nothing that workers load depends on a package: the guard must work where nothing else is installed', () => {
    const strays = [...importsOf('src'), ...importsOf('plugins')].filter(
      ({ to }) => !/^(?:node:|src\/|plugins\/|vitest)/.test(to),
    )
    expect([...new Set(strays.map(({ from, to }) => `${from}: ${to}`))]).toEqual(['src/config/load.ts: vite'])
  })

  test('the guard loads no built-in module that Vitest’s workers do not have anyway: each test file would pay for it', () => {
    const loaded = [...read('dist/worker/guard.cjs').matchAll(/=require\("node:([\w/]+)"\)/g)].map(([, name]) => name)
    const there = 'async_hooks buffer diagnostics_channel events fs module path stream url util vm'.split(' ')
    expect(loaded.filter((name) => !there.includes(name as string))).toEqual([])
    expect(loaded).toContain('async_hooks')
  })

  test('the Vite plugin brings what checks a config only where there is one: it costs each run more than all the rest of it', () => {
    const staticOnes = (name: string, seen: readonly string[] = []): readonly string[] => {
      if (seen.includes(name)) return seen
      const imported = [...read(`dist/main/${name}`).matchAll(/(?:from|import)"\.\/([\w.]+)"/g)]
      return imported.reduce<readonly string[]>((all, [, file]) => staticOnes(file as string, all), [...seen, name])
    }
    const loaded = staticOnes('vite.js')
    expect(loaded.length).toBeGreaterThan(2)
    expect(loaded).not.toContain('check.js')
    expect(read('dist/main/vite.js')).toMatch(/import\(.\.\/check\.js.\)/)
  })

  test('no built module imports itself through others: half-made modules are bugs that move', async () => {
    const { output } = await cruise(['dist'], { baseDir: ROOT, doNotFollow: { path: 'node_modules' } })
    const { modules } = output as ICruiseResult
    const circles = modules.flatMap(({ source, dependencies }) =>
      dependencies.filter(({ circular }) => circular).map(({ resolved }) => `${source} -> ${resolved}`),
    )
    expect(modules.length).toBeGreaterThan(60)
    expect(circles).toEqual([])
  })
})

test('core names no protocol: a new one must not touch it', () => {
  const quoted = new RegExp(`['"](?:${[...builtins, ...ungraded].map(({ name }) => name).join('|')})['":]`)
  const named = list('src/core', '.ts').filter((file) =>
    quoted.test(read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  )
  expect(named).toEqual([])
})

test.each(protocols)('the plugin %s is a file, its test, its page and one line', (name) => {
  for (const file of [`plugins/${name}.ts`, `test/plugins/${name}.test.ts`, `docs/plugins/${name}.md`]) {
    expect(existsSync(join(ROOT, file)), file).toBe(true)
  }
  expect(read('plugins/index.ts')).toContain(`from './${name}.ts'`)
  const headings = ['What it watches', 'What it cannot see', 'Facts', 'Rules', 'Default policy', 'Example']
  const found: string[] = read(`docs/plugins/${name}.md`).match(/^## .*/gm) ?? []
  if (found.includes('## Mocks') && builtins.find((plugin) => plugin.name === name)?.mocking) headings.push('Mocks')
  expect(found).toEqual(headings.map((heading) => `## ${heading}`))
})

test('every file holds one thing: none has more than 300 lines', () => {
  const long = [...list('src', '.ts'), ...list('plugins', '.ts'), ...list('test', '.ts')].filter(
    (file) => read(file).split('\n').length > 301,
  )
  expect(long).toEqual([])
})

test('the exports are the files that the build makes', () => {
  const files = Object.values(manifest.exports as Record<string, string | Record<string, string>>).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  const readme = squeezed(read('README.md'))
  for (const entry of Object.keys(manifest.exports)) {
    if (entry !== './package.json') expect(readme).toContain(`| \`${`vitest-tripwire${entry.slice(1)}`}\` |`)
  }
})

describe('the lock file', () => {
  interface Locked {
    readonly version: string
    readonly resolved?: string
    readonly optionalDependencies?: Readonly<Record<string, string>>
  }
  const locked: Readonly<Record<string, Locked>> = JSON.parse(read('package-lock.json')).packages

  /** As Node looks it up: beside the package's own modules first, then in each folder above. */
  const found = (from: string, name: string): Locked | undefined => {
    const here = locked[`${from === '' ? '' : `${from}/`}node_modules/${name}`]
    const above = from.replace(/(?:^|\/)node_modules\/(?!.*node_modules\/).*$/, '')
    return here ?? (from === '' ? undefined : found(above, name))
  }

  test('holds the packages of every platform, or npm ci refuses it: some mirrors have only those of Linux, so the newest version will not always do', () => {
    const missing = Object.entries(locked).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies).filter(([name, wanted]) => {
        const version = found(path, name)?.version
        return version === undefined || (/^\d/.test(wanted) && version !== wanted)
      }),
    )
    expect(missing).toEqual([])
  })

  test('names no registry, as each machine has its own', () => {
    expect(Object.keys(locked).filter((path) => locked[path]?.resolved !== undefined)).toEqual([])
  })
})

test('the version in the code is that of the package', () => {
  expect(VERSION).toBe(manifest.version)
})

describe('lists in the docs', () => {
  test('name the protocols, levels and config keys of the code', () => {
    const readme = squeezed(read('README.md'))
    expect(readme).toContain(
      `This version guards the protocols ${['http', 'ws', 'sockets', 'dns', 'db', 'subprocess', 'worker', 'native', 'fs'].map((name) => `\`${name}\``).join(' ')}`,
    )
    expect([...protocols].sort()).toEqual([
      'db',
      'dns',
      'fs',
      'http',
      'native',
      'sockets',
      'subprocess',
      'worker',
      'ws',
    ])
    for (const level of LEVELS) expect(readme).toContain(`| \`${level}\` |`)
    const keys = [...CONFIG_KEYS, ...builtins.flatMap((plugin) => Object.keys(plugin.settings ?? {}))]
    const listed = /^Keys: (.*)\. See/m.exec(readme)?.[1]?.match(/\w+/g)
    expect([...(listed ?? [])].sort()).toEqual([...keys].sort())
    const page = read('docs/config.md')
    const cells = [...page.slice(0, page.indexOf('## ')).matchAll(/^\| (`[^|]+)\|/gm)].map(([, cell]) => cell as string)
    expect(cells.flatMap((cell) => cell.match(/\w+/g)).sort()).toEqual([...keys].sort())
  })

  test('have a page for every code', () => {
    const pages = readdirSync(join(ROOT, 'docs/errors')).map((file) => file.replace('.md', ''))
    expect(pages.sort()).toEqual(Object.keys(CODES).sort())
  })

  test('show the safety of every operation as the plugins declare it (UPDATE_DOCS=1 rewrites it)', () => {
    const rows = builtins.flatMap(({ name, operations }) =>
      Object.entries(operations).map(([operation, { safety, summary }]) => {
        const safe =
          typeof safety === 'string' ? safety : `safe for ${safety.fact} ${safety.safe.join(', ')}; else unsafe`
        return [`\`${name}:${operation}\``, safe, summary]
      }),
    )
    expectInDocs('docs/levels.md', 'safety', table(['operation', 'safety', 'what'], rows))
  })

  test('lead somewhere', () => {
    const broken = ['README.md', ...list('docs', '.md')].flatMap((file) =>
      [...read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .filter(([, target]) => !existsSync(join(ROOT, dirname(file), target as string)))
        .map(([, target]) => `${file}: ${target}`),
    )
    expect(broken).toEqual([])
  })
})
