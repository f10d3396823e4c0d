import fs, { promises } from 'node:fs'
import { tmpdir } from 'node:os'
import { finished } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { into, out } = places
const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code
const codeOfSync = (fn: () => unknown) => {
  try {
    fn()
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}
/** The code of what a function told its callback. */
const told = (fn: (done: (error: unknown) => void) => unknown) =>
  new Promise<unknown>((resolve) => fn((error) => resolve(codeOf(error))))
const rejected = (promise: Promise<unknown>) => promise.then(() => undefined, codeOf)
const streamed = (stream: fs.WriteStream) => rejected(finished(stream.end('x')))

/** Its types leave the constructor out. */
type StreamClass = new (file: fs.PathLike) => fs.WriteStream

/** Every way to write to a file; each gives the code of its error. */
const WRITERS: Readonly<Record<string, (file: fs.PathLike) => unknown>> = {
  writeFileSync: (file) => codeOfSync(() => fs.writeFileSync(file, 'x')),
  writeFile: (file) => told((done) => fs.writeFile(file, 'x', done)),
  'writeFile, promisified': (file) => rejected(promisify(fs.writeFile)(file, 'x')),
  'promises.writeFile': (file) => rejected(promises.writeFile(file, 'x')),
  appendFileSync: (file) => codeOfSync(() => fs.appendFileSync(file, 'x')),
  appendFile: (file) => told((done) => fs.appendFile(file, 'x', done)),
  'promises.appendFile': (file) => rejected(promises.appendFile(file, 'x')),
  truncateSync: (file) => codeOfSync(() => fs.truncateSync(file)),
  truncate: (file) => told((done) => fs.truncate(file, done)),
  'promises.truncate': (file) => rejected(promises.truncate(file)),
  'openSync for writing': (file) => codeOfSync(() => fs.closeSync(fs.openSync(file, 'r+'))),
  'openSync by number': (file) => codeOfSync(() => fs.closeSync(fs.openSync(file, fs.constants.O_WRONLY))),
  'openSync with O_TRUNC': (file) => codeOfSync(() => fs.closeSync(fs.openSync(file, fs.constants.O_TRUNC))),
  open: (file) =>
    told((done) => fs.open(file, 'a', (error, fd) => (fd === undefined ? done(error) : fs.close(fd, done)))),
  'promises.open': (file) => rejected(promises.open(file, 'w').then((handle) => handle.close())),
  'readFileSync that truncates': (file) => codeOfSync(() => fs.readFileSync(file, { flag: 'w+' })),
  'promises.readFile that makes it': (file) => rejected(promises.readFile(file, { flag: 'a+' })),
  createWriteStream: (file) => streamed(fs.createWriteStream(file)),
  WriteStream: (file) => streamed(new (fs.WriteStream as unknown as StreamClass)(file)),
  'WriteStream, extended': (file) => streamed(new (class extends (fs.WriteStream as unknown as StreamClass) {})(file)),
  'WriteStream, by the constructor of another': (file) => {
    const other = fs.createWriteStream(into('another'))
    return Promise.all([streamed(new (other.constructor as StreamClass)(file)), streamed(other)]).then(([code]) => code)
  },
  'createWriteStream with the functions of fs': (file) => streamed(fs.createWriteStream(file, { fs } as never)),
  'createReadStream that truncates': (file) =>
    rejected(finished(fs.createReadStream(file, { flags: 'w+' } as never).resume())),
  copyFileSync: (file) => codeOfSync(() => fs.copyFileSync(into('file'), file)),
  copyFile: (file) => told((done) => fs.copyFile(into('file'), file, done)),
  'promises.copyFile': (file) => rejected(promises.copyFile(into('file'), file)),
  cpSync: (file) => codeOfSync(() => fs.cpSync(into('folder/inner'), file as string)),
  cp: (file) => told((done) => fs.cp(into('folder/inner'), file as string, done)),
  'promises.cp': (file) => rejected(promises.cp(into('folder/inner'), file as string)),
  chmodSync: (file) => codeOfSync(() => fs.chmodSync(file, 0o600)),
  chmod: (file) => told((done) => fs.chmod(file, 0o600, done)),
  'promises.chmod': (file) => rejected(promises.chmod(file, 0o600)),
  chownSync: (file) => codeOfSync(() => fs.chownSync(file, process.getuid?.() ?? 0, process.getgid?.() ?? 0)),
  utimesSync: (file) => codeOfSync(() => fs.utimesSync(file, 1, 1)),
  'promises.utimes': (file) => rejected(promises.utimes(file, 1, 1)),
  'fchmod of a file that is read': (file) => {
    const fd = fs.openSync(file, 'r')
    const code = codeOfSync(() => fs.fchmodSync(fd, 0o600))
    fs.closeSync(fd)
    return code
  },
  'futimes of a file that is read': async (file) => {
    const fd = fs.openSync(file, 'r')
    const code = await told((done) => fs.futimes(fd, 1, 1, done))
    fs.closeSync(fd)
    return code
  },
  'FileHandle.chmod': async (file) => {
    await using handle = await promises.open(file, 'r')
    return rejected(handle.chmod(0o600))
  },
  getBuiltinModule: (file) => codeOfSync(() => process.getBuiltinModule('fs').writeFileSync(file, 'x')),
  'import()': async (file) => rejected((await import('node:fs/promises')).writeFile(file, 'x')),
}

/** Every way to say which file. */
const FORMS: Readonly<Record<string, () => fs.PathLike>> = {
  'a path': () => out('file'),
  'a Buffer': () => Buffer.from(out('file')),
  'a URL': () => pathToFileURL(out('file')),
  'a link to the file': () => into('leak'),
  'a link to the folder': () => into('out/file'),
  'dots that lead out': () => `${tmpdir()}/../${'../'.repeat(20)}${out('file')}`,
  'dots behind a link': () => into('out/folder/../file'),
  'doubled slashes': () => `/${out('file').replaceAll('/', '//')}`,
  'the working folder of the process': () => `/proc/self/cwd/${'../'.repeat(20)}${out('file').slice(1)}`,
  'the root of the process': () => `/proc/self/root${out('file')}`,
}

describe.each(Object.keys(WRITERS))('%s', (name) => {
  const write = WRITERS[name] as (file: fs.PathLike) => unknown

  test.each(Object.keys(FORMS))('writes nothing outside, given %s', async (form) => {
    const before = places.tree()
    const [trip, ...more] = await tripwire.expectTrip('fs:write', async () => {
      expect(await write(FORMS[form]?.() as fs.PathLike)).toBe('TRIPWIRE_GUARDED_CALL')
    })
    expect(more).toEqual([])
    // With functions that were given to it a stream is judged when it opens: no line of the user's is on the stack by then.
    if (!name.endsWith('functions of fs')) expect(trip?.callSite?.file).toContain('fs.test.ts')
    expect(trip?.facts.path).toBe(out('file'))
    expect(places.tree()).toEqual(before)
  })

  test('works below the temporary folder, and where a rule allows it', async () => {
    expect(await write(into('file'))).toBeUndefined()
    expect(await unguarded(() => write(out('file')))).toBeUndefined()
  })

  test('fails like a folder that may not be written where it is refused', async () => {
    expect(await tripwire.refuse('fs:write', () => write(into('leak')))).toBe('EACCES')
  })
})

test('an iterator of what may not be read fails at its first step, and is over', async () => {
  const stopped = expect.objectContaining({ code: 'TRIPWIRE_GUARDED_CALL' })
  const watching = () => promises.watch(out('folder')) as AsyncGenerator
  const trips = await tripwire.expectTrip('fs:read', () =>
    tripwire.deny('fs:read', async () => {
      const changes = watching()
      await expect(changes.next()).rejects.toEqual(stopped)
      expect(await changes.next()).toEqual({ done: true, value: undefined })
      const unread = watching()
      expect(await unread.return('enough')).toEqual({ done: true, value: 'enough' })
      expect(await unread.next()).toEqual({ done: true, value: undefined })
    }),
  )
  expect(trips).toHaveLength(2)
  expect(await tripwire.refuse('fs:read', () => rejected(watching().next()))).toBe('ENOENT')
})
