/** What the demo prints of a test's disk and database. In a suite of yours: `expect(box.fs.diff()).toMatchSnapshot()`. */
import type { FsDiff, Interaction } from 'vitest-tripwire'

export function showDiff({ created, changed, removed }: FsDiff): void {
  const lines = [
    ...named('created', created),
    ...named('changed', changed),
    ...removed.map((name) => `removed ${name}`),
  ]
  console.log(lines.join('\n'))
}

export function showStatements(calls: readonly Interaction[]): void {
  const statements = calls.filter(({ facts }) => facts.text !== undefined)
  console.log(statements.map(({ facts: { text, params } }) => `${text}  ${listed(params)}`.trimEnd()).join('\n'))
}

function named(word: string, files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).map(([name, text]) => `${word} ${name}\n${indented(text)}`)
}

const indented = (text: string) => text.trimEnd().replace(/^/gm, '  ')

const listed = (params: unknown) => (Array.isArray(params) && params.length > 0 ? JSON.stringify(params) : '')
