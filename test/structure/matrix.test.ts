import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { expectInDocs } from '../support/docs.ts'

interface Gap {
  readonly mark: string
  readonly where: Readonly<Record<string, readonly (string | number)[]>>
  readonly effect: string
  readonly reason: string
  readonly upstream: string
  readonly without?: readonly string[]
}

type Cell = Readonly<Record<'node' | 'vitest' | 'pool' | 'isolation' | 'runner' | 'name', string>> & {
  readonly gaps: readonly Gap[]
}

interface Matrix {
  readonly AXES: Readonly<Record<'node' | 'vitest' | 'pool' | 'isolation' | 'runner', readonly (string | number)[]>>
  readonly CORNERS: readonly string[]
  readonly KNOWN: readonly Gap[]
  allCells(): readonly Cell[]
  isRun(cell: Cell): boolean
  tableOf(cells: readonly Cell[], show: (cell: Cell) => string): string[]
}

const ROOT = resolve(import.meta.dirname, '../..')
const load = (name: string) => import(pathToFileURL(join(ROOT, 'test/matrix', name)).href)
const { AXES, CORNERS, KNOWN, allCells, isRun, tableOf } = {
  ...(await load('cells.mjs')),
  ...(await load('table.mjs')),
} as Matrix
const cells = allCells()
const corners = cells.filter(({ name }) => CORNERS.includes(name))

describe('the corners', () => {
  test('are cells that run: a misspelt one would be left out without a word', () => {
    expect(corners.filter(isRun).map(({ name }) => name)).toHaveLength(CORNERS.length)
  })

  test('hold each value of each axis, and each Node with each Vitest that runs on it', () => {
    for (const [axis, values] of Object.entries(AXES)) {
      const held = new Set(corners.map((cell) => cell[axis as keyof Matrix['AXES']]))
      expect(values.filter((value) => !(held as Set<unknown>).has(value))).toEqual([])
    }
    const pairs = (of: readonly Cell[]) => new Set(of.map(({ node, vitest }) => `${node} ${vitest}`))
    expect([...pairs(cells.filter(isRun))].filter((pair) => !pairs(corners).has(pair))).toEqual([])
  })
})

describe('every known gap', () => {
  test.each(KNOWN)('$mark has a reason, a place upstream and a cell that it concerns', (gap) => {
    expect(gap.reason).toMatch(/^[A-Z`].*\.$/)
    expect(gap.upstream).toMatch(/^https:\/\//)
    expect(cells.some(({ gaps }) => gaps.includes(gap))).toBe(true)
  })

  test('has a mark of its own', () => {
    expect(new Set(KNOWN.map(({ mark }) => mark)).size).toBe(KNOWN.length)
  })
})

test.each([
  [
    'matrix',
    tableOf(cells, (cell) => {
      const marks = cell.gaps.map(({ mark }) => mark).join(' ')
      return isRun(cell) ? `✓ ${marks}`.trim() : `– ${marks}`
    }),
  ],
  [
    'gaps',
    KNOWN.map(({ mark, effect, reason, upstream }) => `- **${mark}**, ${effect}. ${reason} [upstream](${upstream})`),
  ],
])('docs/compatibility.md shows the %s as the data has it (UPDATE_DOCS=1 rewrites it)', (name, lines) => {
  expectInDocs('docs/compatibility.md', name, lines)
})
