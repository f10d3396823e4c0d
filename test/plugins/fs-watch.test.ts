import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { out } = places
const OFTEN = { interval: 5 }

type Told = [now: fs.Stats, before: fs.Stats]

/** Runs in a sandbox over the real folder; whatever was changed is put back, so that nothing is to be asserted. */
async function inside(run: () => Promise<void>): Promise<void> {
  tripwire.fs.volume({}, { at: places.outside }).optional()
  await tripwire.sandbox(async () => {
    await run()
    fs.writeFileSync(out('file'), 'untouched')
    fs.chmodSync(out('file'), 0o644)
    fs.rmSync(out('new'), { force: true })
  })
}

/** What `watchFile` tells, in the order of what it tells. */
function watching(path: string, options: object = OFTEN) {
  const told: Told[] = []
  const listener = (...stats: Told) => void told.push(stats)
  fs.watchFile(path, options, listener)
  return { told, listener, next: (count = 1) => vi.waitFor(() => expect(told).toHaveLength(count)) }
}

test('who polls a file of the disk is told what is done to it on the volume', async () => {
  await inside(async () => {
    const { told, next, listener } = watching(out('file'))
    fs.writeFileSync(out('file'), 'longer than before')
    await next()
    expect(told[0]?.map(({ size }) => size)).toEqual([18, 9])
    const fd = fs.openSync(out('file'), 'r+')
    fs.fchmodSync(fd, 0o600)
    fs.closeSync(fd)
    await next(2)
    expect(told[1]?.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o644])
    fs.renameSync(out('file'), out('moved'))
    await next(3)
    expect(told[2]?.[0]).toMatchObject({ size: 0, mode: 0, mtimeMs: 0, ino: 0, nlink: 0 })
    fs.renameSync(out('moved'), out('file'))
    await next(4)
    fs.unwatchFile(out('file'), listener)
    fs.writeFileSync(out('file'), 'x')
    await sleep(20)
    expect(told).toHaveLength(4)
  })
})

test('who polls is told of what another process does on the disk as well', async () => {
  tripwire.allow('subprocess')
  await inside(async () => {
    const { told, next } = watching(out('file'))
    execFileSync(process.execPath, ['-e', `fs.appendFileSync(${JSON.stringify(out('file'))}, '!')`])
    await next()
    expect(told[0]?.map(({ size }) => size)).toEqual([10, 9])
    fs.unwatchFile(out('file'))
  })
})

test('of a file that is not there one is told at once, and again when it comes', async () => {
  await inside(async () => {
    const { told, next } = watching(out('new'), { ...OFTEN, bigint: true })
    await next()
    expect(told[0]?.map(({ size, mtimeMs }) => [size, mtimeMs])).toEqual([
      [0n, 0n],
      [0n, 0n],
    ])
    fs.writeFileSync(out('new'), 'abc')
    await next(2)
    expect(told[1]?.map(({ size }) => size)).toEqual([3n, 0n])
    fs.unwatchFile(out('new'))
  })
})

test('listeners of one file share its watcher, which stops with the last of them', async () => {
  await inside(async () => {
    const [one, other] = [watching(out('file')), watching(out('file'))]
    const watcher = fs.watchFile(out('file'), OFTEN, one.listener)
    const stopped = vi.fn()
    watcher.on('stop', stopped)
    fs.unwatchFile(out('file'), other.listener)
    fs.writeFileSync(out('file'), 'x')
    await one.next(2)
    expect(other.told).toEqual([])
    expect(stopped).not.toHaveBeenCalled()
    fs.unwatchFile(out('file'))
    await vi.waitFor(() => expect(stopped).toHaveBeenCalledOnce())
  })
})

test('it ends with its sandbox, and what is wrong with its arguments Node says', async () => {
  let told: unknown[] = []
  await inside(async () => {
    told = watching(out('file')).told
    expect(() => fs.watchFile(out('file'), {} as never, undefined as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
  })
  const before = told.length
  unguarded(() => fs.writeFileSync(out('file'), 'otherwise'))
  await sleep(30)
  expect(told).toHaveLength(before)
})

test('`watch` tells of files of the disk that are changed on the volume, too', async () => {
  await inside(async () => {
    const seen: unknown[] = []
    const file = fs.watch(out('file'), (...event) => void seen.push(event))
    const folder = fs.watch(places.outside, (...event) => void seen.push(event))
    fs.writeFileSync(out('file'), 'x')
    fs.writeFileSync(out('new'), 'x')
    await vi.waitFor(() => expect(seen).toContainEqual(['rename', 'new']))
    expect(seen.filter((event) => JSON.stringify(event) === '["change","file"]').length).toBeGreaterThanOrEqual(2)
    file.close()
    folder.close()
  })
})

test('a policy for reading holds for those who watch', async () => {
  tripwire.deny(`fs:read:${out('folder')}/**`)
  tripwire.fs.volume({}, { at: places.outside }).optional()
  await tripwire.expectTrip('fs', () =>
    tripwire.sandbox(() => expect(() => fs.watchFile(out('folder/inner'), () => {})).toThrow('blocked')),
  )
})
