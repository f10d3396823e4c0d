import { existsSync, writeFileSync } from 'node:fs'
import Module from 'node:module'
import v8 from 'node:v8'
import { WASI } from 'node:wasi'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { into, out } = places
const { enableCompileCache } = Module as unknown as { enableCompileCache?: (folder: string) => unknown }

/** What Node writes itself, past every function of `node:fs`. */
const WRITERS: Readonly<Record<string, (() => unknown) | undefined>> = {
  'process.report.writeReport': () => process.report.writeReport(out('report.json')),
  'a report in a folder': () => {
    const { directory } = process.report
    process.report.directory = places.outside
    try {
      process.report.writeReport('named.json')
    } finally {
      process.report.directory = directory
    }
  },
  'v8.writeHeapSnapshot': () => v8.writeHeapSnapshot(out('heap.heapsnapshot')),
  'a folder for WebAssembly': () => new WASI({ version: 'preview1', preopens: { '/': places.outside } }),
  ...(enableCompileCache && { 'module.enableCompileCache': () => enableCompileCache(out('cache')) }),
}

test.each(Object.keys(WRITERS))('%s writes nothing outside', async (name) => {
  const before = places.tree()
  const [trip] = await tripwire.expectTrip('fs:write', () => {
    expect(() => WRITERS[name]?.()).toThrow(expect.objectContaining({ code: 'TRIPWIRE_GUARDED_CALL' }))
  })
  expect(trip?.callSite?.file).toContain('fs-native.test.ts')
  expect(places.tree()).toEqual(before)
})

test('a heap snapshot and a folder for WebAssembly are let through where they may be', () => {
  const file = v8.writeHeapSnapshot(into('heap.heapsnapshot'))
  expect(existsSync(file)).toBe(true)
  expect(new WASI({ version: 'preview1', preopens: { '/': places.inside } })).toBeInstanceOf(WASI)
})

test('a file of variables is read like any other', async () => {
  const { loadEnvFile } = process
  unguarded(() => writeFileSync(out('.env'), 'FS_NATIVE=5'))
  loadEnvFile(out('.env'))
  expect(process.env.FS_NATIVE).toBe('5')
  await tripwire.expectTrip('fs:read', () =>
    tripwire.deny('fs:read', () => expect(() => loadEnvFile(out('.env'))).toThrow('blocked')),
  )
})
