/** The message of a statement that an embedded engine cannot run. */
import type { TripMaker } from '../core/trips.ts'
import type { EngineLimit } from '../plugin.ts'
import type { Site } from './call-site.ts'
import { EngineError } from './classes.ts'
import { type RedactPatterns, redactText } from './redact.ts'
import { tripAndError, unanswered } from './trip-and-error.ts'

/** Lines of a statement that are shown before and after the one that matters. */
const AROUND = 2
const MOST_WIDE = 100

/** Makes the trip and the error of a call that an embedded engine cannot answer. */
export function createLimit(
  input: Parameters<TripMaker['limit']>[0],
  redact: RedactPatterns,
): ReturnType<TripMaker['limit']> {
  const { engine } = input
  const site = input.site as Site
  const statement = redactText(input.statement, redact)
  const call = { ...input, description: `${engine} on a statement`, why: engine, fingerprint: statement }
  const { parts, place } = unanswered('TRIPWIRE_ENGINE', call, site, redact)
  return tripAndError(EngineError, textOf(input, place, redact), parts, site, { statement })
}

/** The error of a statement of the test itself: its schema, its checks. */
export function engineError(limit: EngineLimit): Error {
  const place = limit.at === undefined ? [] : [`  where  ${limit.at}`]
  return new EngineError(textOf(limit, place, []), { statement: limit.statement })
}

function textOf(limit: EngineLimit, place: readonly string[], redact: RedactPatterns): string {
  const { engine, word, fixes } = limit
  return [
    `${engine} cannot run a statement.`,
    '',
    ...shown(limit, redact),
    ...place,
    `  why    ${engine} says: ${redactText(word, redact).split('\n').join('\n         ')}`,
    ...fixes.flatMap(({ does, code }, at) => [
      `  ${at === 0 ? 'fix' : '   '}    ${does}:`,
      ...code.split('\n').map((line) => `           ${redactText(line, redact)}`),
    ]),
    '  more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md',
  ].join('\n')
}

/** The statement, with a mark under the place that the engine stumbled over. */
function shown({ statement, position }: EngineLimit, redact: RedactPatterns): string[] {
  const { text: clean, place } = cleaned(statement, position ?? 0, redact)
  const lines = clean.split('\n')
  const before = clean.slice(0, place).split('\n')
  const said = statement.slice(0, position).split('\n')
  const at = before.length - 1
  const column = (before[at] as string).length
  const from = Math.max(0, at - AROUND)
  return lines.slice(from, at + AROUND + 1).flatMap((line, index) => {
    const isMarked = position !== undefined && from + index === at
    // Of a long line the part that matters.
    const cut = isMarked && column > MOST_WIDE / 2 ? column - MOST_WIDE / 2 : 0
    const text = line.slice(cut, cut + MOST_WIDE)
    const told = `  ${index === 0 ? 'sql' : '   '}    ${text}`
    return isMarked
      ? [
          told,
          `         ${' '.repeat(column - cut)}^ line ${said.length}, column ${(said.at(-1) as string).length + 1}`,
        ]
      : [told]
  })
}

/** Before it is cut into pieces that secrets would not be told by; and where the place is then. */
function cleaned(statement: string, position: number, redact: RedactPatterns): { text: string; place: number } {
  const text = redactText(statement, redact)
  const before = redactText(statement.slice(0, position), redact)
  // What is hidden may stand on both sides of the place: then its beginning is the place.
  let place = before.length
  while (!text.startsWith(before.slice(0, place))) place--
  return { text, place }
}
