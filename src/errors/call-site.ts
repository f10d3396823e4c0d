/**
 * Says whose line made the present call, through which package, and what to show as its error's stack. Only asked when a call is about to
 * be stopped or reported (a stack costs tens of microseconds), once per new connection to name a driver, and where a rule is written.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { isAbsolute, sep } from 'node:path'
import type { CallSite } from '../core/call.ts'
import { packageOf } from '../core/package-name.ts'
import { matchesText, startsWith } from '../core/texts.ts'
import { PACKAGE_ROOT } from '../package-root.ts'
import type { StackFrame } from '../plugin.ts'
import { formatSites, keepSites, readSites, type Sited, toPath } from './stack-sites.ts'

export { rememberFormatter } from './stack-sites.ts'

/** What was found on the stack of a call. */
export interface Site {
  /** The user's own line, source-mapped; undefined when the stack holds none. */
  readonly callSite: CallSite | undefined
  /** Why there is no call site, as the end of a sentence; undefined when there is one. */
  readonly reason: string | undefined
  /** The package nearest to the user's line, when the call went through one. */
  readonly via: string | undefined
  /** The `    at …` lines, none of ours. */
  readonly stack: string
  /** The runner's own work or Node's module loader. */
  readonly runner: boolean
}

// Captured at load: tests replace `process.cwd` and change the folder.
const HOME = process.cwd()
const OURS = [`${PACKAGE_ROOT}dist${sep}`, `${PACKAGE_ROOT}src${sep}`, `${PACKAGE_ROOT}plugins${sep}`]
const RUNNER = /[/\\]node_modules[/\\](?:vitest|@vitest[/\\][\w-]+|vite)[/\\]/
/** Call test bodies, hooks and polled functions, which may be Node's own (`beforeAll(fetch)`), and do no I/O themselves. */
const CALLERS = /[/\\]node_modules[/\\]@vitest[/\\](?:runner|expect)[/\\]/
const SPY = /[/\\](?:@vitest[/\\]spy[/\\]|vitest[/\\]dist[/\\]chunks[/\\]spy\.)/
/** A linked Vitest is not below a node_modules; its workers start in its own folder. Read when somebody asks, as no pattern is free. */
const STARTED = process.argv[1] ?? ''
let linkedRunner: string | undefined

/** Stacks from which a library went on to a later one. */
const origins = new AsyncLocalStorage<readonly Sited[]>()

/** In a worker thread: the line that started it, for calls in code that is not in a file of the user's. */
let starter: CallSite | undefined

export function standInFor(site: CallSite): void {
  starter = site
}

/** Reads the whole stack, source-mapped. Never throws. */
export function captureSite(): Site {
  const all = readSites()
  const present = withoutOurs(all)
  const rest = present.some(isUsers) ? present : [...present, ...(origins.getStore() ?? [])]
  const at = rest.findIndex(isUsers)
  const lines = formatSites(rest)
  const via = viaOf(at < 0 ? rest : rest.slice(0, at))
  return {
    callSite: at < 0 ? starter : positionOf(lines[at], rest[at] as Sited),
    reason: at < 0 && starter === undefined ? reasonOf(all, via) : undefined,
    via,
    stack: lines.filter((_, frame) => !isPage(rest[frame] as Sited)).join('\n'),
    runner: isRunners(present),
  }
}

/** Remembers the user's line of the present stack, unmapped; mapping it costs ten times as much, and most of them nobody asks for. */
export function captureLater(): () => Site {
  const keep = keepSites(captureLater)
  const before = origins.getStore()
  let site: Site | undefined
  return () => (site ??= userSite(withoutOurs(keep()), before))
}

function userSite(present: readonly Sited[], before: readonly Sited[] | undefined): Site {
  const at = present.findIndex(isUsers)
  const users = at < 0 ? before?.find(isUsers) : present[at]
  const via = viaOf(at < 0 ? present : present.slice(0, at))
  const [line = ''] = users === undefined ? [] : formatSites([users])
  const reason = users === undefined ? reasonOf(present, via) : undefined
  return { callSite: users && positionOf(line, users), reason, via, stack: line, runner: false }
}

/** Whether a call is the runner's own work, or a part of what Node's own files (`inner`) do for a call that was judged already. */
export function isOwnWork(inner: RegExp | undefined): boolean {
  const sites = withoutOurs(readSites())
  return (inner !== undefined && matchesText(inner, sites[0]?.file ?? '')) || isRunners(sites)
}

/** Remembers the user's line of the present stack, for what a function does on later ones. Without one, an earlier memory stands. */
export function rememberSite(): <T>(fn: () => T) => T {
  const sites = withoutOurs(readSites())
  return sites.some(isUsers) ? (fn) => origins.run(sites, fn) : (fn) => fn()
}

/** Files and functions only, unmapped: for naming a driver. */
export function captureFrames(): readonly StackFrame[] {
  return withoutOurs(readSites()).map(({ site, file }) => ({ file, function: site.getFunctionName() ?? undefined }))
}

/** `a.test.ts:3:5` of the caller's line, for "where is it written". */
export function callerPosition(): string {
  return written(userSite(withoutOurs(readSites()), undefined)).position
}

/** As `callerPosition`, worked out when somebody asks. */
export function callerLater(): () => Site & { readonly position: string } {
  const later = captureLater()
  return () => written(later())
}

function written(site: Site): Site & { readonly position: string } {
  return { ...site, position: site.callSite ? printPosition(site.callSite) : 'an unknown line' }
}

/** A position as messages print it: relative to the working directory where that is shorter. */
export function printPosition({ file, line, column }: CallSite): string {
  return `${printFile(file)}:${line}:${column}`
}

export function printFile(file: string): string {
  // Not by `path.relative`, which looks for `path.resolve`: tests replace that.
  if (!file.startsWith(HOME + sep)) return file
  const near = file.slice(HOME.length + 1)
  return sep === '/' ? near : near.replaceAll(sep, '/')
}

function withoutOurs(sites: readonly Sited[]): Sited[] {
  return sites.filter(({ file }) => !OURS.some((folder) => startsWith(file, folder)))
}

/**
 * A script in a page of jsdom: `http://localhost:3000/`. Vitest takes it for the path `/`, reads the folder, and its run ends there (4.1).
 */
function isPage({ file }: Sited): boolean {
  return /^https?:\/\/.*\/$/.test(file)
}

function isNodes(file: string): boolean {
  return file === '' || startsWith(file, 'node:') || file === '<anonymous>'
}

function isTheRunners(file: string): boolean {
  linkedRunner ??= /^(.*[/\\])dist[/\\]workers[/\\][^/\\]+$/.exec(STARTED)?.[1] ?? ''
  return matchesText(RUNNER, file) || (linkedRunner !== '' && startsWith(file, linkedRunner))
}

function isUsers({ file }: Sited): boolean {
  return isAbsolute(file) && !/[/\\]node_modules[/\\]/.test(file) && !isTheRunners(file)
}

/**
 * The runner's own: its code is the first that is not Node's or a spy's; or the loader is in the innermost run of Node's frames (Node 20
 * to 26 read modules through public functions). What merely awaits is not at work: a test that returns `url.then(fetch)` leaves nothing
 * but an awaiting runner on the stack.
 */
function isRunners(rest: readonly Sited[]): boolean {
  const working = rest.filter(({ site }) => !site.isAsync())
  const first = working.findIndex(({ file }) => !isNodes(file) && !matchesText(SPY, file))
  const innermost = first < 0 ? working : working.slice(0, first)
  for (const { file } of innermost) if (startsWith(file, 'node:internal/modules/')) return true
  const { file } = working[first] ?? { file: '' }
  return isTheRunners(file) && !matchesText(CALLERS, file)
}

function viaOf(below: readonly Sited[]): string | undefined {
  for (const { file } of below.toReversed()) {
    const name = packageOf(file)
    if (name !== undefined && !isTheRunners(file)) return name
  }
  return undefined
}

function reasonOf(all: readonly Sited[], via: string | undefined): string {
  if (all.length === 0) return 'the stack cannot be read here'
  if (via !== undefined) return `only ${via} is on the stack`
  return "only Node's own code is on the stack"
}

/** Where a mapped line points; where it says nothing useful, the frame's own position. */
function positionOf(text: string | undefined, { site, file }: Sited): CallSite {
  const line = (text ?? '').replace(/^\s+at (?:async )?/, '')
  // A folder may have parentheses and spaces in its name: what follows the first ` (` up to the last `)` is the place.
  const place = line.endsWith(')') ? line.slice(line.indexOf(' (') + 2, -1) : line
  const mapped = /^(.+):(\d+):(\d+)$/.exec(place)
  const path = mapped && toPath(mapped[1] as string)
  if (!mapped || !path || !isAbsolute(path)) {
    return { file: bare(file), line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 }
  }
  return { file: bare(path), line: Number(mapped[2]), column: Number(mapped[3]) }
}

/** Without the query that a bundler adds. */
function bare(file: string): string {
  return file.replace(/\?.*$/, '')
}
