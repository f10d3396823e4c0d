/** What a rule or the config keeps from being read stays unread on a volume, under whatever name it stands there. */
import { once } from 'node:events'
import fs, { promises } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { out, into } = places
const denied = expect.objectContaining({ code: 'TRIPWIRE_GUARDED_CALL' })

/** Each comes to what `secret` names on the real disk, a folder that holds `inner`, by a way that no policy names. */
const WAYS: Readonly<Record<string, (secret: string) => unknown>> = {
  'a link of the volume': (secret) => {
    fs.symlinkSync(join(secret, 'inner'), into('link'))
    fs.readFileSync(into('link'))
  },
  'a link to the folder': (secret) => {
    fs.symlinkSync(secret, into('link'))
    return promises.readFile(into('link/inner'))
  },
  'a link that is looked at': (secret) => {
    fs.symlinkSync(join(secret, 'inner'), into('link'))
    fs.statSync(into('link'))
  },
  'a folder that was moved': (secret) => {
    fs.renameSync(secret, into('moved'))
    fs.readdirSync(into('moved'))
  },
  'a file that was moved': (secret) => {
    fs.renameSync(join(secret, 'inner'), into('moved'))
    return promises.open(into('moved'))
  },
  'a file that was linked': (secret) => {
    fs.linkSync(join(secret, 'inner'), into('linked'))
    fs.readFileSync(into('linked'))
  },
  'a file that was appended to': (secret) => {
    fs.appendFileSync(join(secret, 'inner'), '!')
    fs.readFileSync(join(secret, 'inner'))
  },
  'a copy': (secret) => {
    fs.symlinkSync(join(secret, 'inner'), into('link'))
    fs.copyFileSync(into('link'), into('copy'))
  },
  'a copy of the folder': (secret) => {
    fs.symlinkSync(secret, into('link'))
    fs.cpSync(into('link'), into('copy'), { recursive: true, dereference: true })
  },
  'a folder that is opened': (secret) => {
    fs.renameSync(secret, into('moved'))
    fs.opendirSync(into('moved')).closeSync()
  },
}

describe.each(Object.keys(WAYS))('%s', (name) => {
  const way = WAYS[name] as (secret: string) => unknown

  test('is no way around a rule', async () => {
    tripwire.deny(`fs:read:${out('folder')}/**`)
    const disk = tripwire.fs.volume({}, { at: places.inside })
    const trips = await tripwire.expectTrip('fs', () =>
      tripwire.sandbox(() => expect(async () => way(out('folder'))).rejects.toEqual(denied)),
    )
    expect(trips.map(({ description }) => description).join()).toContain(out('folder'))
    await accountFor(disk)
  })

  test('is a way where nothing is kept from being read', async () => {
    const disk = tripwire.fs.volume({}, { at: places.inside })
    await tripwire.sandbox(() => way(out('folder')))
    await accountFor(disk)
  })
})

/** What is left is nothing that these tests are about. */
async function accountFor(disk: ReturnType<typeof tripwire.fs.volume>): Promise<void> {
  const { created, changed, removed } = disk.diff()
  const names = [...Object.keys(created), ...Object.keys(changed), ...removed]
  for (const name of names) {
    const isLink = created[name]?.startsWith('-> ')
    const there = isLink ? { link: created[name]?.slice(3) } : name.endsWith('/') ? {} : expect.any(String)
    tripwire.fs.assert({ [name]: removed.includes(name) ? null : there })
  }
}

test('what was written anew is no longer what was kept', () => {
  tripwire.deny(`fs:read:${out('folder')}/**`)
  tripwire.fs.volume({}, { at: places.outside })
  tripwire.sandbox(() => {
    fs.writeFileSync(out('folder/inner'), 'own')
    expect(fs.readFileSync(out('folder/inner'), 'utf8')).toBe('own')
  })
  tripwire.fs.assert({ 'folder/inner': 'own' })
})

test('a folder of the volume that is still open is read by nobody after its sandbox', async () => {
  tripwire.fs.volume({ 'a/': null, 'a/b': 'x' }, { at: places.inside })
  const late = await tripwire.sandbox(async () => ({
    folder: await promises.opendir(into('a')),
    same: await promises.opendir(into('a')).then((folder) => folder.read()),
  }))
  expect(late.same?.name).toBe('b')
  await expect(late.folder.read()).rejects.toThrow('EBADF: bad file descriptor, scandir')
  await expect(late.folder.close()).resolves.toBe(undefined)
})

test('who reads a folder late where reading is kept is stopped by that', async () => {
  tripwire.fs.volume({ 'a/': null, 'a/b': 'x' }, { at: places.inside })
  const folder = await tripwire.sandbox(() => promises.opendir(into('a')))
  await tripwire.expectTrip('fs', () =>
    tripwire.deny(`fs:read:${into('a')}`, () => expect(folder.read()).rejects.toThrow('blocked')),
  )
})

test('a stream takes a handle of the volume in the place of a descriptor, and closes it', async () => {
  tripwire.fs.volume({ 'a.txt': 'text' }, { at: places.inside })
  await tripwire.sandbox(async () => {
    const handle = await promises.open(into('b.txt'), 'w')
    const closed = once(handle as never, 'close')
    const stream = fs.createWriteStream('', { fd: handle })
    await new Promise<void>((resolve) => stream.end('streamed', resolve))
    await closed
    expect(handle.fd).toBe(-1)
    const reading = await promises.open(into('a.txt'))
    const chunks = await fs.createReadStream('', { fd: reading, start: 1, encoding: 'utf8' }).toArray()
    expect(chunks.join('')).toBe('ext')
  })
  tripwire.fs.assert({ 'b.txt': 'streamed' })
})
