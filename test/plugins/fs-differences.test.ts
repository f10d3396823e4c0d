import { execFileSync } from 'node:child_process'
import fs, { promises, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { out, into } = places
let opened = -1

/** What `docs/plugins/fs.md` says of a volume that is otherwise than on a disk, by the start of the row. */
const ROWS: Readonly<Record<string, () => unknown>> = {
  '`node:sqlite`, `process.loadEnvFile`, reports, heap snapshots': () => {
    expect(() => process.loadEnvFile(out('only.env'))).toThrow('ENOENT')
  },
  '`/dev`, `/proc`, `/sys`': () => {
    fs.writeFileSync('/dev/null', 'x')
    if (process.platform !== 'linux') return
    expect(fs.existsSync('/proc/self')).toBe(true)
    fs.symlinkSync('/dev/shm', out('shm'))
    expect(() => fs.writeFileSync(out('shm/tripwire'), 'x')).toThrow('ENOENT')
    fs.unlinkSync(out('shm'))
  },
  '`/proc/self/fd` and `/dev/fd`': () => {
    const fd = fs.openSync(out('descriptor'), 'w+')
    for (const folder of ['/proc/self/fd', '/dev/fd'])
      expect(() => fs.readFileSync(`${folder}/${fd}`)).toThrow('ENOENT')
    fs.closeSync(fd)
    fs.unlinkSync(out('descriptor'))
  },
  '`O_TMPFILE`': () => {
    const { O_DIRECTORY, O_RDWR } = fs.constants
    expect(() => fs.openSync(places.outside, 0o20000000 | O_DIRECTORY | O_RDWR)).toThrow('EISDIR')
  },
  'a descriptor or stream that was opened before the sandbox': () => {
    expect(fs.existsSync(into('file'))).toBe(false)
    fs.writeSync(opened, 'real')
  },
  'a file of the disk that is opened for reading alone': () => {
    const fd = fs.openSync(out('file'), 'r')
    fs.writeFileSync(out('file'), 'otherwise')
    expect([fs.readFileSync(fd, 'utf8'), fs.readFileSync(out('file'), 'utf8')]).toEqual(['untouched', 'otherwise'])
    fs.writeFileSync(out('file'), 'untouched')
    fs.closeSync(fd)
  },
  'access times': () => {
    const before = fs.statSync(out('only.env')).atimeMs
    fs.readFileSync(out('only.env'))
    expect(fs.statSync(out('only.env')).atimeMs).toBe(before)
  },
  'a file of the disk that is watched': async () => {
    const told: unknown[] = []
    const watcher = fs.watch(out('file'), (...event) => void told.push(event))
    using _ = tripwire.allow('subprocess')
    execFileSync(process.execPath, ['-e', `fs.utimesSync(${JSON.stringify(out('file'))}, 1, 1)`])
    await sleep(50)
    expect(told).toEqual([])
    watcher.close()
  },
  '`Dir`, `FileHandle`, `FSWatcher`': async () => {
    const folder = fs.opendirSync(places.outside)
    expect(folder).not.toBeInstanceOf(fs.Dir)
    expect([folder.readSync()?.name]).toEqual(['only.env'])
    folder.closeSync()
    const watcher = fs.watch(places.outside)
    const change = new Promise((resolve) => watcher.on('change', (...args) => resolve(args)))
    fs.chmodSync(out('only.env'), 0o600)
    fs.chmodSync(out('only.env'), 0o644)
    expect(await change).toEqual(['change', 'only.env'])
    watcher.close()
  },
  'how `cp` fails': () => {
    fs.mkdirSync(out('folder'))
    expect(() => fs.cpSync(out('folder'), out('copy'))).toThrow(expect.objectContaining({ code: 'ERR_FS_EISDIR' }))
    fs.rmdirSync(out('folder'))
  },
  '`mkdir` through a link that leads nowhere': async () => {
    fs.symlinkSync('nowhere', out('link'))
    await expect(promises.mkdir(out('link/a/b'), { recursive: true })).rejects.toThrow('ENOENT')
    fs.unlinkSync(out('link'))
  },
  '`rm` of a link to a folder with `/` at its end': () => {
    fs.symlinkSync('.', out('link'))
    expect(() => fs.rmSync(out('link/'), { recursive: true })).toThrow('ENOTDIR')
    fs.unlinkSync(out('link'))
  },
}

test.each(Object.keys(ROWS))('%s: as the table says', async (row) => {
  const over = row.startsWith('a file of the disk') ? 'project' : 'empty'
  tripwire.fs.volume({ 'only.env': { content: 'A=1', mode: 0o644 } }, { at: places.outside, over }).optional()
  opened = fs.openSync(into('file'), 'w+')
  await tripwire.sandbox(() => ROWS[row]?.())
  fs.closeSync(opened)
  expect(fs.readFileSync(into('file'), 'utf8')).toBe(row.startsWith('a descriptor') ? 'real' : '')
})

test('the table has a row for each, and says the rest of what a volume has not', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/plugins/fs.md'), 'utf8')
  const rows = [...page.slice(page.indexOf('What is otherwise than on a disk')).matchAll(/^\| (.*?) \| /gm)]
  const said = rows.map(([, row]) => row as string).filter((row) => row !== 'what' && !/^-+$/.test(row))
  const untested = said.filter((row) => !Object.keys(ROWS).some((tested) => row.startsWith(tested)))
  expect(untested).toEqual(['`flock`, quotas, devices, sockets and pipes by path', 'Windows'])
  expect(said).toHaveLength(Object.keys(ROWS).length + untested.length)
})

test('passThrough lets a write through to the disk, and has it asserted', () => {
  tripwire.fs.passThrough(`write:${into('**')}`).always()
  tripwire.sandbox(() => {
    fs.writeFileSync(into('made'), 'x')
    fs.rmSync(into('made'))
  })
  tripwire.fs.assert(`write:${into('made')}`, { function: 'writeFileSync' })
  tripwire.fs.assert(`write:${into('made')}`, { function: 'rmSync' })
})
