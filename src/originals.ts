/**
 * What tests replace (clocks, globals, functions of built-in modules), as it was before they could. Parts of the guard that come late take it
 * from here; what is there from the start takes it where it is.
 */
import { builtIn } from './built-in.ts'

const { writeSync } = builtIn('node:fs')
const { isIP } = builtIn('node:net')
const { cwd, env, nextTick } = process
const { stringify } = JSON
const HostDate = Date
const HostError = Error
const {
  AbortController,
  Buffer,
  clearTimeout,
  Event,
  EventTarget,
  queueMicrotask,
  setImmediate,
  setTimeout,
  structuredClone,
  TextDecoder,
  URL,
} = globalThis

/** @example const { setTimeout, Buffer } = originals */
export const originals = {
  AbortController,
  Buffer,
  clearTimeout,
  cwd,
  Date: HostDate,
  env,
  Error: HostError,
  Event,
  EventTarget,
  /** The folder that Vitest runs in. */
  home: cwd(),
  isIP,
  nextTick,
  Promise: globalThis.Promise,
  queueMicrotask,
  setImmediate,
  setTimeout,
  stringify,
  structuredClone,
  TextDecoder,
  URL,
  writeSync,
} as const
