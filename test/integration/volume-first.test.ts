import { expect, test } from 'vitest'
import { runVitest } from '../support/run-vitest.ts'

const SUITE = `
import fs, { promises } from 'node:fs'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
test('the first handle of the worker is a volume’s', async () => {
  await tripwire.sandbox(async () => {
    tripwire.fs.volume({ 'v.txt': 'x' })
    const handle = await promises.open('v.txt')
    await handle.readFile()
    await handle.close()
  })
})
test('a real one is guarded all the same', async () => {
  const handle = await promises.open('real.txt')
  await handle.chmod(0o600).catch(() => {})
  await handle.close()
})
test('what is flushed is the volume’s', async () => {
  await tripwire.sandbox(async () => {
    tripwire.fs.volume({})
    const fd = fs.openSync('new.txt', 'w')
    fs.writeSync(fd, 'x')
    fs.fsyncSync(fd)
    fs.fdatasyncSync(fd)
    await new Promise((done, fail) => fs.fsync(fd, (error) => (error ? fail(error) : done())))
    fs.closeSync(fd)
  })
  tripwire.fs.assert({ 'new.txt': 'x' })
})`

test('handles of the disk are guarded whoever came first, and descriptors of a volume can be flushed', async () => {
  const run = await runVitest({ 'a.test.js': SUITE, 'real.txt': '' })
  expect(Object.values(run.tests).map(({ state }) => state)).toEqual(['passed', 'failed', 'passed'])
  expect(run.tests['a real one is guarded all the same']?.messages[0]).toContain('real.txt with fs.FileHandle.chmod')
})
