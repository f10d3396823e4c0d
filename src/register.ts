/**
 * The preload (`node --import vitest-tripwire/register`): patches before any user module can capture a function. Nothing is judged
 * until a setup file made the guard active, since before that only the runner itself works.
 */
import { install } from './install.ts'

install()
