import type { StartedBy, Trip, TripCode, Why } from '../core/call.ts'
import type { Remedy } from '../plugin.ts'
import { printFile, printPosition, type Site } from './call-site.ts'
import { fixesFor, quote } from './remedies.ts'

/** An allow rule that almost fitted, as texts fit for a message. */
export interface MissText {
  readonly rule: string
  readonly source: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** Everything that the message of a stopped call is made of; without secrets. */
export interface TripText {
  readonly code: TripCode
  readonly kind: Trip['kind']
  /** The call in one line. */
  readonly description: string
  readonly site: Site
  readonly startedBy: StartedBy
  readonly why: Why
  /** The rules of the list that decided (deny, restrict, refuse); the one that did is the first. */
  readonly decided: readonly string[]
  readonly remedy: Remedy
  /** The endpoint that a rule met, when it is not the call itself. */
  readonly endpoint?: string | undefined
  /** Whether the call used a connection that was open already. */
  readonly onOpen: boolean
  /** The sandbox the call was made in, if one is open. */
  readonly sandbox?: number | undefined
  /** What runs now, for a call that came late. */
  readonly running?: string | undefined
  readonly miss?: MissText | undefined
  readonly configFile?: string | undefined
  /** Whether the same mistake was told before: then two lines are enough. */
  readonly repeated: boolean
}

/** The message without its code: what, where, why, fix, nearest miss, code and page. The only place where the parts are laid out. */
export function renderTrip(text: TripText): string {
  const what = whatHappened(text)
  if (text.repeated) return `${what}\n  again  at ${where(text.site)}, ${startedBy(text)}: told in full above`
  const lines = [what, '', row('where', `${where(text.site)}${through(text.site)}`), row('', startedBy(text))]
  lines.push(row('why', whyText(text.why, text.decided[0], text.endpoint)))
  if (text.code === 'TRIPWIRE_UNSAFE_PASSTHROUGH') {
    lines.push(row('', 'warn lets reads through; this operation may change something out there, so it is stopped'))
  }
  if (text.remedy.hint) lines.push(row('hint', text.remedy.hint))
  if (text.kind === 'blocked') {
    fixesFor(text as Parameters<typeof fixesFor>[0]).forEach(({ does, code }, at) => {
      lines.push(row(at === 0 ? 'fix' : '', `${does}:`), ...code.split('\n').map((line) => row('', `  ${line}`)))
    })
  }
  if (text.miss) lines.push(row('near', missText(text.miss)))
  lines.push(row('more', `node_modules/vitest-tripwire/docs/errors/${text.code}.md`))
  return lines.join('\n')
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(5)}  ${text}`
}

function whatHappened({ code, kind, description, sandbox, onOpen, startedBy: by }: TripText): string {
  if (onOpen && kind === 'blocked')
    return `${description}, opened outside sandbox #${sandbox}, was used in it, and nothing there answers it.`
  if (kind === 'observed') return `${description} went through; the level 'error' would stop it.`
  if (kind === 'warned') return `${description} went through with a warning.`
  if (kind === 'refused') return `${description} was refused: it fails like an unreachable host.`
  if (code === 'TRIPWIRE_UNMOCKED_INTERACTION')
    return `${description} was made in sandbox #${sandbox}, and nothing there answers it.`
  if (code === 'TRIPWIRE_POST_SANDBOX_INTERACTION')
    return `${description} was made after sandbox #${by.sandbox} had ended.`
  if (code === 'TRIPWIRE_POST_TEST_INTERACTION') return `${description} was made after ${by.name} had ended.`
  if (code === 'TRIPWIRE_UNSAFE_PASSTHROUGH')
    return `${description} was stopped: 'warn' lets only safe operations through.`
  return `${description} was blocked, ${sandbox === undefined ? 'outside any sandbox' : `in sandbox #${sandbox}`}.`
}

function where({ callSite, reason }: Site): string {
  if (callSite) return printPosition(callSite)
  return `<unknown call site> (${reason ?? 'no line of yours is on the stack'})`
}

/** A library is named once: as what the call went through, or as all there is on the stack. */
function through({ callSite, via }: Site): string {
  return callSite && via !== undefined ? `, through ${via}` : ''
}

function startedBy({ startedBy: { name, file, ended }, running }: TripText): string {
  const place = file === undefined || name.includes(printFile(file)) ? '' : ` (${printFile(file)})`
  if (!ended) return `in ${name}${place}`
  const now = running === undefined || running === name ? '' : `; now ${running} runs`
  return `started by ${name}${place}, which has ended${now}`
}

/** What decided, in words, and where it is written. */
export function whyText({ by, effect, level, source }: Why, rule: string | undefined, endpoint?: string): string {
  const on = endpoint === undefined ? '' : `, by its endpoint ${endpoint}`
  if (by === 'rule') return `${effect} ${quote(rule ?? '')} (${source})${on}`
  if (by === 'ceiling') return `outside the ceiling restrict ${quote(rule ?? '')} (${source})`
  if (by === 'sandbox') return 'in a sandbox a call is answered by a mock, allowed by a rule, or stopped'
  if (by === 'level') return `the level is '${level}' (${source})`
  return by
}

function missText({ rule, source, facts }: MissText): string {
  const differing = Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return `allow ${quote(rule)} (${source}) fits but for the ${differing.join(' and the ')}`
}
