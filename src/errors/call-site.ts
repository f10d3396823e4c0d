/**
 * Reads the present stack: whose line made the call, through which package, and what to show as the error's stack. Only asked when a
 * call is about to be stopped or reported (a stack costs tens of microseconds), and once per new connection to name a driver.
 */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CallSite } from '../core/call.ts'
import type { StackFrame } from '../plugin.ts'

/** What was found on the stack of a call. */
export interface Site {
  /** The user's own line, source-mapped; undefined when the stack holds none. */
  readonly callSite: CallSite | undefined
  /** The package nearest to the user's line, when the call went through one. */
  readonly via: string | undefined
  /** The `    at …` lines, none of ours. */
  readonly stack: string
  /** The runner's own work or Node's module loader. */
  readonly runner: boolean
}

interface Sited {
  readonly site: NodeJS.CallSite
  readonly file: string
}

type Formatter = (error: Error, sites: NodeJS.CallSite[]) => unknown

const DEPTH = 100
const { captureStackTrace } = Error
const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\](?:dist[/\\])?$/, '')
const OURS = new RegExp(`^${quoted(ROOT)}[/\\\\](?:dist|src|plugins)[/\\\\]`)
const RUNNER = /[/\\]node_modules[/\\](?:vitest|@vitest[/\\][\w-]+|vite)[/\\]/
const SPY = /[/\\](?:@vitest[/\\]spy[/\\]|vitest[/\\]dist[/\\]chunks[/\\]spy\.)/
const PACKAGE = /[/\\]node_modules[/\\](@[^/\\]+[/\\][^/\\]+|[^@/\\][^/\\]*)[/\\](?!.*[/\\]node_modules[/\\])/

let runnerFormatter: Formatter | undefined

/**
 * Remembers the formatter that maps stacks to the user's sources (Vite's module runner installs one), so that a library that replaces
 * `Error.prepareStackTrace` later does not cost us the lines.
 */
export function rememberFormatter(): void {
  if (Error.prepareStackTrace !== undefined) runnerFormatter = Error.prepareStackTrace as Formatter
}

/** Reads the whole stack, source-mapped. */
export function captureSite(): Site {
  const sites = captureSites(DEPTH)
  const rest = withoutOurs(sites)
  const lines = formatLines(rest.map(({ site }) => site))
  const at = rest.findIndex(isUsers)
  return {
    callSite: at < 0 ? undefined : positionOf(lines[at], rest[at] as Sited),
    via: viaOf(at < 0 ? rest : rest.slice(0, at)),
    stack: lines.join('\n'),
    runner: isRunners(sites),
  }
}

/** Files and functions only, unmapped: for naming a driver. */
export function captureFrames(): readonly StackFrame[] {
  return withoutOurs(captureSites(DEPTH)).map(({ site, file }) => ({
    file,
    function: site.getFunctionName() ?? undefined,
  }))
}

/** `a.test.ts:3:5` of the caller's line, for "where is it written". */
export function callerPosition(): string {
  const { callSite } = captureSite()
  return callSite ? printPosition(callSite) : 'an unknown line'
}

/** A position as messages print it: relative to the working directory where that is shorter. */
export function printPosition({ file, line, column }: CallSite): string {
  return `${printFile(file)}:${line}:${column}`
}

export function printFile(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') || near === '' ? file : near
}

function captureSites(depth: number): Sited[] {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  const holder: { stack?: unknown } = {}
  try {
    Object.defineProperty(Error, 'stackTraceLimit', {
      value: depth,
      writable: true,
      configurable: true,
      enumerable: true,
    })
    const give: Formatter = (_, sites) => sites
    Object.defineProperty(Error, 'prepareStackTrace', {
      value: give,
      writable: true,
      configurable: true,
      enumerable: true,
    })
    captureStackTrace(holder, captureSites)
    // Formatting is lazy: it happens at this access, so while ours is in place.
    const sites = holder.stack
    return Array.isArray(sites) ? sites.map((site) => ({ site, file: fileOf(site) })) : []
  } finally {
    giveBack('stackTraceLimit', limit)
    giveBack('prepareStackTrace', prepare)
  }
}

function giveBack(key: 'stackTraceLimit' | 'prepareStackTrace', before: PropertyDescriptor | undefined): void {
  if (before === undefined) Reflect.deleteProperty(Error, key)
  else Object.defineProperty(Error, key, before)
}

function fileOf(site: NodeJS.CallSite): string {
  const name = site.getFileName() ?? site.getEvalOrigin() ?? ''
  if (!name.startsWith('file:')) return name
  try {
    return fileURLToPath(name)
  } catch {
    return name
  }
}

function withoutOurs(sites: readonly Sited[]): Sited[] {
  return sites.filter(({ file }) => !OURS.test(file))
}

function isNodes(file: string): boolean {
  return file === '' || file.startsWith('node:') || file === '<anonymous>'
}

function isUsers({ file }: Sited): boolean {
  return !isNodes(file) && !/[/\\]node_modules[/\\]/.test(file) && !file.startsWith('native ')
}

/**
 * The runner's own: its code is the first that is not Node's, ours or a spy's; or the loader is in the innermost run of Node's frames
 * (Node 20 to 26 read modules through public functions).
 */
function isRunners(sites: readonly Sited[]): boolean {
  const rest = withoutOurs(sites)
  const first = rest.findIndex(({ file }) => !isNodes(file) && !SPY.test(file))
  const innermost = first < 0 ? rest : rest.slice(0, first)
  if (innermost.some(({ file }) => file.startsWith('node:internal/modules/'))) return true
  return first >= 0 && RUNNER.test((rest[first] as Sited).file)
}

function viaOf(below: readonly Sited[]): string | undefined {
  for (const { file } of below.toReversed()) {
    const name = PACKAGE.exec(file)?.[1]
    if (name !== undefined && !RUNNER.test(file)) return name.replace('\\', '/')
  }
  return undefined
}

/** One line per site, mapped by whoever maps in this process; plain where that fails. */
function formatLines(sites: NodeJS.CallSite[]): string[] {
  for (const format of [Error.prepareStackTrace as Formatter | undefined, runnerFormatter]) {
    const lines = format && tryFormat(format, sites)
    if (lines) return lines
  }
  return sites.map((site) => `    at ${site}`)
}

function tryFormat(format: Formatter, sites: NodeJS.CallSite[]): string[] | undefined {
  try {
    const text = format(new Error(''), sites)
    if (typeof text !== 'string') return undefined
    const lines = text.split('\n').filter((line) => /^\s+at /.test(line))
    return lines.length === sites.length ? lines : undefined
  } catch {
    return undefined
  }
}

function positionOf(line: string | undefined, { site, file }: Sited): CallSite {
  const mapped = /\(?((?:file:\/\/)?[^\s()][^()]*?):(\d+):(\d+)\)?$/.exec(line?.replace(/^\s+at (?:async )?/, '') ?? '')
  if (mapped === null) return { file, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 }
  const name = mapped[1] as string
  const path = name.startsWith('file:') ? fileURLToPath(name) : name
  return { file: path, line: Number(mapped[2]), column: Number(mapped[3]) }
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
