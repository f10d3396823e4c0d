/** Gives every hook a frame of its own, which stands in the test, describe or file that it belongs to. */
import { TestRunner } from 'vitest'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import { printFile } from '../errors/call-site.ts'
import { noteSurfaced } from './charge.ts'
import { isPromise, withoutOurLines } from './own-frames.ts'
import { type AnySuite, HOOK_NAMES, type HookName, type RawHook, type SuiteHooks } from './worker.ts'

export function hooksOf(suite: AnySuite): SuiteHooks {
  return (TestRunner as unknown as { getSuiteHooks(suite: AnySuite): SuiteHooks }).getSuiteHooks(suite)
}

/** Called before ours are put into the arrays. */
export function wrapHooks(guard: Guard, suite: AnySuite): void {
  const hooks = hooksOf(suite)
  const owner = 'filepath' in suite ? printFile(suite.file.filepath) : `"${suite.name}"`
  for (const name of HOOK_NAMES) replaceEach(hooks[name], (hook) => wrapHook(guard, hook, name, `${name} of ${owner}`))
  for (const name of ['aroundAll', 'aroundEach'] as const) replaceEach(hooks[name], wrapAround)
}

function replaceEach(hooks: RawHook[], wrap: (hook: RawHook) => RawHook): void {
  hooks.forEach((hook, at) => {
    hooks[at] = wrap(hook)
  })
}

/** No frame: what runs inside it is the test or the describe. But what it throws is told, and need not be told again. */
function wrapAround(hook: RawHook): RawHook {
  return like(hook, function (this: unknown, ...args) {
    return settle(() => Reflect.apply(hook, this, args), told, same)
  })
}

function wrapHook(guard: Guard, hook: RawHook, name: HookName, label: string): RawHook {
  return like(hook, function (this: unknown, ...args) {
    const frame = guard.openFrame('hook', label, standingFrame(guard))
    const cleanups = name === 'beforeAll' || name === 'beforeEach'
    return settle(
      () => guard.runIn(frame, () => Reflect.apply(hook, this, args)),
      (error) => {
        guard.closeFrame(frame)
        return told(error)
      },
      (result) => {
        guard.closeFrame(frame)
        return cleanups && typeof result === 'function'
          ? wrapHook(guard, result as RawHook, 'afterEach', `the cleanup of ${label}`)
          : result
      },
    )
  })
}

/** A hook that runs in a frame which ended (a cleanup) stands in what is still open around it. */
function standingFrame(guard: Guard): Frame {
  const frame = guard.currentFrame()
  return frame.openAncestor() ?? frame
}

function told(error: unknown): unknown {
  noteSurfaced(error)
  return withoutOurLines(error)
}

const same = (result: unknown) => result

function settle(fn: () => unknown, failed: (error: unknown) => unknown, ended: (result: unknown) => unknown): unknown {
  let result: unknown
  try {
    result = fn()
  } catch (error) {
    throw failed(error)
  }
  if (!isPromise(result)) return ended(result)
  return result.then(ended, (error: unknown) => {
    throw failed(error)
  })
}

/** Vitest keeps a hook's timeout, place and fixtures in properties of it. */
function like(hook: RawHook, wrapped: RawHook): RawHook {
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(hook)) as RawHook
}
