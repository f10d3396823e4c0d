import type { StartedBy, TripCode, Why } from '../core/call.ts'
import type { Remedy } from '../plugin.ts'
import { printFile, printPosition, type Site } from './call-site.ts'
import { fixesFor } from './remedies.ts'

/** Everything that the message of a stopped call is made of. */
export interface TripText {
  readonly code: TripCode
  /** The call in one line, redacted. */
  readonly description: string
  readonly site: Site
  readonly startedBy: StartedBy
  readonly why: Why
  readonly remedy: Remedy
  /** The endpoint that a rule met, when it is not the call itself. */
  readonly endpoint?: string | undefined
  /** The sandbox the call was made in, if one is open. */
  readonly sandbox?: number | undefined
  readonly configFile?: string | undefined
  /** Whether the same mistake was told before: then two lines are enough. */
  readonly repeated: boolean
}

/** The message without its code: what, where, why, fix, code and page. The only place where the parts are laid out. */
export function renderTrip(text: TripText): string {
  const what = whatHappened(text)
  const fixes = fixesFor({ ...text, configFile: text.configFile })
  if (text.repeated) return `${what}\n  again  at ${where(text.site)}, ${startedBy(text.startedBy)}: told in full above`
  const lines = [what, '', row('where', `${where(text.site)}${text.site.via ? `, through ${text.site.via}` : ''}`)]
  lines.push(row('', startedBy(text.startedBy)))
  lines.push(row('why', whyText(text.why, text.endpoint)))
  if (text.code === 'TRIPWIRE_UNSAFE_PASSTHROUGH') {
    lines.push(row('', 'warn lets reads through; this operation may change something out there, so it is stopped'))
  }
  if (text.remedy.hint) lines.push(row('hint', text.remedy.hint))
  fixes.forEach(({ does, code }, at) => {
    lines.push(row(at === 0 ? 'fix' : '', `${does}:`), row('', `  ${code}`))
  })
  lines.push(row('more', `node_modules/vitest-tripwire/docs/errors/${text.code}.md`))
  return lines.join('\n')
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(5)}  ${text}`
}

function whatHappened({ code, description, sandbox, startedBy: by }: TripText): string {
  if (code === 'TRIPWIRE_UNMOCKED_INTERACTION')
    return `${description} was made in sandbox #${sandbox}, and nothing there answers it.`
  if (code === 'TRIPWIRE_POST_SANDBOX_INTERACTION')
    return `${description} was made after sandbox #${by.sandbox} had ended.`
  if (code === 'TRIPWIRE_POST_TEST_INTERACTION') return `${description} was made after ${by.name} had ended.`
  if (code === 'TRIPWIRE_UNSAFE_PASSTHROUGH')
    return `${description} was stopped: 'warn' lets only safe operations through.`
  return `${description} was blocked, ${sandbox === undefined ? 'outside any sandbox' : `in sandbox #${sandbox}`}.`
}

function where(site: Site): string {
  return site.callSite ? printPosition(site.callSite) : '<unknown call site> (no line of yours is on the stack)'
}

function startedBy({ name, file, ended }: StartedBy): string {
  const place = file === undefined || name.includes(printFile(file)) ? '' : ` (${printFile(file)})`
  return `${ended ? 'started by' : 'in'} ${name}${place}${ended ? ', which has ended' : ''}`
}

/** What decided, in words, and where it is written. */
export function whyText({ by, effect, rule, level, source }: Why, endpoint?: string): string {
  const on = endpoint === undefined ? '' : `, by its endpoint ${endpoint}`
  if (by === 'rule') return `${effect} '${rule?.text}' (${source})${on}`
  if (by === 'ceiling') return `outside the ceiling restrict '${rule?.text}' (${source})`
  if (by === 'sandbox') return 'in a sandbox a call is answered by a mock, allowed by a rule, or stopped'
  if (by === 'level') return `the level is '${level}' (${source})`
  return by
}
