import type { TripwireOptions } from '../config/define.ts'

/** What `meta` of a test or describe may hold for us. Exported by the doors, which is what brings the augmentation below to a user's compiler. */
export interface TripwireTaskMeta {
  /**
   * Rules and levels of this test or describe.
   *
   * @example test('migrating', { meta: { tripwire: { guard: 'observe', allow: ['dns'] } } }, () => {})
   */
  tripwire?: TripwireOptions
}

declare module 'vitest' {
  interface TaskMeta extends TripwireTaskMeta {}
}
