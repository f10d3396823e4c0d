import { describe, expect, test } from 'vitest'
import { runVitest } from '../support/run-vitest.ts'

/** A test as people write it first: it calls, and says nothing of the calls. */
const CALLS: Readonly<Record<string, string>> = {
  'a GET': `await fetch('https://api.example.com/prices?of=a&of=b')`,
  'a POST of JSON': `await fetch('https://api.example.com/orders', { method: 'POST', body: JSON.stringify({ amount: 5000, lines: [{ sku: "it's", n: 1 }], note: null }), headers: { 'content-type': 'application/json' } })`,
  'a POST with a secret': `await fetch('https://api.example.com/login?token=abc123', { method: 'POST', body: JSON.stringify({ user: 'ada', password: 'hunter2' }), headers: { 'content-type': 'application/json' } })`,
  'a form': `await fetch('https://api.example.com/form', { method: 'POST', body: new URLSearchParams({ a: '1' }) })`,
  bytes: `await fetch('https://api.example.com/bytes', { method: 'PUT', body: new Uint8Array([0, 255, 10]) })`,
  'text of several lines': `await fetch('https://api.example.com/text', { method: 'POST', body: 'one\\n"two"\\n' })`,
  'node:http on a port': `await new Promise((resolve, reject) => http.get('http://api.example.com:8080/a', (response) => response.resume().on('end', resolve)).on('error', reject))`,
  'three calls': `for (const at of [1, 2, 3]) await fetch('https://api.example.com/' + at).catch(() => {})`,
}

const source = (calls: string, before: readonly string[], after: readonly string[]) => `
import http from 'node:http'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
test('pasted', async () => {
  ${before.join('\n  ')}
  await tripwire.sandbox(async () => { ${calls} })
  ${after.join('\n  ')}
})`

/** The code that a message prints below its fixes: on one line, or up to the line that closes it. */
const codeIn = (output: string, what: string) => {
  const code =
    output.match(new RegExp(`^( +)tripwire\\.\\w+\\.${what}\\((?:.*\\)$|.*\\n(?:\\1  .*\\n)*\\1\\S*\\)$)`, 'gm')) ?? []
  return [...new Set(code.map((text) => text.trim()))]
}

describe('what is printed is pasted, until the test passes', () => {
  test.concurrent.each(Object.keys(CALLS))('%s', async (name) => {
    const calls = CALLS[name] as string
    const mocks: string[] = []
    const assertions: string[] = []
    for (let round = 0; round < 8; round++) {
      const run = await runVitest({ 'a.test.ts': source(calls, mocks, assertions) })
      if (run.tests.pasted?.state === 'passed') {
        expect(mocks.length).toBeGreaterThan(0)
        expect(assertions).toHaveLength(mocks.length)
        return
      }
      const mock = codeIn(run.output, 'mock').filter((line) => !mocks.includes(line))
      const asserted = codeIn(run.output, 'assert')
      if (mock.length > 0) mocks.push(...mock)
      else if (asserted.length > 0) assertions.splice(0, assertions.length, ...asserted)
      else throw new Error(`nothing to paste in\n${run.output}`)
    }
    throw new Error(`still red with\n${[...mocks, ...assertions].join('\n')}`)
  })
})
