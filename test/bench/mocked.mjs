/**
 * What a mocked round trip costs, beside msw, nock and undici's MockAgent: each tool in a Vitest of its own, in turns, medians of the turns.
 *
 *   node test/bench/mocked.mjs [--rounds 5]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './figures.mjs'
import { createProject, VITEST } from './project.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })

const HEAD = `
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { test } from 'vitest'
const URL = 'http://api.example.com/a'
const get = () => new Promise((resolve, reject) => http.get(URL, (response) => response.resume().on('end', resolve)).on('error', reject))
const ask = async () => (await fetch(URL)).text()
async function time(fn) {
  for (let at = 0; at < 200; at++) await fn()
  const times = []
  for (let batch = 0; batch < 20; batch++) {
    const start = performance.now()
    for (let at = 0; at < 50; at++) await fn()
    times.push((performance.now() - start) / 50)
  }
  return times.sort((a, b) => a - b)[10] * 1000
}
const figures = {}
const save = () => writeFileSync('figures.json', JSON.stringify(figures))
`
const TOOLS = {
  tripwire: [
    'guarded',
    `${HEAD}
import { tripwire } from 'vitest-tripwire'
test('mocked', async () => {
  tripwire.http.mock('GET ' + URL, { json: {} }).always()
  await tripwire.sandbox(async () => { figures.fetch = await time(ask); figures['http.get'] = await time(get) })
  tripwire.inAnyOrder(() => { for (const _ of tripwire.calls()) tripwire.http.assert('GET ' + URL) })
}, 60_000)
test('an empty sandbox', () => {
  const enter = () => tripwire.sandbox(() => {})
  for (let at = 0; at < 10_000; at++) enter()
  const start = performance.now()
  for (let at = 0; at < 50_000; at++) enter()
  figures['an empty sandbox'] = ((performance.now() - start) / 50_000) * 1000
  save()
})`,
  ],
  msw: [
    'bare',
    `${HEAD}
import { http as rest, HttpResponse } from 'msw2'
import { setupServer } from 'msw2/node'
test('mocked', async () => {
  const server = setupServer(rest.get(URL, () => HttpResponse.json({})))
  server.listen({ onUnhandledRequest: 'error' })
  figures.fetch = await time(ask); figures['http.get'] = await time(get)
  server.close(); save()
}, 60_000)`,
  ],
  nock: [
    'bare',
    `${HEAD}
import nock from 'nock13'
test('mocked', async () => {
  nock('http://api.example.com').get('/a').times(100_000).reply(200, {})
  figures['http.get'] = await time(get)
  nock.cleanAll(); nock.restore(); save()
}, 60_000)`,
  ],
  MockAgent: [
    'bare',
    `${HEAD}
import { fetch as ask1, MockAgent, setGlobalDispatcher } from 'undici'
test('mocked', async () => {
  const agent = new MockAgent(); agent.disableNetConnect(); setGlobalDispatcher(agent)
  agent.get('http://api.example.com').intercept({ path: '/a', method: 'GET' }).reply(200, {}).persist()
  figures.fetch = await time(async () => (await ask1(URL)).text())
  save()
}, 60_000)`,
  ],
}

const figures = {}
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [tool, [config, source]] of Object.entries(TOOLS)) {
    const { root, remove } = createProject({ 'mocked.test.js': source })
    try {
      execFileSync(process.execPath, [VITEST, 'run', '--config', `${config}.config.ts`], { cwd: root, stdio: 'ignore' })
      for (const [name, value] of Object.entries(JSON.parse(readFileSync(join(root, 'figures.json'), 'utf8')))) {
        figures[name] ??= {}
        figures[name][tool] ??= []
        figures[name][tool].push(value)
      }
    } finally {
      remove()
    }
  }
}
for (const [name, tools] of Object.entries(figures)) {
  console.log(`${name}, µs, median of ${values.rounds} rounds (least to most)`)
  for (const [tool, list] of Object.entries(tools)) {
    const sorted = [...list].sort((a, b) => a - b)
    console.log(
      `  ${tool.padEnd(10)} ${median(list).toFixed(1)} (${sorted[0].toFixed(1)} to ${sorted.at(-1).toFixed(1)})`,
    )
  }
}
