import type { LockedSlotError, LostSlot } from '../patch/patch-set.ts'
import { InstallError } from './classes.ts'

interface Copy {
  readonly version: string
  readonly path: string
}

/** Two copies of the package that cannot work as one. */
export function differentMajors(there: Copy, here: Copy): InstallError {
  return new InstallError(
    [
      'Two versions of vitest-tripwire meet in one process, and only one can guard it.',
      '',
      `  installed  ${there.version}, from ${there.path}`,
      `  this one   ${here.version}, from ${here.path}`,
      '  fix        keep one of them: see `npm ls vitest-tripwire`, then `npm dedupe` or align the versions',
    ].join('\n'),
    { installed: there, refused: here },
  )
}

/** A built-in that somebody locked. Everything that was patched before it has been taken back. */
export function lockedSlot(plugin: string, cause: LockedSlotError): InstallError {
  return new InstallError(
    [
      `The ${plugin} guard cannot be installed, so nothing is guarded: ${cause.message}.`,
      '',
      '  fix  load tripwire first: the Vite plugin does (plugins: [tripwire()] in vitest.config.ts), or',
      '       execArgv: ["--import", "vitest-tripwire/register"]',
    ].join('\n'),
    { plugin, slot: cause.slot, holder: cause.holder },
  )
}

/** Tools that answer calls were there before the guard, which would stop what they answer. */
export function cameLate(tools: readonly string[]): InstallError {
  return new InstallError(
    [
      `The setup file comes too late, so nothing is guarded: ${tools.join(', ')} ${tools.length === 1 ? 'was' : 'were'} there first, and what answers calls has to stand above the guard.`,
      '',
      "  fix  use the plugin, which is there before everything (plugins: [tripwire()] from 'vitest-tripwire/vite'), or",
      "       list 'vitest-tripwire/setup' first among setupFiles",
    ].join('\n'),
    { tools },
  )
}

/** The api was used where nothing is installed. */
export function notInstalled(): InstallError {
  return new InstallError(
    [
      'tripwire is not installed in this process.',
      '',
      '  fix  add the plugin to vitest.config.ts:',
      "         import { tripwire } from 'vitest-tripwire/vite'",
      '         export default defineConfig({ plugins: [tripwire()] })',
      "       or the setup file: test: { setupFiles: ['vitest-tripwire/setup'] }",
    ].join('\n'),
  )
}

const HOWS = {
  'put back': "Node's own function was put back",
  removed: 'the property was removed',
  replaced: 'it was replaced by a function that never calls the one it replaced',
} as const

/** @param during `test "a"`: what has just ended */
export function lostSlots(lost: readonly LostSlot[], during: string): InstallError {
  const slots = lost.map(({ slot }) => slot)
  return new InstallError(
    [
      `${slots.join(', ')} did not lead to the guard any more when ${during} ended, so calls may have got past it.`,
      '',
      ...lost.map(({ slot, how }, at) => `  ${at === 0 ? 'why' : '   '}  ${slot}: ${HOWS[how]}`),
      '  note it leads there again from now on',
      '  fix  replace a built-in by vi.spyOn or vi.mock, and put back what was there before: vi.restoreAllMocks() does',
    ].join('\n'),
    { slots },
  )
}
