import fs, { promises } from 'node:fs'
import { finished, pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'

const places = usePlaces()

/** Each writes `text` into `out/a.txt` of the current folder. */
const WRITES: Readonly<Record<string, () => unknown>> = {
  writeFileSync: () => fs.writeFileSync('out/a.txt', 'text'),
  'writeFile with a callback': () => promisify(fs.writeFile)('out/a.txt', 'text'),
  'promises.writeFile': () => promises.writeFile('out/a.txt', 'text'),
  'promises.writeFile of parts': () => promises.writeFile('out/a.txt', ['te', 'xt']),
  'appendFileSync twice': () => {
    fs.appendFileSync('out/a.txt', 'te')
    fs.appendFileSync('out/a.txt', 'xt')
  },
  'a descriptor': () => {
    const fd = fs.openSync('out/a.txt', 'w')
    fs.writeSync(fd, 'xx')
    fs.writeSync(fd, Buffer.from('xt'), 0, 2, 2)
    fs.writeSync(fd, 'te', 0)
    fs.closeSync(fd)
  },
  'a descriptor with callbacks': async () => {
    const fd = await promisify(fs.open)('out/a.txt', 'w')
    const { bytesWritten } = await promisify(fs.write)(fd, 'text')
    expect(bytesWritten).toBe(4)
    await promisify(fs.close)(fd)
  },
  'a FileHandle': async () => {
    const handle = await promises.open('out/a.txt', 'w')
    await handle.write('te')
    await handle.appendFile('xt')
    expect((await handle.stat()).size).toBe(4)
    await handle.close()
  },
  'writing through a FileHandle given as a path': async () => {
    const handle = await promises.open('out/a.txt', 'w')
    await promises.writeFile(handle, 'text')
    await handle.close()
  },
  'a stream': () => finished(fs.createWriteStream('out/a.txt').end('text')),
  'new WriteStream': () =>
    finished(new (fs.WriteStream as unknown as new (path: string) => fs.WriteStream)('out/a.txt').end('text')),
  'the stream of a FileHandle': async () => {
    const handle = await promises.open('out/a.txt', 'w')
    await finished(handle.createWriteStream().end('text'))
  },
  'a copy': () => {
    fs.writeFileSync('b.txt', 'text')
    fs.copyFileSync('b.txt', 'out/a.txt')
    fs.rmSync('b.txt')
  },
  'a rename': async () => {
    await promises.writeFile('b.txt', 'text')
    await promises.rename('b.txt', 'out/a.txt')
  },
  'a link': async () => {
    await promises.writeFile('b.txt', 'text')
    await promises.link('b.txt', 'out/a.txt')
    await promises.unlink('b.txt')
  },
  'a recursive copy of a folder': async () => {
    fs.mkdirSync('from/deep', { recursive: true })
    fs.writeFileSync('from/a.txt', 'text')
    fs.rmdirSync('from/deep')
    await promises.cp('from', 'out', { recursive: true })
    await promises.rm('from', { recursive: true })
  },
}

test.each(Object.keys(WRITES))('%s lands in a volume over nothing, and not on the disk', async (name) => {
  const before = places.tree()
  tripwire.fs.volume({ 'out/': null }, { at: places.outside, over: 'empty' })
  const home = process.cwd()
  const box = await tripwire.sandbox(async (box) => {
    process.chdir(places.outside)
    await WRITES[name]?.()
    process.chdir(home)
    return box
  })
  expect(box.fs.diff()).toEqual({ created: { 'out/a.txt': 'text' }, changed: {}, removed: [] })
  expect(box.fs.read('out/a.txt')).toBe('text')
  tripwire.fs.assert({ 'out/a.txt': 'text' })
  expect(places.tree()).toEqual(before)
})

/** Each gives what `a.txt` holds. */
const READS: Readonly<Record<string, (path: string) => unknown>> = {
  readFileSync: (path) => fs.readFileSync(path, 'utf8'),
  'readFile with a callback': (path) => promisify(fs.readFile)(path, 'utf8'),
  'promises.readFile': (path) => promises.readFile(path, { encoding: 'utf8' }),
  'a stream': async (path) => (await fs.createReadStream(path).toArray()).join(''),
  'the middle of a stream': async (path) => {
    const [part] = await fs.createReadStream(path, { start: 1, end: 2, encoding: 'utf8' }).toArray()
    return `t${part}t`
  },
  'a descriptor': (path) => {
    const fd = fs.openSync(path, 'r')
    const buffer = Buffer.alloc(10)
    const count = fs.readSync(fd, buffer)
    fs.closeSync(fd)
    return buffer.toString('utf8', 0, count)
  },
  'a FileHandle': async (path) => {
    await using handle = await promises.open(path)
    const { bytesRead, buffer } = await handle.read({ position: 0 })
    return buffer.toString('utf8', 0, bytesRead)
  },
  'the lines of a FileHandle': async (path) => {
    const handle = await promises.open(path)
    const lines: string[] = []
    for await (const line of handle.readLines()) lines.push(line)
    return lines.join('')
  },
  'a web stream': async (path) => {
    const handle = await promises.open(path)
    const text = await new Response(handle.readableWebStream() as never).text()
    await handle.close()
    return text
  },
  openAsBlob: async (path) => (await fs.openAsBlob(path)).text(),
  'a link': (path) => {
    fs.symlinkSync('a.txt', path.replace('a.txt', 'link'))
    return fs.readFileSync(fs.realpathSync(path.replace('a.txt', 'link')), 'utf8')
  },
  'a pipeline': async (path) => {
    await pipeline(fs.createReadStream(path), fs.createWriteStream(path.replace('a.txt', 'link')))
    return fs.readFileSync(path.replace('a.txt', 'link'), 'utf8')
  },
}

test.each(Object.keys(READS))('%s reads what a volume holds', async (name) => {
  const volume = tripwire.fs.volume({ 'a.txt': 'text' }, { at: places.outside, over: 'empty' })
  expect(await tripwire.sandbox(() => READS[name]?.(`${places.outside}/a.txt`))).toBe('text')
  if ('link' in volume.tree()) tripwire.fs.assert({ link: name === 'a link' ? { link: 'a.txt' } : 'text' })
})

test('an expression is asked anew of each file, whatever its flags', () => {
  tripwire.fs.volume({}, { at: places.outside })
  tripwire.sandbox(() => {
    for (const name of ['a.txt', 'b.txt']) fs.writeFileSync(`${places.outside}/${name}`, 'text')
  })
  const text = /text/g
  tripwire.fs.assert({ 'a.txt': text, 'b.txt': text })
})

describe('a volume of a hook', () => {
  let second: unknown
  beforeEach(() => {
    tripwire.fs.volume({ 'a.txt': 'first' }, { at: places.outside }).optional()
    try {
      tripwire.fs.volume({ 'a.txt': 'second' }, { at: places.outside })
    } catch (error) {
      second = error
    }
  })

  test('is that of its test, which has no second', () => {
    expect(String(second)).toContain('there is a volume in this scope already')
  })
})

test('a scope has one volume, as the first would answer everything; a sandbox may have its own', () => {
  const root = places.outside
  const volume = tripwire.fs.volume({ 'a.txt': 'outer' }, { at: root })
  volume.optional()
  expect(() => tripwire.fs.volume({ 'b.txt': 'x' }, { at: root })).toThrow(
    /there is a volume in this scope already, and the first would answer everything/,
  )
  tripwire.sandbox(() => {
    tripwire.fs.volume({ 'a.txt': 'inner' }, { at: root })
    expect(fs.readFileSync(`${root}/a.txt`, 'utf8')).toBe('inner')
  })
})

test('a mode that is changed through a descriptor for reading is a change, and has to be asserted', () => {
  const root = places.outside
  tripwire.fs.volume({ 'a.txt': 'x' }, { at: root })
  const box = tripwire.sandbox((box) => {
    const fd = fs.openSync(`${root}/a.txt`, 'r')
    fs.fchmodSync(fd, 0o600)
    fs.closeSync(fd)
    return box
  })
  expect(box.interactions.map(({ operation, description }) => [operation, description.split(' ')[0]])).toEqual([
    ['fs:read', 'reading'],
    ['fs:write', 'changing'],
  ])
  expect(() => tripwire.fs.assert({ 'a.txt': { mode: 0o644 } })).toThrow('a path is otherwise')
  tripwire.fs.assert({ 'a.txt': { mode: 0o600 } })
})

test('what a volume asks the disk for its own sake is not written down', () => {
  tripwire.fs.volume({ a: 'x' }, { at: places.outside })
  const box = tripwire.sandbox((box) => {
    expect(fs.statSync(`${places.outside}/a`, { bigint: true }).size).toBe(1n)
    return box
  })
  expect(box.interactions.map(({ facts }) => facts.path)).toEqual([`${places.outside}/a`])
})

test('what no file can hold is refused before there is one, by promises too', async () => {
  tripwire.fs.volume({}, { at: places.outside }).optional()
  const there = await tripwire.sandbox(async () => {
    for (const data of [{ a: 1 }, 5, new Date(0)])
      for (const write of [promises.writeFile, promises.appendFile])
        await expect(write(`${places.outside}/a`, data as never)).rejects.toMatchObject({
          code: 'ERR_INVALID_ARG_TYPE',
        })
    return fs.existsSync(`${places.outside}/a`)
  })
  expect(there).toBe(false)
})
