/**
 * The preload (`node --import vitest-tripwire/register`): patches before any user module can capture a function. Nothing is judged
 * until a setup file made the guard active, since before that only the runner itself works. In a worker thread that a test started the guard
 * is active at once, in the frames of that test.
 */
import { install } from './install.ts'
import { takeStart } from './threads/started.ts'

const installed = install()
const start = takeStart()
if (start) installed.obey(start)
