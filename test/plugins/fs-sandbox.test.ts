import fs, { promises } from 'node:fs'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { into, out } = places

/** Node carries many of these out by others of its functions; a call is written down once all the same, for each path that it names. */
const CALLS: Readonly<Record<string, () => unknown>> = {
  readFileSync: () => fs.readFileSync(into('file')),
  readFile: () => promisify(fs.readFile)(into('file')),
  'promises.readFile': () => promises.readFile(into('file')),
  createReadStream: () => finished(fs.createReadStream(into('file')).resume()),
  createWriteStream: () => finished(fs.createWriteStream(into('file')).end('x')),
  writeFile: () => promisify(fs.writeFile)(into('file'), 'x'),
  writeFileSync: () => fs.writeFileSync(into('file'), 'x'),
  appendFile: () => promisify(fs.appendFile)(into('file'), 'x'),
  appendFileSync: () => fs.appendFileSync(into('file'), 'x'),
  'promises.appendFile': () => promises.appendFile(into('file'), 'x'),
  truncate: () => promisify(fs.truncate)(into('file')),
  truncateSync: () => fs.truncateSync(into('file')),
  exists: () => new Promise((resolve) => fs.exists(into('file'), resolve)),
  'realpath of a deep path': () => fs.realpathSync(into('folder/inner')),
  'readdir, recursively': () => fs.readdirSync(places.inside, { recursive: true }),
  'rmSync of a tree': () => fs.rmSync(into('folder'), { recursive: true }),
  'rm of a tree': () => promisify(fs.rm)(into('folder'), { recursive: true }),
  'promises.rm of a tree': () => promises.rm(into('folder'), { recursive: true }),
  'mkdir of several': () => promises.mkdir(into('a/b/c'), { recursive: true }),
  'cpSync of a tree (2)': () => fs.cpSync(into('folder'), into('copy'), { recursive: true }),
  'promises.cp of a tree (2)': () => promises.cp(into('folder'), into('copy'), { recursive: true }),
  'cp of a tree with a filter (2)': () =>
    fs.cpSync(into('folder'), into('copy'), { recursive: true, filter: () => true }),
  'rename (2)': () => promises.rename(into('file'), into('renamed')),
  'a file that is open': async () => {
    const handle = await promises.open(into('file'), 'r+')
    await handle.readFile()
    await handle.writeFile('x')
    await handle.close()
  },
}

test.each(Object.keys(CALLS))('%s is written down once for each path', async (name) => {
  const box = await tripwire.sandbox(async (box) => {
    await CALLS[name]?.()
    return box
  })
  const number = Number(/\((\d)\)/.exec(name)?.[1] ?? 1)
  expect(box.interactions.map(({ description }) => description)).toHaveLength(number)
})

test.each(Object.keys(CALLS))('%s is observed once at most where nothing may be written', async (name) => {
  const trips = await tripwire.expectTrip(async () => {
    await tripwire.deny(['fs:write', 'fs:read'], async () => {
      try {
        await CALLS[name]?.()
      } catch {
        // As it should.
      }
    })
  })
  expect(trips).toHaveLength(1)
})

test('what was opened by a rule outside of a sandbox is judged where it is used inside', async () => {
  const fd = tripwire.allow('fs:write', () => fs.openSync(out('file'), 'r+'))
  const handle = await tripwire.allow('fs:write', () => promises.open(out('file'), 'r+'))
  const stopped = expect.objectContaining({ code: 'TRIPWIRE_UNMOCKED_INTERACTION' })
  const before = places.tree()
  await tripwire.expectTrip(() =>
    tripwire.sandbox(async () => {
      expect(() => fs.writeSync(fd, 'x')).toThrow(stopped)
      expect(() => fs.ftruncateSync(fd)).toThrow(stopped)
      await expect(handle.writeFile('x')).rejects.toEqual(stopped)
      await expect(promises.writeFile(handle, 'x')).rejects.toEqual(stopped)
    }),
  )
  expect(places.tree()).toEqual(before)
  await handle.close()
  fs.closeSync(fd)
})

test('devices, pipes and what has no path are no files', async () => {
  fs.writeFileSync('/dev/null', 'x')
  const random = fs.openSync('/dev/urandom', 'r+')
  fs.closeSync(random)
  await finished(fs.createWriteStream('/dev/null').end('x'))
  await tripwire.expectTrip('fs:write', () => {
    expect(() => fs.writeFileSync('/dev/shm/tripwire', 'x')).toThrow('blocked')
    expect(() => fs.unlinkSync('/dev/null')).toThrow('blocked')
    expect(() => fs.chmodSync('/dev/null', 0o666)).toThrow('blocked')
  })
})
