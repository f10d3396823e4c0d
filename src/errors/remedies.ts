import { isAbsolute, join, relative, sep } from 'node:path'
import type { StartedBy, TripCode, Why } from '../core/call.ts'
import type { FrameKind } from '../core/frames.ts'
import type { Remedy } from '../plugin.ts'
import { printFile } from './call-site.ts'

/** One way to make the error go away: what it does, and the code to paste. */
export interface Fix {
  readonly does: string
  readonly code: string
}

/** Where a config file is, or would be. */
export interface ConfigPlace {
  /** Absolute path; undefined where there is no config file yet. */
  readonly file: string | undefined
  /** The folder that its globs are relative to. */
  readonly dir: string
}

export interface Circumstances {
  readonly code: TripCode
  readonly why: Why
  readonly remedy: Remedy
  readonly startedBy: StartedBy
  /** What had ended before a late call was made. */
  readonly late: 'sandbox' | 'test' | 'file' | undefined
  /** The kind of the innermost frame that is still open, where the call was judged. */
  readonly judgedIn: FrameKind
  readonly config: ConfigPlace
  /** Every rule of the list that decided (deny, restrict), as text; the one that did is the first. */
  readonly decided: readonly string[]
  /** Those of them that do not stop the call. */
  readonly harmless: readonly string[]
  /** The mock that would answer the call, as code; undefined where its protocol has none. */
  readonly mock: string | undefined
}

/** One to three fixes, the narrowest first, chosen by what decided and by what can still be changed there. */
export function fixesFor(at: Circumstances): Fix[] {
  if (at.late !== undefined) return lateFixes(at, at.late)
  if (at.why.effect === 'deny') return [...despiteDeny(at), withoutDeny(at)]
  if (at.why.by === 'ceiling') return [widerCeiling(at)]
  // It stands since before the first test, so only the config opens it.
  if (at.why.by === 'wall') return [forAll(at)]
  if (at.code === 'TRIPWIRE_UNMOCKED_INTERACTION')
    return at.mock === undefined
      ? [inSandbox(at), forAll(at)]
      : [mocked(at.mock), ...(at.remedy.rule === '' ? [] : [inSandbox(at)])]
  const { kind } = at.startedBy
  if (kind === 'import') return [...forFile(at), refused(at), forAll(at)]
  if (kind === 'hook' || kind === 'describe') {
    const does = `let it through from this hook on, for the describe or test that it belongs to (${importOf(at)})`
    return [{ does, code: `tripwire.allow(${rule(at)})` }, ...forFile(at), forAll(at)]
  }
  if (kind === 'test') {
    const does = `by the test's options, the second argument of test()${importOfRule(at, ' (', ')')}`
    return [inTest(at), { does, code: `{ meta: { tripwire: { allow: [${rule(at)}] } } }` }, forAll(at)]
  }
  return [...forFile(at), forAll(at)]
}

/** What is awaited instead of left behind is a call like any other: it needs a rule as well. */
function lateFixes(at: Circumstances, ended: 'sandbox' | 'test' | 'file'): Fix[] {
  const where = ended === 'file' ? 'file ends, in afterAll' : `${ended} ends`
  const stopped: Fix = {
    does: `stop the work before the ${where}`,
    code: 'clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()',
  }
  if (at.why.effect === 'deny') return [stopped, withoutDeny(at)]
  if (at.why.by === 'ceiling') return [stopped, widerCeiling(at)]
  if (ended === 'file') return [stopped, forAll(at)]
  const awaited: Fix = {
    does: `wait for it in the ${ended}, and let it through there (${importOf(at)})`,
    code: `${usingOf(at)}tripwire.allow(${rule(at)})\nawait work`,
  }
  return [stopped, awaited, ...whereJudged(at)]
}

/** A rule in a scope that has ended does nothing, so it has to stand in one that is open still. */
function whereJudged(at: Circumstances): Fix[] {
  if (at.judgedIn === 'sandbox') return [{ ...inSandbox(at), does: `${inSandbox(at).does}, of the one around it` }]
  if (at.judgedIn === 'test') return [inTest(at)]
  if (at.judgedIn === 'run') return [forAll(at)]
  return forFile(at)
}

/** A nearer rule wins over a deny; what is imported has no nearer place to write one. */
function despiteDeny(at: Circumstances): Fix[] {
  const { kind } = at.startedBy
  const using = kind === 'test' ? usingOf(at) : ''
  if (kind !== 'test' && kind !== 'hook') return []
  const does = `a deny rule stops it on purpose; if it is meant here, a nearer rule wins (${importOf(at)})`
  return [{ does, code: `${using}tripwire.allow(${rule(at)})` }]
}

/** All that stop the call have to go, not only the first that did: a request is stopped by its endpoint as well. */
function withoutDeny(at: Circumstances): Fix {
  const does = `change ${at.why.source} to let it through`
  const allow = written('allow', [at.remedy.rule], at.why)
  if (at.harmless.length > 0) return { does, code: `${written('deny', at.harmless, at.why)}\n${allow}` }
  return { does, code: `${allow} // instead of ${written('deny', at.decided, at.why)}` }
}

function widerCeiling(at: Circumstances): Fix {
  const widened = written('restrict', [...at.decided, at.remedy.rule], at.why)
  const does = `widen the ceiling (${at.why.source}), and let it through there; an allow alone cannot`
  return { does, code: `${widened}\n${written('allow', [at.remedy.rule], at.why)}` }
}

function inTest(at: Circumstances): Fix {
  return { does: `let it through in this test (${importOf(at)})`, code: `${usingOf(at)}tripwire.allow(${rule(at)})` }
}

function mocked(code: string): Fix {
  return { does: `answer it by a mock, registered before the sandbox (${importing('tripwire')})`, code }
}

function inSandbox(at: Circumstances): Fix {
  const does = `let it through in this sandbox, by the first argument of tripwire.sandbox()${importOfRule(at, ' (', ')')}`
  return { does, code: `{ allow: [${rule(at)}] }` }
}

/** None for a file that no glob of this config reaches. */
function forFile(at: Circumstances): Fix[] {
  const near = relative(at.config.dir, at.startedBy.file ?? at.config.dir)
  if (near === '' || near.startsWith('..') || isAbsolute(near)) return []
  // Braces are alternatives to a glob; it has no other way to mean the character.
  const glob = (sep === '/' ? near : near.replaceAll(sep, '/')).replace(/[{}]/g, '?')
  const code = `files: { ${quote(glob)}: { allow: [${rule(at)}] } }`
  return [inConfig(at, 'let it through in that file', code)]
}

function forAll(at: Circumstances): Fix {
  return inConfig(at, 'let it through everywhere', `allow: [${rule(at)}]`)
}

function refused(at: Circumstances): Fix {
  return inConfig(at, 'let it fail like an unreachable host, for telemetry', `refuse: [${rule(at)}]`)
}

/** A key for the config; the whole file where there is none. */
function inConfig(at: Circumstances, does: string, key: string): Fix {
  const { config } = at
  const needs = importOfRule(at, ', ')
  if (config.file !== undefined) return { does: `${does} (${printFile(config.file)}${needs})`, code: key }
  const file = printFile(join(config.dir, 'tripwire.config.ts'))
  return { does: `${does} (a new ${file}${needs})`, code: `export default { ${key} }` }
}

function rule(at: Circumstances): string {
  return quote(at.remedy.rule)
}

/** A list of rules in the form of the place where it is written: a call of ours, or a key of options. */
function written(effect: string, rules: readonly string[], { source }: Why): string {
  const list = rules.map(quote).join(', ')
  if (!/^tripwire\.(?:deny|restrict) at /.test(source ?? '')) return `${effect}: [${list}]`
  return `tripwire.${effect}(${rules.length === 1 ? list : `[${list}]`})`
}

/** What code needs that opens a scope; a rule that no text says needs `M` as well. */
function importOf({ remedy }: Circumstances): string {
  return isCode(remedy.rule) ? importing('M, tripwire') : importing('tripwire')
}

/** What options or a config need for a rule that no text says; else nothing. */
function importOfRule({ remedy }: Circumstances, before: string, after = ''): string {
  return isCode(remedy.rule) ? `${before}${importing('M')}${after}` : ''
}

export function importing(names: string): string {
  return `with import { ${names} } from 'vitest-tripwire'`
}

/** Whether a rule is a matcher, which is code already. */
export function isCode(rule: string): boolean {
  return rule.startsWith('M({')
}

/** A rule in code. */
export function quote(rule: string): string {
  if (isCode(rule)) return rule
  return rule.includes("'") ? JSON.stringify(rule) : `'${rule}'`
}

/** Vite lowers `using` in TypeScript; in plain JavaScript Node has to know it (24), and the scope ends with the test anyway. */
function usingOf({ startedBy }: Pick<Circumstances, 'startedBy'>): string {
  return /\.[cm]?jsx?$/.test(startedBy.file ?? '') ? '' : 'using _ = '
}
