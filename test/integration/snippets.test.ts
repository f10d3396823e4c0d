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

test('what differs from one attempt to the next is printed as a matcher, and works when it is pasted', async () => {
  const test = (options: string, assertions: string) => `
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const mailer = { send() {} }
let port = 1000 + Math.floor(Math.random() * 50_000)
test('pasted', ${options}, async () => {
  const id = randomUUID()
  port++
  tripwire.http.mock('https://api.example.com/**').times(2)
  tripwire.http.mock(\`http://db.example.com:\${port}\`)
  tripwire.sockets.mock({ transport: 'tcp', host: '127.0.0.7' })
  tripwire.subprocess.mock(['git', tripwire.subprocess.any()])
  tripwire.mock(mailer, 'send').returns(1)
  await tripwire.sandbox(async () => {
    const body = JSON.stringify({ id, name: 'Ann', tags: ['a', id], at: Date.now() + Math.random() })
    await fetch('https://api.example.com/orders?key=' + id, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    await fetch(\`https://api.example.com/orders/\${id}/lines\`)
    await fetch(\`http://db.example.com:\${port}/\`)
    const socket = connect(port, '127.0.0.7').resume()
    socket.end('hello')
    await once(socket, 'close')
    spawnSync('git', ['clone', '/tmp/' + id])
    mailer.send({ to: 'ann', at: new Date(Math.random() * 1e12) }, Buffer.from(id))
  })
  ${assertions}
})`
  const first = await runVitest({ 'a.test.ts': test('{ retry: 1 }', '') })
  const last = first.tests.pasted?.messages.at(-1) ?? ''
  const assertions = codeIn(last, 'assert')
  expect(assertions).toMatchInlineSnapshot(`
    [
      "tripwire.http.assert('POST https://api.example.com/orders', {
                 query: { key: expect.any(String) },
                 body: {
                   id: expect.any(String),
                   name: 'Ann',
                   tags: ['a', expect.any(String)],
                   at: expect.any(Number),
                 },
               })",
      "tripwire.http.assert('GET https://api.example.com/orders/*/lines')",
      "tripwire.http.assert('GET http://db.example.com:*/')",
      "tripwire.sockets.assert({ transport: 'tcp', host: '127.0.0.7', port: expect.any(Number) }, { sent: 'hello' })",
      "tripwire.subprocess.assert({ command: ['git', 'clone', expect.any(String)] })",
      "tripwire.functions.assert('send', { args: [{ to: 'ann', at: expect.any(Date) }, expect.any(Uint8Array)] })",
    ]
  `)
  const second = await runVitest({ 'a.test.ts': test('{}', assertions.join('\n')) })
  expect(second.tests.pasted).toEqual({ state: 'passed', messages: [] })
})
