/** Built-in modules that nobody has loaded before the test: they are patched as they are loaded, so the very first call is watched. */
import { expect, test } from 'vitest'
import { runVitest } from '../support/run-vitest.ts'

/** How a module comes by its built-in, and the first call that it makes with it; all of them stop before anything leaves. */
const WAYS: Readonly<Record<string, string>> = {
  'http, imported': `(await import('node:http')).get('http://first.example.com')`,
  'http, required': `require('http').get('http://first.example.com')`,
  'http, got': `process.getBuiltinModule('http').get('http://first.example.com')`,
  'https, imported': `(await import('node:https')).get('https://first.example.com')`,
  'https, by a module that is required': `require('./by-require.mjs')`,
  'http2, imported': `(await import('node:http2')).connect('https://first.example.com')`,
  'dns, imported': `(await import('node:dns')).resolve('first.example.com', () => {})`,
  'dns/promises, imported': `await (await import('node:dns/promises')).resolve('first.example.com')`,
  'dns, by name': `const { lookup } = require('node:dns/promises'); await lookup('first.example.com')`,
  'wasi, imported': `const { WASI } = await import('node:wasi'); new WASI({ version: 'preview1', preopens: { '/x': '/no/such/folder' } })`,
  'inspector, imported': `(await import('node:inspector')).open(0)`,
  'inspector/promises, imported': `(await import('node:inspector/promises')).open(0)`,
  'trace_events, required': `require('node:trace_events').createTracing({ categories: ['node.bootstrap'] }).enable()`,
  'worker_threads, imported': `new (await import('node:worker_threads')).Worker('./work.mjs')`,
}
// Native calls of every kind are stopped where the config says so.
const RULES = `export default { guard: { native: 'error' }, deny: ['worker:**'] }`
const FILE = (way: string) => `
import { createRequire } from 'node:module'
import { test } from 'vitest'
const require = createRequire(import.meta.url)
test('is watched', async () => {
  const made = await (async () => { ${way.includes('await') && way.includes(';') ? way : `return ${way}`} })()
  made?.on?.('error', () => {})
})
`

test('the first call of a built-in that was not loaded is watched, whichever way it is imported', async () => {
  const names = Object.keys(WAYS)
  const run = await runVitest({
    'tripwire.config.ts': RULES,
    'work.mjs': '',
    'by-require.mjs': `import https from 'node:https'\nhttps.get('https://first.example.com').on('error', () => {})\n`,
    ...Object.fromEntries(names.map((name, at) => [`t${at}.test.ts`, FILE(WAYS[name] as string)])),
  })
  const unwatched = names.filter((_, at) => run.files[`t${at}.test.ts`]?.state !== 'failed')
  expect(unwatched, run.output).toEqual([])
  for (const { messages } of Object.values(run.tests)) expect(messages.join('\n')).toContain('TRIPWIRE_GUARDED_CALL')
})
