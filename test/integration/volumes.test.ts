import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const FILE = `
import fs, { promises } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const write = (name, text) => fs.writeFileSync(name, text)

test('asserted', async () => {
  tripwire.fs.volume({ 'in.txt': 'in' })
  await tripwire.sandbox(async () => write('made.txt', await promises.readFile('in.txt', 'utf8')))
  tripwire.fs.assert({ 'made.txt': expect.stringMatching(/^in$/) })
  expect(fs.existsSync('made.txt')).toBe(false)
})
test('changes that nobody asserted', () => {
  tripwire.fs.volume({ 'old.txt': 'old', 'same.txt': 'same' })
  tripwire.sandbox(() => {
    fs.mkdirSync('out/empty', { recursive: true })
    write('out/report.txt', 'total 3')
    write('same.txt', 'otherwise')
    write('same.txt', 'same')
    fs.rmSync('old.txt')
    fs.renameSync('package.json', 'moved.json')
    fs.symlinkSync('report.txt', 'out/current')
    write('out/bytes', Buffer.from([0, 255]))
  })
})
test('what it prints holds when it is pasted', () => {
  tripwire.fs.volume({ 'old.txt': 'old' })
  tripwire.sandbox(() => {
    fs.mkdirSync('out/empty', { recursive: true })
    fs.rmSync('old.txt')
    fs.symlinkSync('report.txt', 'out/current')
  })
  tripwire.fs.assert({ 'out/empty/': {} })
  tripwire.fs.assert({ 'old.txt': null })
  tripwire.fs.assert({ 'out/current': { link: 'report.txt' } })
})
test('a change after its assertion', () => {
  tripwire.fs.volume()
  tripwire.sandbox(() => write('a.txt', 'one'))
  tripwire.fs.assert({ 'a.txt': 'one' })
  tripwire.sandbox(() => write('a.txt', 'two'))
})
test('otherwise than asserted', () => {
  tripwire.fs.volume()
  tripwire.sandbox(() => write('a.txt', 'one'))
  tripwire.fs.assert({ 'a.txt': 'two', 'b.txt': 'x', 'c.txt': null })
})
test('operations that nobody asserted', () => {
  tripwire.fs.volume({ 'old.txt': 'old' }, { ledger: 'operations' })
  tripwire.sandbox(() => {
    fs.mkdirSync('out')
    write('out/a.tmp', 'one')
    fs.renameSync('out/a.tmp', 'out/a.txt')
    fs.rmSync('old.txt')
  })
  tripwire.fs.assert('make:out')
})
test('operations, each asserted', () => {
  tripwire.fs.volume({ 'old.txt': 'old' }, { ledger: 'operations' })
  tripwire.sandbox(() => {
    write('a.txt', 'one')
    fs.rmSync('old.txt')
  })
  tripwire.fs.assert('write:a.txt', { content: 'one' })
  tripwire.fs.assert('remove:old.txt')
})
test('never used', () => {
  tripwire.fs.volume({ 'a.txt': 'x' })
})
test('need not be used', () => {
  tripwire.fs.volume({ 'a.txt': 'x' }).optional()
})
test('outside of a sandbox', () => {
  tripwire.fs.volume({ 'a.txt': 'x' }).optional()
  expect(fs.existsSync('a.txt')).toBe(false)
})
test('beside other protocols, in whatever order', async () => {
  tripwire.fs.volume()
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  await tripwire.sandbox(async () => {
    write('a.txt', 'one')
    await fetch('https://api.example.com/a')
  })
  tripwire.http.assert('GET https://api.example.com/a')
  tripwire.fs.assert({ 'a.txt': 'one' })
})
test('an assertion inside of the sandbox', () => {
  tripwire.fs.volume().optional()
  tripwire.sandbox(() => tripwire.fs.assert({ 'a.txt': 'one' }))
})
test.each([
  ['options', () => tripwire.fs.volume({}, { ovr: 'empty' })],
  ['contents', () => tripwire.fs.volume({ 'a.txt': 1 })],
  ['folder', () => tripwire.fs.volume({ 'a/': 'x' })],
  ['mock', () => tripwire.fs.mock('write:a', '')],
  ['none', () => tripwire.fs.assert({ 'a.txt': '' })],
])('misused: %s', (_, call) => call())

let late
test('starts what comes late', async () => {
  tripwire.allow('fs:write')
  tripwire.fs.volume({ 'a.txt': 'x' })
  late = tripwire.sandbox(() => {
    const fd = fs.openSync('a.txt', 'r+')
    return {
      write: () => write('late.txt', 'x'),
      descriptor: () => fs.writeSync(fd, 'y'),
      read: () => fs.readFileSync('a.txt'),
      handle: promises.open('a.txt', 'r+'),
    }
  })
  expect(late.read).toThrow('ENOENT')
  expect(() => late.descriptor()).toThrow('EBADF: bad file descriptor, write')
  await expect((await late.handle).write('y')).rejects.toThrow('EBADF')
  await expect((await late.handle).close()).resolves.toBe(undefined)
})
test('late writes', async () => {
  tripwire.deny('fs:write')
  tripwire.fs.volume({ 'a.txt': 'x' })
  const late = tripwire.sandbox(() => {
    const fd = fs.openSync('a.txt', 'r+')
    const work = new Promise((resolve) => setTimeout(resolve, 20))
    return { fd, write: work.then(() => write('late.txt', 'x')).catch(() => {}) }
  })
  await late.write
  expect(() => fs.writeSync(late.fd, 'y')).toThrow('blocked')
})

describe('for several tests', () => {
  beforeAll(() => void tripwire.fs.volume({ 'count.txt': '0' }))
  const count = () => tripwire.sandbox(() => write('count.txt', String(Number(fs.readFileSync('count.txt', 'utf8')) + 1)))
  test('the first', () => {
    count()
    tripwire.fs.assert({ 'count.txt': '1' })
  })
  test('the second', () => {
    count()
    tripwire.fs.assert({ 'count.txt': '2' })
  })
})
`

/** The first message of a test, without its stack. */
const told = (run: VitestRun, name: string) =>
  (run.tests[name]?.messages.join('\n---\n') ?? 'no such test').replaceAll(/\n {4}at .*/g, '').trim()

describe.each(['forks', 'vmThreads'])('in the pool %s, a volume', (pool) => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({ 'a.test.js': FILE }, { args: [`--pool=${pool}`] })
  })

  test.each([
    'asserted',
    'what it prints holds when it is pasted',
    'need not be used',
    'outside of a sandbox',
    'beside other protocols, in whatever order',
    'operations, each asserted',
    'starts what comes late',
    'for several tests the first',
    'for several tests the second',
  ])('%s', (name) => {
    expect(told(run, name)).toBe('')
    expect(run.tests[name]?.state).toBe('passed')
  })

  test('answers nothing that is written after its sandbox', () => {
    const messages = told(run, 'late writes')
    expect(messages).toMatch(
      /^PostSandboxInteractionError: .* writing late\.txt with fs\.writeFileSync was made after sandbox #/,
    )
    expect(messages).toContain('writing a.txt with fs.write was blocked')
  })

  test.each([
    'changes that nobody asserted',
    'a change after its assertion',
    'otherwise than asserted',
    'operations that nobody asserted',
    'never used',
    'an assertion inside of the sandbox',
    'misused: options',
    'misused: contents',
    'misused: folder',
    'misused: mock',
    'misused: none',
  ])('fails for: %s', (name) => {
    expect(run.tests[name]?.state).toBe('failed')
    if (pool === 'forks') expect(told(run, name)).toMatchSnapshot()
  })
})

test('what `fs.read` keeps from being read is kept on a volume, whatever leads to it', async () => {
  const file = `
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
test('a link of the volume', () => {
  tripwire.fs.volume({ link: { link: '/etc/hostname' }, own: 'x' })
  tripwire.sandbox(() => {
    expect(fs.readFileSync('own', 'utf8')).toBe('x')
    fs.readFileSync('link')
  })
})`
  const run = await runVitest({
    'a.test.js': file,
    'tripwire.config.ts': "export default { fs: { read: ['fixtures'] } }",
  })
  expect(told(run, 'a link of the volume')).toContain('reading /etc/hostname with fs.readFileSync')
})
