/** Types as a user's compiler meets them: through the package's own name, from the declarations that were built. */
import { describe, expectTypeOf, test } from 'vitest'
import { defineConfig as defineVitestConfig } from 'vitest/config'
import { M, type TripCode, type TripwireOptions, tripwire } from 'vitest-tripwire'
import { defineConfig } from 'vitest-tripwire/config'
import { tripwire as plugin } from 'vitest-tripwire/vite'

test('meta of tests and describes takes options', { meta: { tripwire: { guard: 'observe', allow: ['dns'] } } }, () => {
  expectTypeOf<NonNullable<import('vitest').TaskMeta['tripwire']>>().toEqualTypeOf<TripwireOptions>()
})
// @ts-expect-error a key that no options know
test('meta knows its keys', { meta: { tripwire: { gaurd: 'error' } } }, () => {})
// @ts-expect-error `loopback` is one of three words
describe('meta knows its words', { meta: { tripwire: { loopback: 'mine' } } }, () => {})

test('a config takes levels in any spelling, rules alone or in a list, and options by file', () => {
  defineConfig({})
  defineConfig({ guard: 'error' })
  defineConfig({ guard: { default: 'STRICT', dns: false }, allow: 'http', deny: ['dns', M({ protocol: 'http' })] })
  defineConfig({ files: { 'test/**': { guard: 'warn', loopback: 'none' } }, redact: ['secret', /k_\w+/] })
  // @ts-expect-error `true` is no level: nobody knows which
  defineConfig({ guard: true })
  // @ts-expect-error rules are strings or matchers
  defineConfig({ allow: [/http/] })
  // @ts-expect-error files hold options, and `onTrip` is the project's alone
  defineConfig({ files: { 'test/**': { onTrip: () => {} } } })
})

test('onTrip is given the trip', () => {
  defineConfig({
    onTrip(trip) {
      expectTypeOf(trip.code).toEqualTypeOf<TripCode | undefined>()
      expectTypeOf(trip.protocol).toEqualTypeOf<string>()
      return trip.operation === 'dns:lookup' ? 'allow' : undefined
    },
  })
})

test('onTrip answers "allow" or nothing, in whatever way a function gives nothing', () => {
  const logged: string[] = []
  const log = (text: string): void => void logged.push(text)
  defineConfig({ onTrip: () => 'allow' })
  defineConfig({ onTrip: () => {} })
  defineConfig({ onTrip: () => undefined })
  defineConfig({ onTrip: (trip) => log(trip.operation) })
  defineConfig({ onTrip: (trip) => (trip.protocol === 'dns' ? 'allow' : undefined) })
  defineConfig({ onTrip: (trip) => (trip.protocol === 'dns' ? 'allow' : log(trip.operation)) })
  defineConfig({
    onTrip(trip) {
      log(trip.operation)
    },
  })
  defineConfig({
    onTrip(trip) {
      if (trip.protocol !== 'dns') return
      return 'allow'
    },
  })
  // @ts-expect-error a word that it does not know
  defineConfig({ onTrip: () => 'alow' })
  // @ts-expect-error the call waits, so that a promise is no answer
  defineConfig({ onTrip: async () => 'allow' as const })
  // @ts-expect-error true is no answer
  defineConfig({ onTrip: () => true })
})

test('the plugin is one for vitest.config.ts', () => {
  expectTypeOf(plugin).parameter(0).toExtend<{ readonly config?: string } | undefined>()
  defineVitestConfig({ plugins: [plugin(), plugin({ config: './tripwire.config.ts' })] })
  // @ts-expect-error levels stand in tripwire.config.ts
  plugin({ guard: 'error' })
})

test('rules with a callback give back what it gives, without one they are for `using`', () => {
  expectTypeOf(tripwire.allow('dns', () => 1)).toEqualTypeOf<number>()
  expectTypeOf(tripwire.deny(['dns'], async () => 'x')).toEqualTypeOf<Promise<string>>()
  expectTypeOf(tripwire.restrict('dns')).toEqualTypeOf<Disposable>()
  // @ts-expect-error no rule
  tripwire.allow()
})
