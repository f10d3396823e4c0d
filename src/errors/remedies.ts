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
}

/** One to three fixes, the narrowest first, chosen by what decided and by what can still be changed there. */
export function fixesFor(at: Circumstances): Fix[] {
  const { why } = at
  if (why.effect === 'deny') {
    return [
      {
        does: `a deny rule stops it on purpose; narrow or remove it in ${why.source}`,
        code: `deny: ['${why.rule?.text}']`,
      },
    ]
  }
  if (why.by === 'ceiling') {
    return [
      {
        does: `widen the ceiling in ${why.source}; an allow alone cannot`,
        code: `restrict: ['${why.rule?.text}', ${quoted(at)}]`,
      },
    ]
  }
  if (at.code === 'TRIPWIRE_POST_SANDBOX_INTERACTION' || at.code === 'TRIPWIRE_POST_TEST_INTERACTION')
    return lateFixes(at)
  if (at.startedBy.kind === 'import') return [forFile(at), refused(at), forAll(at)]
  if (at.startedBy.kind === 'hook' || at.startedBy.kind === 'describe') {
    return [
      {
        does: 'let it through from this hook on, for the describe or test that it belongs to',
        code: `tripwire.allow(${quoted(at)})`,
      },
      forAll(at),
    ]
  }
  if (at.startedBy.kind !== 'test') return [forAll(at)]
  return [
    { does: 'let it through in this test', code: `using _ = tripwire.allow(${quoted(at)})` },
    forAll(at),
    refused(at),
  ]
}

function lateFixes(at: Circumstances): Fix[] {
  const ended = at.code === 'TRIPWIRE_POST_SANDBOX_INTERACTION' ? 'sandbox' : 'test'
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
    code: `files: { '${file}': { allow: [${quoted(at)}] } }`,
  }
}

function forAll(at: Circumstances): Fix {
  return { does: `let it through everywhere (${configName(at)})`, code: `allow: [${quoted(at)}]` }
}

function refused(at: Circumstances): Fix {
  return {
    does: `or let it fail like an unreachable host, for telemetry (${configName(at)})`,
    code: `refuse: [${quoted(at)}]`,
  }
}

function configName(at: Circumstances): string {
  return at.configFile === undefined ? 'tripwire.config.ts' : printFile(at.configFile)
}

function quoted(at: Circumstances): string {
  const { rule } = at.remedy
  return rule.includes("'") ? JSON.stringify(rule) : `'${rule}'`
}
