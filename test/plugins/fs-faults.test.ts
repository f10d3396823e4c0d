import fs, { promises } from 'node:fs'
import { finished } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { out } = places

function volume(contents = {}, options = {}) {
  return tripwire.fs.volume(contents, { at: places.outside, ...options })
}

test('a write that fails says what Node says, in every form', async () => {
  volume()
  tripwire.fs.fail('logs/**', 'EACCES', { on: 'write' })
  const message = (name: string) => `EACCES: permission denied, open '${out(name)}'`
  await tripwire.sandbox(async () => {
    fs.mkdirSync(out('data'))
    expect(() => fs.writeFileSync(out('logs/a'), 'x')).toThrow(message('logs/a'))
    await expect(promises.writeFile(out('logs/a'), 'x')).rejects.toThrow(message('logs/a'))
    await expect(finished(fs.createWriteStream(out('logs/a')).end('x'))).rejects.toThrow(message('logs/a'))
    const error = await new Promise<NodeJS.ErrnoException | null>((resolve) =>
      fs.appendFile(out('logs/a'), 'x', resolve),
    )
    expect(error).toMatchObject({ code: 'EACCES', errno: -13, syscall: 'open', path: out('logs/a') })
    expect(() => fs.mkdirSync(out('logs'))).toThrow('EACCES: permission denied, mkdir')
    expect(() => fs.renameSync(out('file'), out('logs/a'))).toThrow('EACCES: permission denied, rename')
    fs.writeFileSync(out('data/a'), 'x')
    expect(fs.existsSync(out('logs'))).toBe(false)
  })
  tripwire.fs.assert({ 'data/a': 'x' })
})

test('so many bytes are written before it fails', async () => {
  volume({ 'logs/': null })
  tripwire.fs.fail('logs/*.log', 'ENOSPC', { on: 'write', after: 5 })
  await tripwire.sandbox(async () => {
    expect(() => fs.writeFileSync(out('logs/a.log'), '1234567')).toThrow('ENOSPC: no space left on device, write')
    await expect(finished(fs.createWriteStream(out('logs/b.log')).end('1234567'))).rejects.toThrow('ENOSPC')
    const fd = fs.openSync(out('logs/c.log'), 'w')
    expect(fs.writeSync(fd, '123')).toBe(3)
    expect(fs.writeSync(fd, '4567')).toBe(2)
    expect(() => fs.writeSync(fd, '67')).toThrow('ENOSPC')
    fs.closeSync(fd)
  })
  tripwire.fs.assert({ 'logs/a.log': '12345', 'logs/b.log': '12345', 'logs/c.log': '12345' })
})

test('a copy fails where it cannot read or write all of it, and leaves nothing', async () => {
  volume({ from: '1234567', bad: '1234567', 'logs/': null })
  tripwire.fs.fail('logs/**', 'ENOSPC', { on: 'write', after: 5 })
  tripwire.fs.fail('bad', 'EIO', { on: 'read', after: 3 })
  tripwire.fs.short('from', 2)
  await tripwire.sandbox(async () => {
    expect(() => fs.copyFileSync(out('from'), out('logs/a'))).toThrow('ENOSPC: no space left on device, copyfile')
    await expect(promises.cp(out('from'), out('logs/b'))).rejects.toThrow('ENOSPC')
    expect(() => fs.copyFileSync(out('bad'), out('c'))).toThrow('EIO: i/o error, copyfile')
    expect([fs.readdirSync(out('logs')), fs.existsSync(out('c'))]).toEqual([[], false])
    fs.copyFileSync(out('from'), out('d'))
  })
  tripwire.fs.assert({ d: '1234567' })
})

test('bytes that a file does not have, and those of short reads, have not passed', async () => {
  volume({ a: 'hello', b: '0123456789' })
  tripwire.fs.fail('a', 'EIO', { on: 'read', after: 100 })
  tripwire.fs.fail('b', 'EIO', { on: 'read', after: 8 })
  tripwire.fs.short('b', 3)
  await tripwire.sandbox(async () => {
    const read = Buffer.concat(await fs.createReadStream(out('a')).toArray())
    expect(read.toString()).toBe('hello')
    const fd = fs.openSync(out('b'), 'r')
    const next = () => fs.readSync(fd, Buffer.alloc(8))
    expect([next(), next(), next()]).toEqual([3, 3, 2])
    expect(next).toThrow('EIO')
    fs.closeSync(fd)
  })
})

test('a read fails at once, after some bytes, or with an error of the test', async () => {
  volume({ a: '123456', b: '123456', c: '123456' })
  tripwire.fs.fail('a', 'EIO', { on: 'read' })
  tripwire.fs.fail('b', 'EIO', { on: 'read', after: 4 })
  const error = new Error('the cable is out')
  tripwire.fs.fail('c', error)
  await tripwire.sandbox(async () => {
    expect(() => fs.readFileSync(out('a'))).toThrow(`EIO: i/o error, open '${out('a')}'`)
    const read: string[] = []
    const stream = fs.createReadStream(out('b'), { encoding: 'utf8' }).on('data', (part) => read.push(String(part)))
    await expect(finished(stream)).rejects.toThrow('EIO: i/o error, read')
    expect(read).toEqual(['1234'])
    await expect(promises.readFile(out('c'))).rejects.toBe(error)
    expect(fs.statSync(out('c')).size).toBe(6)
  })
})

test('a file of the real disk fails where it is read through the volume', () => {
  volume()
  tripwire.fs.fail('file', 'EIO', { on: 'read' })
  tripwire.fs.fail('folder/inner', 'EACCES', { on: 'probe' })
  tripwire.sandbox(() => {
    expect(() => fs.readFileSync(out('file'))).toThrow('EIO')
    expect(() => fs.statSync(out('folder/inner'))).toThrow(`EACCES: permission denied, stat '${out('folder/inner')}'`)
    expect(fs.existsSync(out('folder/inner'))).toBe(false)
  })
})

test('a volume is full at its size', async () => {
  const view = volume({ a: '12345' }, { over: 'empty', size: 10 })
  await tripwire.sandbox(async () => {
    fs.writeFileSync(out('b'), '12345')
    expect(() => fs.appendFileSync(out('b'), '6')).toThrow('ENOSPC: no space left on device, write')
    await expect(promises.truncate(out('a'), 6)).rejects.toThrow('ENOSPC')
    fs.rmSync(out('a'))
    await promises.appendFile(out('b'), '67890')
    const { bsize, bfree } = fs.statfsSync(out('b'))
    expect(bsize * bfree).toBe(0)
  })
  tripwire.fs.assert({ a: null, b: '1234567890' })
  expect(view.read('b')).toBe('1234567890')
})

test('short reads give a part each time, and whole files all the same', async () => {
  volume({ a: '1234567' })
  tripwire.fs.short('a', 3)
  await tripwire.sandbox(async () => {
    const fd = fs.openSync(out('a'), 'r')
    expect(fs.readSync(fd, Buffer.alloc(7))).toBe(3)
    fs.closeSync(fd)
    expect(fs.readFileSync(out('a'), 'utf8')).toBe('1234567')
    const parts = await fs.createReadStream(out('a'), 'utf8').toArray()
    expect(parts).toEqual(['123', '456', '7'])
  })
})

test('slow files take their time', async () => {
  volume({ a: 'x' })
  tripwire.fs.slow('a', 30)
  await tripwire.sandbox(async () => {
    let done = false
    const reading = promises.readFile(out('a')).then(() => {
      done = true
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(done).toBe(false)
    await reading
    const start = performance.now()
    fs.readFileSync(out('a'))
    expect(performance.now() - start).toBeGreaterThan(25)
  })
})

test('a fault that cannot be meant is refused', () => {
  expect(() => tripwire.fs.fail('a', 'EIO')).toThrow('there is no volume here')
  volume().optional()
  expect(() => tripwire.fs.fail('a', 'EOI')).toThrow('EOI is no code of the system and no Error; did you mean: EIO?')
  expect(() => tripwire.fs.fail('a', 'EIO', { onn: 'read' } as never)).toThrow(
    "a fault has no 'onn'; did you mean: on?",
  )
  expect(() => tripwire.fs.fail('a', 'EIO', { on: 'probe', after: 1 })).toThrow('moves no bytes')
  expect(() => tripwire.fs.short('a', 0)).toThrow('how many bytes?')
})
