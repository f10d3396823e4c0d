import fs, { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { type FileOperation, fileOperation, outcomesOf } from '../support/file-operations.ts'

/** The same in each run of the suite; `FS_SEQUENCES=5000` seeks new ones, for half a minute, and `FS_SEED=17` those of that seed. */
const { FS_SEQUENCES, FS_SEED } = process.env
const SEQUENCES = Number(FS_SEQUENCES ?? 200)
const SEED = FS_SEED === undefined ? (FS_SEQUENCES === undefined ? { seed: 6 } : {}) : { seed: Number(FS_SEED) }
const LONGEST = 40
const TIMEOUT = { timeout: 60_000 + SEQUENCES * 100 }

let home: string
let box: string
beforeAll(() => {
  home = mkdtempSync(join(fs.realpathSync(tmpdir()), 'tripwire-compatible-'))
  // A link that leads up leads somewhere that is empty as well.
  box = join(home, 'box')
})
afterAll(() => rmSync(home, { recursive: true }))

function clear(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (lstatSync(path).isDirectory()) {
      chmodSync(path, 0o700)
      clear(path)
    }
    rmSync(path, { recursive: true })
  }
}

async function onDisk(operations: readonly FileOperation[]): Promise<unknown[]> {
  clear(home)
  mkdirSync(box)
  return outcomesOf(operations, box)
}

/** In the same folder, so that even messages are the same. */
async function onVolume(operations: readonly FileOperation[]): Promise<unknown[]> {
  return tripwire.sandbox(async () => {
    tripwire.fs.volume({ [`${box}/`]: null }, { over: 'empty' })
    const outcomes = await outcomesOf(operations, box)
    // What is as it was need not be asserted.
    clear(home)
    mkdirSync(box)
    return outcomes
  })
}

const any = fc.array(fileOperation, { minLength: 1, maxLength: LONGEST, size: 'max' })

/** What `cp` does with links, and with modes of folders, is Node's own affair, another one in each version. */
const UNCOPIED = ['symlink', 'chmod', 'fchmod']

/** Sequences that copy trees have no links and no folders of any mode, the others copy none. */
function told(operations: readonly FileOperation[], copies: boolean): FileOperation[] {
  if (!copies) return operations.filter(({ function: name }) => name !== 'cp')
  return operations
    .filter(({ function: name }) => !UNCOPIED.includes(name))
    .map((operation) => {
      const [path, given] = operation.args
      const isPlain = operation.function !== 'mkdir' || (given as { recursive?: boolean } | undefined)?.recursive
      return isPlain ? operation : { ...operation, args: [path, undefined] }
    })
}

const sequence = fc.tuple(any, fc.boolean()).map(([operations, copies]) => told(operations, copies))

/** What is opened for reading alone is the real disk's, and goes on with what that has. */
function opensInVolume(operation: FileOperation): FileOperation {
  const [path, flags, ...rest] = operation.args
  const isReal = operation.function === 'open' && (flags === 'r' || flags === fs.constants.O_DIRECTORY)
  return isReal ? { ...operation, args: [path, 'r+', ...rest] } : operation
}

const twoSequences = fc
  .tuple(any, any, fc.boolean())
  .map(([before, operations, copies]) => [told(before, copies), told(operations, copies).map(opensInVolume)])

test('whatever is done, in whatever order and form, a volume says and holds what a disk does', TIMEOUT, async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (operations) => {
      expect(await onVolume(operations)).toEqual(await onDisk(operations))
    }),
    { numRuns: SEQUENCES, ...SEED },
  )
})

/** All that a disk knows of what stands in a folder, the folder itself included. */
function seen(path: string): unknown {
  const { mode, uid, gid, size, nlink, ino, mtimeMs, ctimeMs } = lstatSync(path)
  const known = { path, mode, uid, gid, size, nlink, ino, mtimeMs, ctimeMs }
  if (lstatSync(path).isSymbolicLink()) return { ...known, leads: fs.readlinkSync(path) }
  if (lstatSync(path).isFile()) return { ...known, text: fs.readFileSync(path, 'latin1') }
  return {
    ...known,
    holds: readdirSync(path)
      .sort()
      .map((name) => seen(join(path, name))),
  }
}

test('laid over a folder it does so too, and the folder stays what it is to the byte', TIMEOUT, async () => {
  await fc.assert(
    fc.asyncProperty(twoSequences, async ([before = [], operations = []]) => {
      await onDisk(before)
      const real = seen(home)
      const answered = await tripwire.sandbox(async () => {
        tripwire.fs.volume({}, { at: box }).optional()
        const outcomes = await outcomesOf(operations, box)
        // Nothing here and nothing there: that is no change, and need not be asserted.
        clear(home)
        return outcomes
      })
      expect(seen(home)).toEqual(real)
      const expected = await outcomesOf(operations, box)
      clear(home)
      expect(answered).toEqual(expected)
    }),
    { numRuns: SEQUENCES, ...SEED },
  )
})
