import type { Trip, Why } from '../core/call.ts'
import { sandboxName } from '../core/sandbox.ts'
import { printFile, printPosition, type Site } from './call-site.ts'
import { type Circumstances, fixesFor, quote } from './remedies.ts'

/** An allow rule or a mock that almost fitted, as texts fit for a message. */
export interface MissText {
  readonly why: 'facts' | 'exhausted' | 'no-sandbox'
  /** As it is written. */
  readonly text: string
  readonly source: string
  readonly facts: Readonly<Record<string, unknown>>
  /** How many calls a mock may answer. */
  readonly most?: number
}

/** Everything that the message of a stopped call is made of; without secrets. */
export interface TripText extends Circumstances {
  readonly kind: Trip['kind']
  /** The call in one line. */
  readonly description: string
  readonly site: Site
  /** Name of what had ended before a late call was made. */
  readonly ended?: string | undefined
  /** The endpoint that a rule met, when it is not the call itself. */
  readonly endpoint?: string | undefined
  /** Whether the call used a connection that was open already. */
  readonly onOpen: boolean
  /** The sandbox the call was made in, if one is open. */
  readonly sandbox?: number | undefined
  /** What runs now, for a call that came late. */
  readonly running?: string | undefined
  readonly miss?: MissText | undefined
  /** Whether the same mistake was told before: then two lines are enough. */
  readonly repeated: boolean
}

/** The message without its code: what, where, why, fix, nearest miss, code and page. The only place where the parts are laid out. */
export function renderTrip(text: TripText): string {
  const what = whatHappened(text)
  if (text.repeated) return `${what}\n  again  at ${where(text.site)}, ${startedBy(text)}: told in full above`
  const lines = [what, '', row('where', `${where(text.site)}${through(text.site)}`), row('', startedBy(text))]
  const which = text.code === 'TRIPWIRE_UNSAFE_PASSTHROUGH' ? ', which lets only safe operations through' : ''
  lines.push(row('why', `${whyText(text.why, text.decided[0], text.endpoint)}${which}`))
  if (text.remedy.hint) lines.push(row('hint', text.remedy.hint))
  if (text.kind === 'blocked') {
    fixesFor(text).forEach(({ does, code }, at) => {
      lines.push(
        row(at === 0 ? 'fix' : '', `${at === 0 ? '' : 'or '}${does}:`),
        ...code.split('\n').map((line) => row('', `  ${line}`)),
      )
    })
  }
  if (text.miss) lines.push(row('near', missText(text.miss)))
  lines.push(row('more', `node_modules/vitest-tripwire/docs/errors/${text.code}.md`))
  return lines.join('\n')
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(5)}  ${text}`
}

function whatHappened({ code, kind, description, sandbox, onOpen, ended }: TripText): string {
  const inside = sandbox === undefined ? undefined : sandboxName(sandbox)
  if (onOpen && kind === 'blocked')
    return `${description}, opened outside ${inside}, was used in it, and nothing there answers it.`
  if (kind === 'observed') return `${description} went through; the level 'error' would stop it.`
  if (kind === 'warned') return `${description} went through with a warning.`
  if (kind === 'refused') return `${description} was refused: it fails like an unreachable host.`
  if (ended !== undefined) return `${description} was made after ${ended} had ended.`
  if (code === 'TRIPWIRE_UNMOCKED_INTERACTION')
    return `${description} was made in ${inside}, and nothing there answers it.`
  if (code === 'TRIPWIRE_UNSAFE_PASSTHROUGH') return `${description} was stopped: it may change something out there.`
  return `${description} was blocked, ${inside === undefined ? 'outside any sandbox' : `in ${inside}`}.`
}

function where({ callSite, reason }: Site): string {
  if (callSite) return printPosition(callSite)
  return `<unknown call site> (${reason ?? 'no line of yours is on the stack'})`
}

/** A library is named once: as what the call went through, or as all there is on the stack. */
function through({ callSite, via }: Site): string {
  return callSite && via !== undefined ? `, through ${via}` : ''
}

function startedBy({ startedBy: { name, file, ended }, ended: late, late: kind, running }: TripText): string {
  const place = file === undefined || name.includes(printFile(file)) ? '' : ` (${printFile(file)})`
  if (!ended) return `in ${name}${place}`
  const now = running === undefined || running === name ? '' : `; now ${running} runs`
  return name === late ? `started by that ${kind}${place}${now}` : `started by ${name}${place}, which has ended${now}`
}

/** What decided, in words, and where it is written. */
export function whyText({ by, effect, level, source }: Why, rule: string | undefined, endpoint?: string): string {
  const on = endpoint === undefined ? '' : `, by its endpoint ${endpoint}`
  if (by === 'rule') return `${effect} ${quote(rule ?? '')} (${source})${on}`
  if (by === 'ceiling') return `outside the ceiling restrict ${quote(rule ?? '')} (${source})`
  if (by === 'sandbox') return 'in a sandbox a call is answered by a mock, allowed by a rule, or stopped'
  if (by === 'level') return `the level is '${level}' (${source})`
  if (by === 'wall') return `the second wall of tripwire({ harden: true }): the config does not open it (${source})`
  return by
}

function missText({ why, text, source, facts, most = 1 }: MissText): string {
  const what = `${text} (${source}) fits`
  if (why === 'no-sandbox') return `${what}, but mocks answer in sandboxes only: tripwire.sandbox(() => …)`
  if (why === 'exhausted')
    return `${what}, but has answered ${most === 1 ? 'its one call' : `all its ${most} calls`}: .times(${most + 1}) or .always()`
  const differing = Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return `${what} but for the ${differing.join(' and the ')}`
}
