import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ROLES, type Role, roleOf, type Way } from '../support/contexts.ts'
import { WAYS_OF_CONNECTIONS } from '../support/contexts-of-connections.ts'
import { WAYS_OF_LIBRARIES } from '../support/contexts-of-libraries.ts'
import { WAYS_OF_NODE } from '../support/contexts-of-node.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const WAYS: readonly Way[] = [...WAYS_OF_NODE, ...WAYS_OF_LIBRARIES, ...WAYS_OF_CONNECTIONS]

test.each(WAYS)('%s: the frame is that of the %s', async (_, role, play) => {
  expect(await roleOf(play)).toBe(role)
})

const rowsOf = (role: Role) => WAYS.filter(([, frame]) => frame === role).map(([name]) => name)
const table = (head: string, rows: readonly (readonly string[])[]) =>
  [head, head.replace(/[^|]+/g, ' --- '), ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n')
const foreign = (Object.keys(ROLES) as Role[]).filter((role) => role !== 'caller')

test.each([
  [
    'docs/frames.md',
    table(
      '| what runs | in the frame of |',
      WAYS.map(([name, role]) => [name, ROLES[role]]),
    ),
  ],
  [
    'README.md',
    table(
      '| in the frame of | runs |',
      foreign.map((role) => [ROLES[role], rowsOf(role).join('; ')]),
    ),
  ],
])('%s lists them as measured (UPDATE_DOCS=1 rewrites it)', (name, wanted) => {
  const file = join(ROOT, name)
  const block = `<!-- contexts -->\n\n${wanted}\n\n<!-- /contexts -->`
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/<!-- contexts -->[\s\S]*<!-- \/contexts -->/, () => block),
    )
  // Tables may be aligned.
  const text = readFileSync(file, 'utf8').replace(/ +/g, ' ').replace(/-{4,}/g, '---')
  expect(text).toContain(block.replace(/ +/g, ' '))
})
