import fs, { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { type FileOperation, fileOperation, outcomesOf } from '../support/file-operations.ts'

/** The same in each run of the suite; `FS_SEQUENCES=5000` seeks new ones, for half a minute. */
const { FS_SEQUENCES } = process.env
const SEQUENCES = Number(FS_SEQUENCES ?? 200)
const LONGEST = 40

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

/** `cp` of a link over a link is Node's own affair, another one in each version. */
const sequence = fc
  .array(fileOperation, { minLength: 1, maxLength: LONGEST, size: 'max' })
  .map((operations) =>
    operations.some(({ function: name }) => name === 'symlink')
      ? operations.filter(({ function: name }) => name !== 'cp')
      : operations,
  )

test('whatever is done, in whatever order and form, a volume says and holds what a disk does', {
  timeout: 60_000 + SEQUENCES * 100,
}, async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (operations) => {
      expect(await onVolume(operations)).toEqual(await onDisk(operations))
    }),
    { numRuns: SEQUENCES, ...(FS_SEQUENCES === undefined && { seed: 6 }) },
  )
})
