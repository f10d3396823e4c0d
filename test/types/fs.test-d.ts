import { expect } from 'vitest'
import { type Box, tripwire } from 'vitest-tripwire'

const volume = tripwire.fs.volume(
  { 'a.txt': 'x', 'b.bin': new Uint8Array(1), 'logs/': null, c: { link: 'a.txt' } },
  { at: '.', over: 'empty', size: 1 },
)
volume.optional()
const text: string | Buffer = volume.read('a.txt')
const created: Readonly<Record<string, string>> = tripwire.sandbox((box) => box.fs.diff()).created
const view = (box: Box): readonly string[] => box.fs.diff().removed
tripwire.fs.assert({
  'a.txt': expect.stringContaining('x'),
  'old.txt': null,
  'logs/': {},
  c: { link: 'a.txt' },
  d: /x/,
})
tripwire.fs.assert('write:out/**')
tripwire.fs.volume({}, { ledger: 'operations' }).optional()
tripwire.fs.assert('rename:a.tmp', { to: 'a.txt' })
tripwire.fs.assert('write:a.txt', { content: expect.stringContaining('x') })
// @ts-expect-error
tripwire.fs.volume({}, { ledger: 'calls' })
tripwire.fs.fail('logs/**', 'ENOSPC', { on: 'write', after: 10 })
tripwire.fs.fail('logs/**', new Error('no'))
// @ts-expect-error
tripwire.fs.volume({ 'a.txt': 1 })
// @ts-expect-error
tripwire.fs.volume({}, { over: 'disk' })
// @ts-expect-error
tripwire.fs.fail('logs/**', 'EIO', { on: 'open' })
// @ts-expect-error
tripwire.fs.mock('write:a', '')
void [text, created, view]
