import { expect, test } from 'vitest'
import { defineConfig, M } from '../../../src/config.ts'

// As a plugin's author would, by the name of the package.
declare module '../../../src/config.ts' {
  interface TripwireOptions {
    readonly volume?: 'low' | 'high'
  }
}

test('defineConfig gives the config back, and its types are closed', () => {
  const config = {
    guard: { default: 'error', dns: 'Warn', toy: false },
    allow: ['http', M({ protocol: 'dns' })],
    files: { 'test/**': { guard: 'observe', loopback: 'any' } },
    redact: [/x/, 'y'],
    onTrip: () => 'allow' as const,
  } as const
  expect(defineConfig(config)).toBe(config)
  // @ts-expect-error a key that is misspelt
  defineConfig({ gaurd: 'error' })
  // @ts-expect-error true is no level
  defineConfig({ guard: true })
  // @ts-expect-error keys for the whole config have no place in files
  defineConfig({ files: { 'test/**': { redact: ['x'] } } })
  // @ts-expect-error a bare function is no rule
  defineConfig({ allow: () => true })
})

test('a plugin adds its keys to the types', () => {
  const config = { volume: 'low', files: { 'a/**': { volume: 'high' } } } as const
  expect(defineConfig(config)).toBe(config)
  // @ts-expect-error a value that the plugin does not know
  defineConfig({ volume: 'loud' })
})
