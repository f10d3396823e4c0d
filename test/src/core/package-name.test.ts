import { expect, test } from 'vitest'
import { packageOf } from '../../../src/core/package-name.ts'

test.each([
  ['/app/node_modules/pg/lib/client.js', 'pg'],
  ['/app/node_modules/@scope/name/index.js', '@scope/name'],
  ['/app/node_modules/typeorm/node_modules/pg/lib/client.js', 'pg'],
  ['/app/node_modules/@a/b/node_modules/@c/d/build/addon.node', '@c/d'],
  ['/app/node_modules/a/lib/node_modules/b/index.js', 'b'],
  ['/app/node_modules/.pnpm/pg@8.1.0/node_modules/pg/lib/client.js', 'pg'],
  ['C:\\app\\node_modules\\@scope\\name\\index.js', '@scope/name'],
  ['/app/node_modules/.bin/tool', undefined],
  ['/app/src/node_modules.js', undefined],
  ['/app/src/index.js', undefined],
])('%s belongs to %s', (file, name) => {
  expect(packageOf(file)).toBe(name)
})
