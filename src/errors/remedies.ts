import type { StartedBy, TripCode, Why } from '../core/call.ts'
import type { Remedy } from '../plugin.ts'
import { printFile } from './call-site.ts'

/** One way to make the error go away: what it does, and the code to paste. */
export interface Fix {
  readonly does: string
  readonly code: string
}

export interface Circumstances {
  readonly code: TripCode
  readonly why: Why
  readonly remedy: Remedy
  readonly startedBy: StartedBy
  readonly configFile: string | undefined
  /** Every rule of the list that decided (deny, restrict), as text. */
  readonly decided: readonly string[]
}

const IMPORT = "with import { tripwire } from 'vitest-tripwire'"

/** One to three fixes, the narrowest first, chosen by what decided and by what can still be changed there. */
export function fixesFor(at: Circumstances): Fix[] {
  const { why, code, startedBy } = at
  const rule = quote(at.remedy.rule)
  if (why.effect === 'deny') {
    const does = `a deny rule stops it on purpose; narrow or remove it in ${why.source}`
    return [{ does, code: written('deny', at.decided, why) }]
  }
  if (why.by === 'ceiling') {
    const widened = written('restrict', [...at.decided, at.remedy.rule], why)
    const does = `widen the ceiling in ${why.source}, and let it through there; an allow alone cannot`
    return [{ does, code: `${widened}\n${written('allow', [at.remedy.rule], why)}` }]
  }
  if (code === 'TRIPWIRE_POST_SANDBOX_INTERACTION' || code === 'TRIPWIRE_POST_TEST_INTERACTION') return lateFixes(at)
  if (code === 'TRIPWIRE_UNMOCKED_INTERACTION') {
    const does = 'let it through in this sandbox, by the first argument of tripwire.sandbox()'
    return [{ does, code: `{ allow: [${rule}] }` }, forAll(at)]
  }
  if (startedBy.kind === 'import') return [forFile(at), refused(at), forAll(at)]
  if (startedBy.kind === 'hook' || startedBy.kind === 'describe') {
    const does = `let it through from this hook on, for the describe or test that it belongs to (${IMPORT})`
    return [{ does, code: `tripwire.allow(${rule})` }, forFile(at), forAll(at)]
  }
  if (startedBy.kind === 'test') {
    return [
      { does: `let it through in this test (${IMPORT})`, code: `${usingOf(at)}tripwire.allow(${rule})` },
      {
        does: "or by the test's options, the second argument of test()",
        code: `{ meta: { tripwire: { allow: [${rule}] } } }`,
      },
      forAll(at),
    ]
  }
  return startedBy.file === undefined ? [forAll(at)] : [forFile(at), forAll(at)]
}

function lateFixes(at: Circumstances): Fix[] {
  const ended = at.code === 'TRIPWIRE_POST_SANDBOX_INTERACTION' ? 'sandbox' : at.startedBy.kind
  return [
    {
      does: `wait for the work before the ${ended} ends, or stop it there`,
      code: 'await work // or clearTimeout(timer), connection.end(), abort.abort()',
    },
    forFile(at),
  ]
}

function forFile(at: Circumstances): Fix {
  const file = at.startedBy.file === undefined ? 'test/**' : printFile(at.startedBy.file)
  return {
    does: `let it through in that file (${configName(at)})`,
    code: `files: { ${quote(file)}: { allow: [${quote(at.remedy.rule)}] } }`,
  }
}

function forAll(at: Circumstances): Fix {
  return {
    does: `let it through everywhere (${configName(at)})`,
    code: `allow: [${quote(at.remedy.rule)}]`,
  }
}

function refused(at: Circumstances): Fix {
  return {
    does: `or let it fail like an unreachable host, for telemetry (${configName(at)})`,
    code: `refuse: [${quote(at.remedy.rule)}]`,
  }
}

function configName(at: Circumstances): string {
  return at.configFile === undefined ? 'tripwire.config.ts' : printFile(at.configFile)
}

/** A list of rules in the form of the place where it is written: a call of ours, or a key of options. */
function written(effect: string, rules: readonly string[], { source }: Why): string {
  const list = rules.map(quote).join(', ')
  if (!/^tripwire\.(?:deny|restrict) at /.test(source ?? '')) return `${effect}: [${list}]`
  return `tripwire.${effect}(${rules.length === 1 ? list : `[${list}]`})`
}

/** A rule in code: a matcher is code already. */
export function quote(rule: string): string {
  if (rule.startsWith('M({')) return rule
  return rule.includes("'") ? JSON.stringify(rule) : `'${rule}'`
}

/** Vite lowers `using` in TypeScript; in plain JavaScript Node has to know it (24), and the scope ends with the test anyway. */
function usingOf({ startedBy }: Pick<Circumstances, 'startedBy'>): string {
  return /\.[cm]?jsx?$/.test(startedBy.file ?? '') ? '' : 'using _ = '
}
