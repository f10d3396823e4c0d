import fs, { promises } from 'node:fs'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'

const places = usePlaces()
const paste = (code: string) => new Function('tripwire', 'expect', 'Buffer', code)(tripwire, expect, Buffer)

/** A sandbox whose current folder is that of the volume. */
async function inside(run: () => unknown): Promise<void> {
  const home = process.cwd()
  await tripwire.sandbox(async () => {
    process.chdir(places.outside)
    try {
      await run()
    } catch {
      // What fails is an operation as well.
    } finally {
      process.chdir(home)
    }
  })
}

function operations(contents: Readonly<Record<string, string | null>>, over: 'empty' | 'project' = 'empty') {
  return tripwire.fs.volume(contents, { at: places.outside, over, ledger: 'operations' })
}

/** What errors print of the calls that are still to be asserted, each pasted before the next is asked for. */
function pasteAll(): string[] {
  const printed: string[] = []
  for (;;) {
    const message = thrown(() => tripwire.fs.assert('probe:nothing')).message
    const [assertion] = /tripwire\.fs\.assert\((?!'probe:nothing'\)).*\)$/m.exec(message) ?? []
    if (assertion === undefined) {
      expect(message).toContain('there is none left to be asserted')
      return printed
    }
    paste(assertion)
    printed.push(assertion)
  }
}

function thrown(run: () => void): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not throw')
}

const WAYS: Readonly<Record<string, () => unknown>> = {
  'writeFile, in each form': async () => {
    fs.writeFileSync('a.txt', 'sync')
    await promisify(fs.writeFile)('a.txt', 'callback')
    await promises.writeFile('a.txt', 'promise')
    await promises.writeFile('a.txt', Readable.from(['in ', 'parts']))
    fs.writeFileSync('a.bin', Buffer.from([0, 255]))
  },
  'appendFile and truncate': async () => {
    fs.appendFileSync('seed.txt', '!')
    await promises.truncate('seed.txt', 2)
  },
  'a stream': () => finished(fs.createWriteStream('a.txt').end('streamed')),
  'a descriptor, until it is closed': () => {
    const fd = fs.openSync('a.txt', 'w')
    fs.writeSync(fd, 'one ')
    fs.writeSync(fd, 'two')
    fs.closeSync(fd)
    fs.writeFileSync('a.txt', 'otherwise')
  },
  'a descriptor that stays open': () => {
    fs.writeSync(fs.openSync('a.txt', 'w'), 'so far')
  },
  'a FileHandle': async () => {
    const handle = await promises.open('a.txt', 'w')
    await handle.writeFile('handled')
    await handle.close()
  },
  'a file that is moved while it is open': () => {
    const fd = fs.openSync('a.txt', 'w')
    fs.renameSync('a.txt', 'b.txt')
    fs.writeSync(fd, 'moved')
    fs.closeSync(fd)
  },
  folders: async () => {
    fs.mkdirSync('a/b', { recursive: true })
    fs.mkdtempSync('temporary-')
    await promises.rmdir('a/b')
  },
  'removing, in three ways': async () => {
    fs.unlinkSync('seed.txt')
    await promises.rm('folder', { recursive: true })
    fs.rmSync('nothing', { force: true })
  },
  'moving and linking': () => {
    fs.renameSync('seed.txt', 'moved.txt')
    fs.linkSync('moved.txt', 'folder/again.txt')
    fs.symlinkSync('moved.txt', 'current')
    fs.unlinkSync('current')
  },
  'mode, owner and times': () => {
    fs.chmodSync('seed.txt', '600')
    fs.chownSync('seed.txt', process.getuid?.() ?? 0, process.getgid?.() ?? 0)
    fs.utimesSync('seed.txt', 1, 2)
  },
  'mode, owner and times of an open file': async () => {
    const fd = fs.openSync('seed.txt', 'r')
    fs.fchmodSync(fd, 0o640)
    fs.closeSync(fd)
    const handle = await promises.open('folder/in.txt', 'r')
    await handle.chmod(0o600)
    await handle.utimes(1, 2)
    await handle.chown(process.getuid?.() ?? 0, process.getgid?.() ?? 0)
    await handle.close()
  },
  'copies of a file and of a folder': async () => {
    await promises.copyFile('seed.txt', 'copy.txt')
    fs.cpSync('folder', 'other', { recursive: true })
  },
  'what fails': async () => {
    await promises.unlink('nothing').catch(() => {})
    await promises.writeFile('folder', 'x').catch(() => {})
    await finished(fs.createWriteStream('no/a.txt').end('x')).catch(() => {})
  },
  'a name with quotes, one with a star': () => {
    fs.writeFileSync("it's", '')
    fs.writeFileSync('*', '')
  },
}

// A worker thread has no folder of its own.
describe.runIf(isMainThread).each(['empty', 'project'] as const)('over %s', (over) => {
  test.each(Object.keys(WAYS))('%s: what is printed of each operation holds when it is pasted', async (name) => {
    operations({ 'seed.txt': 'seed', 'folder/in.txt': 'in', 'folder/deep/x.txt': 'x' }, over)
    await inside(() => WAYS[name]?.())
    expect(pasteAll().join('\n')).toMatchSnapshot()
  })
})

test('reading is recorded, and nobody has to assert it', async () => {
  operations({ 'seed.txt': 'seed' })
  await inside(() => {
    fs.readFileSync('seed.txt')
    fs.statSync('seed.txt')
    fs.readdirSync('.')
  })
  expect(pasteAll()).toEqual([])
  expect(tripwire.fs.calls().map(({ operation }) => operation)).toContain('fs:read')
})

test('operations are asserted in the order of all calls, unless that does not matter', async () => {
  operations({})
  await inside(() => {
    fs.writeFileSync('a.txt', 'a')
    fs.writeFileSync('b.txt', 'b')
  })
  expect(() => tripwire.fs.assert('write:b.txt', { content: 'b' })).toThrow('is not the next call')
  tripwire.inAnyOrder(() => {
    tripwire.fs.assert('write:b.txt', { content: /^b$/ })
    tripwire.fs.assert('write:*.txt', { content: expect.any(String), path: /a\.txt$/ })
  })
})

test('an assertion says what was done, and what it left', async () => {
  operations({ 'old.txt': 'x', 'a.tmp': 'x' })
  await inside(() => {
    fs.writeFileSync('a.txt', 'text')
    fs.renameSync('a.tmp', 'b.txt')
    fs.rmSync('old.txt')
  })
  const said = (run: () => void) =>
    thrown(run)
      .message.replaceAll(places.outside, '<volume>')
      .replace(/(\.test\.ts):\d+:\d+/g, '$1')
  expect(said(() => tripwire.fs.assert('write:a.txt'))).toMatchSnapshot('without what it left')
  expect(said(() => tripwire.fs.assert('write:a.txt', { content: 'other' }))).toMatchSnapshot('with other content')
  expect(said(() => tripwire.fs.assert('remove:a.txt'))).toMatchSnapshot('of something else')
  tripwire.fs.assert('write:a.txt', { content: 'text' })
  expect(said(() => tripwire.fs.assert('rename:a.tmp'))).toMatchSnapshot('of a move to nowhere')
  tripwire.fs.assert('rename:a.tmp', { to: 'b.txt' })
  expect(said(() => tripwire.fs.assert('write:old.txt'))).toMatchSnapshot('of a removal as a write')
  expect(said(() => tripwire.fs.assert('delete:old.txt'))).toMatchSnapshot('by a word that there is not')
  expect(said(() => tripwire.fs.assert('remove:'))).toMatchSnapshot('without a path')
  tripwire.fs.assert('remove:old.txt')
})

test('what is left in the end may be looked at as well, and accounts for nothing', async () => {
  operations({})
  await inside(() => fs.writeFileSync('a.txt', 'a'))
  tripwire.fs.assert({ 'a.txt': 'a' })
  expect(pasteAll()).toEqual(["tripwire.fs.assert('write:a.txt', { content: 'a' })"])
})

test('what goes through to the disk is asserted by what is done, too', () => {
  tripwire.fs.passThrough('make:**').always()
  tripwire.sandbox(() => {
    fs.mkdirSync(places.into('made'))
    fs.mkdirSync(places.into('also'))
  })
  tripwire.fs.assert(`make:${places.into('made')}`)
  tripwire.fs.assert(`write:${places.into('also')}`)
})

test('what went through to the disk is printed from where the names in it start, on whatever machine', () => {
  tripwire.fs.passThrough('make:dist/made')
  tripwire.sandbox(() => fs.mkdirSync('dist/made'))
  tripwire.allow('fs:write:dist/made', () => fs.rmSync('dist/made', { recursive: true }))
  expect(pasteAll()).toEqual(["tripwire.fs.assert('make:dist/made')"])
})

test('a volume whose ledger is nothing that there is is refused', () => {
  expect(() => tripwire.fs.volume({}, { ledger: 'calls' as never })).toThrow('`ledger` is calls')
})
