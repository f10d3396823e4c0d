import type { RunnerTask } from 'vitest'
import type { Scope } from '../core/scopes.ts'
import type { Installed } from '../install-slot.ts'

/**
 * The scope that a task's own `meta.tripwire` opens, or undefined. Vitest hands a describe's meta down to its tests key by key, so what is
 * the same as above is the describe's, which has opened it already. @throws ConfigError
 */
export function ownScope(
  task: RunnerTask,
  kind: 'describe' | 'test',
  scopeOf: Installed['scopeOf'],
): Scope | undefined {
  const options = (task.meta as { tripwire?: unknown }).tripwire
  const parent = task.suite ?? (task.type === 'suite' && 'filepath' in task ? undefined : task.file)
  if (options === undefined || options === (parent?.meta as { tripwire?: unknown } | undefined)?.tripwire)
    return undefined
  return scopeOf(options, { kind, source: `meta.tripwire of ${kind} "${task.name}"` })
}
