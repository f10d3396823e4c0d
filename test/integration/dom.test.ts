import { beforeAll, describe, expect, test, vi } from 'vitest'
import { CELL } from '../support/cell.ts'
import { expectInDocs, table } from '../support/docs.ts'
import { isInstalled, runVitest, type VitestRun } from '../support/run-vitest.ts'
import { startWorld } from '../support/world.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

/** What a page does, as code that gives a promise; `at` is where in the world, `load` waits for the end of it. */
const WAYS: Readonly<Record<string, string>> = {
  fetch: `fetch(at('fetch')).then((response) => response.text())`,
  XMLHttpRequest: `load(Object.assign(new XMLHttpRequest(), { go() { this.open('GET', at('xhr')); this.send() } }))`,
  'XMLHttpRequest, synchronous': `new Promise((done) => { const it = new XMLHttpRequest(); it.open('GET', at('sync'), false); it.send(); done() })`,
  WebSocket: `load(new WebSocket(at('open').replace('http', 'ws')), 'open', 'close')`,
  'navigator.sendBeacon': `navigator.sendBeacon && (navigator.sendBeacon(at('beacon'), 'x'), pause())`,
  'window.open': `(window.open(at('window')), pause())`,
  'a script element': `load(element('script', { src: at('script.js') }))`,
  'a stylesheet': `load(element('link', { rel: 'stylesheet', href: at('style.css') }))`,
  'an iframe': `load(element('iframe', { src: at('frame.html') }))`,
  'an image': `load(element('img', { src: at('image.png') }))`,
  'a script in the page': `(element('script', { textContent: 'const it = new XMLHttpRequest(); it.open("GET", "' + at('inline') + '"); it.send()' }), pause())`,
  'following a link': `(element('a', { href: at('link') }).click(), pause())`,
  'submitting a form': `(element('form', { action: at('form') }).submit(), pause())`,
}
/** Asked before a page has gone elsewhere. */
const RELATIVE: Readonly<Record<string, string>> = {
  'fetch, relative': `fetch('/api')`,
  'XMLHttpRequest, relative': `load(Object.assign(new XMLHttpRequest(), { go() { this.open('GET', '/api'); this.send() } }))`,
}

const suite = (origin: string, ways: Readonly<Record<string, string>>) => `
import { test } from 'vitest'
const at = (name) => '${origin}/' + name
const pause = (milliseconds = 300) => new Promise((done) => setTimeout(done, milliseconds))
const element = (name, attributes) => {
  const it = Object.assign(document.createElement(name), attributes)
  document.body.append(it)
  return it
}
const load = (it, ...names) => Promise.race([
  pause(2000),
  ...['load', 'error', ...names].map((name) => new Promise((done) => it.addEventListener(name, done))),
  new Promise(() => it.go?.()),
])
${Object.entries(ways)
  .map(([name, code]) => `test(${JSON.stringify(name)}, async () => { try { await ${code} } catch {} })`)
  .join('\n')}
`

/** Pages that may load and run whatever they name. */
const OPTIONS = `{
  jsdom: { resources: 'usable', runScripts: 'dangerously' },
  happyDOM: { settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true } },
}`

interface Played {
  readonly run: VitestRun
  /** Ways by which something reached the world. */
  readonly reached: readonly string[]
}

async function play(environment: string, guarded: boolean): Promise<Played> {
  await using world = await startWorld()
  const run = await runVitest({
    'vitest.config.ts': `import { defineConfig } from 'vitest/config'
      import { tripwire } from 'vitest-tripwire/vite'
      export default defineConfig({
        plugins: [${guarded ? 'tripwire()' : ''}],
        test: { environment: '${environment}', testTimeout: 20_000, environmentOptions: ${OPTIONS} },
      })`,
    'page.test.js': suite(`http://127.0.0.1:${world.http}`, guarded ? { ...RELATIVE, ...WAYS } : WAYS),
  })
  await world.quiet()
  const paths = world.log.flatMap((event) => / (\/.+)$/.exec(event)?.[1] ?? [])
  return {
    run,
    reached: Object.keys(WAYS).filter((way) => paths.some((path) => WAYS[way]?.includes(`'${path.slice(1)}'`))),
  }
}

/** The first line of what a test failed with, as `protocol: call`. */
function tripOf(run: VitestRun, name: string): string | undefined {
  const [text] = run.tests[name]?.messages ?? []
  const call = text && /\[TRIPWIRE_GUARDED_CALL\] (.*?) was blocked/.exec(text)?.[1]
  if (!call) return undefined
  const known = text.includes('<unknown call site>') ? ', its line unknown' : ''
  if (call.startsWith('running')) return `a program (subprocess)${known}`
  return call.startsWith('a WebSocket') ? `a WebSocket (ws)${known}` : `${call.split(' ')[0]} (http)${known}`
}

const ENVIRONMENTS = ['jsdom', 'happy-dom']
const played = new Map<string, { readonly bare: Played; readonly guarded: Played }>()

// The matrix has homes without pages.
describe.runIf(CELL === undefined && ENVIRONMENTS.every(isInstalled))('pages', () => {
  beforeAll(async () => {
    for (const environment of ENVIRONMENTS)
      played.set(environment, { bare: await play(environment, false), guarded: await play(environment, true) })
  })
  const of = (environment: string) => played.get(environment) as { readonly bare: Played; readonly guarded: Played }

  test.each(ENVIRONMENTS)(
    '%s: whatever reaches the network unguarded is a trip of its test, and nothing arrives',
    (environment) => {
      const { bare, guarded } = of(environment)
      expect(guarded.reached).toEqual([])
      expect(bare.reached.length).toBeGreaterThan(5)
      expect(Object.keys(WAYS).filter((way) => tripOf(guarded.run, way) !== undefined)).toEqual(bare.reached)
    },
  )

  test.each(ENVIRONMENTS)('%s: the run ends as runs end, whatever pages leave on a stack', (environment) => {
    const { run } = of(environment).guarded
    expect(run.output).not.toContain('EISDIR')
    expect(Object.values(run.tests).filter(({ state }) => state !== 'passed' && state !== 'failed')).toEqual([])
  })

  test.each([
    ['jsdom', 'XMLHttpRequest, relative'],
    ['happy-dom', 'XMLHttpRequest, relative'],
    ['happy-dom', 'fetch, relative'],
  ])('%s: the error of %s explains the default origin', (environment, way) => {
    const [text] = of(environment).guarded.run.tests[way]?.messages ?? []
    expect(text).toContain('GET http://localhost:3000/api was blocked')
    expect(text).toContain(
      'hint   http://localhost:3000 is the default origin of jsdom and happy-dom in Vitest: a relative URL such as fetch("/api") becomes a real request there',
    )
  })

  test.each(ENVIRONMENTS)('%s: the error of a synchronous request explains the program', (environment) => {
    const [text] = of(environment).guarded.run.tests['XMLHttpRequest, synchronous']?.messages ?? []
    expect(text).toContain('hint   this is how jsdom and happy-dom load something while the page waits')
  })

  test('docs/dom.md tells what was measured (UPDATE_DOCS=1 rewrites it)', () => {
    const rows = [...Object.keys(RELATIVE), ...Object.keys(WAYS)].map((way) => [
      way,
      ...ENVIRONMENTS.map((environment) => tripOf(of(environment).guarded.run, way) ?? 'nothing leaves'),
    ])
    expectInDocs('docs/dom.md', 'pages', table(["a page's", ...ENVIRONMENTS], rows))
  })
})
