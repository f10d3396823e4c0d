import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseQuery, queryOf } from '../../../src/core/query.ts'

test.each([
  ['https://api.example.com/v1', undefined],
  ['https://api.example.com/v1?', {}],
  ['/v1?a=1&b=&a=x%20y&a=+', { a: ['1', 'x y', ' '], b: '' }],
  ['/v1?q=a?b=c', { q: 'a?b=c' }],
])('%s has the query %j', (url, query) => {
  expect(queryOf(url)).toEqual(query)
})

test('whatever the names are, those of an object and its prototype too, each has its values in their order', () => {
  const name = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'a'), fc.string())
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
      const query = parseQuery(String(new URLSearchParams(pairs)))
      const names = [...new Set(pairs.map(([one]) => one))]
      expect(Object.keys(query).sort()).toEqual([...names].sort())
      for (const one of names) {
        const values = pairs.filter(([other]) => other === one).map(([, value]) => value)
        expect(Object.getOwnPropertyDescriptor(query, one)?.value).toEqual(values.length === 1 ? values[0] : values)
      }
    }),
  )
})
