import { expectTypeOf, test } from 'vitest'
import {
  type Box,
  type GuardedCallError,
  type Interaction,
  type Trip,
  type TripwireError,
  tripwire,
} from 'vitest-tripwire'
import { definePlugin } from 'vitest-tripwire/plugin'

test('a sandbox gives back what its function returns, promises as promises', () => {
  expectTypeOf(tripwire.sandbox(() => 1)).toEqualTypeOf<number>()
  expectTypeOf(tripwire.sandbox(async (box) => box.id)).toEqualTypeOf<Promise<number>>()
  expectTypeOf(tripwire.sandbox({ allow: 'dns' }, (box) => box)).toEqualTypeOf<Box>()
})

test('a sandbox as a block is for `using` and `await using`', () => {
  expectTypeOf(tripwire.sandbox()).toExtend<Box & Disposable & AsyncDisposable>()
  expectTypeOf(tripwire.sandbox({ allow: ['dns'] }).interactions).toEqualTypeOf<readonly Interaction[]>()
  // @ts-expect-error a box is read, not written
  tripwire.sandbox().id = 1
})

test('expectTrip gives the trips', () => {
  expectTypeOf(tripwire.expectTrip(() => {})).toEqualTypeOf<Promise<readonly Trip[]>>()
  expectTypeOf(tripwire.expectTrip('http', async () => {})).toEqualTypeOf<Promise<readonly Trip[]>>()
  // @ts-expect-error a rule needs the function that trips
  tripwire.expectTrip('http')
})

test('errors carry what happened', () => {
  expectTypeOf<GuardedCallError>().toExtend<TripwireError>()
  expectTypeOf<TripwireError>().toExtend<Error & { readonly code: string }>()
})

test('a plugin must say what it is called and what it watches', () => {
  expectTypeOf(definePlugin).parameter(0).toHaveProperty('operations')
  // @ts-expect-error a plugin without anything
  definePlugin({})
})
