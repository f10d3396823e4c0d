/**
 * The preload (`node --import vitest-tripwire/register`): patches before any user module can capture a function. Nothing is judged
 * until a setup file made the guard active, since before that only the runner itself works. In a worker thread that a test started the guard
 * is active at once, in the frames of that test.
 */
import { install } from './install.ts'
import { takeStart } from './threads/started.ts'

/** Put in by the build: whether this is the first that `--require` loads, before anything can be imported. */
declare const IS_FIRST: boolean

const installed = install(typeof IS_FIRST === 'boolean' && IS_FIRST)
const start = takeStart()
if (start) installed.obey(start)
