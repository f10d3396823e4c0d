import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const ROOT = resolve(import.meta.dirname, '../..')

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** The lines of a table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)]
}

/** Tables may be aligned: how wide their columns are is nobody's concern. */
export function squeezed(text: string): string {
  return text.replace(/ +/g, ' ').replace(/-{4,}/g, '---')
}

/**
 * Holds a part of the docs to what the tests know; with `UPDATE_DOCS=1` it is rewritten before.
 *
 * @param page its path from the root of the repository
 * @param name of the two comments that it stands between
 */
export function expectInDocs(page: string, name: string, lines: readonly string[]): void {
  const file = join(ROOT, page)
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const part = [start, '', ...lines, '', end].join('\n')
  if (process.env.UPDATE_DOCS) {
    const text = readFileSync(file, 'utf8')
    const [from, to] = [text.indexOf(start), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`${page} has no place for '${name}'`)
    tripwire.allow(`fs:write:${page}`, () =>
      writeFileSync(file, text.slice(0, from) + part + text.slice(to + end.length)),
    )
  }
  expect(squeezed(readFileSync(file, 'utf8'))).toContain(squeezed(part))
}
