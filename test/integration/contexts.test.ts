import { expect, test } from 'vitest'
import { ROLES, type Role, roleOf, type Way } from '../support/contexts.ts'
import { WAYS_OF_CONNECTIONS } from '../support/contexts-of-connections.ts'
import { WAYS_OF_LIBRARIES } from '../support/contexts-of-libraries.ts'
import { WAYS_OF_NODE } from '../support/contexts-of-node.ts'
import { expectInDocs, table } from '../support/docs.ts'

const WAYS: readonly Way[] = [...WAYS_OF_NODE, ...WAYS_OF_LIBRARIES, ...WAYS_OF_CONNECTIONS]

test.each(WAYS)('%s: the frame is that of the %s', async (_, role, play) => {
  expect(await roleOf(play)).toBe(role)
})

const rowsOf = (role: Role) => WAYS.filter(([, frame]) => frame === role).map(([name]) => name)
const foreign = (Object.keys(ROLES) as Role[]).filter((role) => role !== 'caller')

test.each([
  [
    'docs/frames.md',
    table(
      ['what runs', 'in the frame of'],
      WAYS.map(([name, role]) => [name, ROLES[role]]),
    ),
  ],
  [
    'README.md',
    table(
      ['in the frame of', 'runs'],
      foreign.map((role) => [ROLES[role], rowsOf(role).join('; ')]),
    ),
  ],
])('%s lists them as measured (UPDATE_DOCS=1 rewrites it)', (page, lines) => {
  expectInDocs(page, 'contexts', lines)
})
