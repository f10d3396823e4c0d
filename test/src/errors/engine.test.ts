import { expect, test } from 'vitest'
import { engineError } from '../../../src/errors/engine.ts'

const SECRET = "'https://user:hunter2@host/a'"
const limit = { engine: 'pg-mem', word: 'no', fixes: [] }

const linesOf = (statement: string, position?: number) =>
  engineError({ ...limit, statement, position })
    .message.split('\n')
    .slice(2, 4)

test('a secret is hidden also where a long line is cut in the middle of it', () => {
  const [sql] = linesOf(`select ${'x'.repeat(75)}, ${SECRET}`)
  expect(sql).toBe(`  sql    select ${'x'.repeat(75)}, 'https://…@host/`)
})

test('the mark stands under its place, and names that of the statement as it is, where something before it is hidden', () => {
  const statement = `select ${SECRET} over`
  expect(linesOf(statement, statement.indexOf('over'))).toEqual([
    "  sql    select 'https://…@host/a' over",
    '                                   ^ line 1, column 38',
  ])
})

test('the mark stands before what is hidden, where its place is in there', () => {
  const statement = `select ${SECRET}`
  const [, mark] = linesOf(statement, statement.indexOf('hunter2'))
  expect(mark).toBe('                         ^ line 1, column 22')
})
