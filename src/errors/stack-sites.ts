/** Reads the present stack as call sites, and prints call sites with their lines in the user's sources. Leaves `Error` as it was. */
import { fileURLToPath } from 'node:url'

/** A frame of the stack: `file` is a path, `node:…`, or empty for what has no file. */
export interface Sited {
  readonly site: NodeJS.CallSite
  readonly file: string
}

type Formatter = (error: Error, sites: NodeJS.CallSite[]) => unknown
type Hook = 'stackTraceLimit' | 'prepareStackTrace'

/** Deep enough for a user's line below any client; more would only cost time. */
const DEPTH = 100
// Captured at load: tests replace the global.
const HostError = Error
const { captureStackTrace } = HostError
const { defineProperty, deleteProperty, getOwnPropertyDescriptor } = Reflect

let runnerFormatter: Formatter | undefined

/**
 * Remembers the formatter that maps stacks to the user's sources (Vite's module runner installs one), so that a library that replaces
 * `Error.prepareStackTrace` does not cost us the lines. The first stays: a later one is a library's, also in a worker of many files.
 */
export function rememberFormatter(): void {
  runnerFormatter ??= currentFormatter()
}

/** The frames of the present stack, innermost first; none where `Error` is frozen. */
export function readSites(): Sited[] {
  return keepSites(readSites)()
}

/** Keeps the present stack; reading its frames costs several times as much, and may never be asked for. @param below frames above it are left out */
export function keepSites(below: (...args: never[]) => unknown = keepSites): () => Sited[] {
  const holder: { stack?: unknown } = {}
  // Nothing is formatted yet: the depth alone counts.
  const limit = getOwnPropertyDescriptor(HostError, 'stackTraceLimit')
  put('stackTraceLimit', limit, DEPTH)
  try {
    captureStackTrace(holder, below)
  } catch {
    return () => []
  } finally {
    putBack('stackTraceLimit', limit)
  }
  return () => sitesOf(holder)
}

/** Formatting is lazy: it happens at the first access, so ours has to be in place then. */
function sitesOf(holder: { readonly stack?: unknown }): Sited[] {
  const giveBack = take(DEPTH)
  try {
    const sites = holder.stack
    return Array.isArray(sites) ? sites.map((site) => ({ site, file: fileOf(site) })) : []
  } catch {
    return []
  } finally {
    giveBack()
  }
}

/** Until the function that it gives is called, an error can be made without a library's formatter having a say in it, or throwing. */
export function withoutStacks(): () => void {
  return take(0)
}

/** One `    at …` line per frame, mapped by whoever maps in this process; plain where nobody does. */
export function formatSites(frames: readonly Sited[]): string[] {
  const sites = frames.map(({ site }) => site)
  for (const format of [runnerFormatter, currentFormatter()]) {
    const lines = format && tryFormat(format, sites)
    if (lines) return lines
  }
  return sites.map((site) => `    at ${site}`)
}

/** Puts a depth and our own formatter in place; the function that it gives puts back what was there, exactly. */
function take(depth: number): () => void {
  const limit = getOwnPropertyDescriptor(HostError, 'stackTraceLimit')
  const prepare = getOwnPropertyDescriptor(HostError, 'prepareStackTrace')
  put('stackTraceLimit', limit, depth)
  put('prepareStackTrace', prepare, (_: unknown, sites: unknown) => sites)
  return () => {
    putBack('stackTraceLimit', limit)
    putBack('prepareStackTrace', prepare)
  }
}

/** A property that cannot be redefined may still be assigned; one that cannot be assigned stays as it is. */
function put(hook: Hook, before: PropertyDescriptor | undefined, value: unknown): void {
  // Each interaction comes by here: assigning costs a tenth of defining.
  if (before?.writable) HostError[hook] = value as never
  else if (before === undefined || before.configurable)
    defineProperty(HostError, hook, { value, writable: true, configurable: true, enumerable: true })
}

function putBack(hook: Hook, before: PropertyDescriptor | undefined): void {
  if (before === undefined) deleteProperty(HostError, hook)
  else if (before.writable) HostError[hook] = before.value
  else if (before.configurable) defineProperty(HostError, hook, before)
}

function currentFormatter(): Formatter | undefined {
  try {
    const formatter: unknown = HostError.prepareStackTrace
    return typeof formatter === 'function' ? (formatter as Formatter) : undefined
  } catch {
    return undefined
  }
}

function tryFormat(format: Formatter, sites: NodeJS.CallSite[]): string[] | undefined {
  try {
    const text = format(new HostError(''), sites)
    if (typeof text !== 'string') return undefined
    const lines = text.split('\n').filter((line) => /^\s+at /.test(line))
    return lines.length === sites.length ? lines : undefined
  } catch {
    return undefined
  }
}

function fileOf(site: NodeJS.CallSite): string {
  return toPath(site.getFileName() ?? evalFile(site.getEvalOrigin()) ?? '')
}

/** `eval at f (/app/a.js:1:2)` stands in that file. */
function evalFile(origin: string | undefined): string | undefined {
  return origin && /\(([^()]+):\d+:\d+\)/.exec(origin)?.[1]
}

/** A path for a `file:` URL; whatever else it is as it is. */
export function toPath(name: string): string {
  if (!name.startsWith('file:')) return name
  try {
    return fileURLToPath(name)
  } catch {
    return name
  }
}
