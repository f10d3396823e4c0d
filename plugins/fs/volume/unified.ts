/** The lines of two texts that differ, with three around them. */

const AROUND = 3
/** More differing lines are not sought one by one. */
const MOST_EDITS = 1000

interface Edit {
  readonly mark: ' ' | '-' | '+'
  readonly line: string
}

/** As `diff -u` prints it, without the names: `@@ -1,2 +1,2 @@`, lines with ` `, `-` and `+` before them. */
export function unifiedDiff(before: string, after: string): string {
  const edits = editsOf(linesOf(before), linesOf(after))
  const lines: string[] = []
  let [one, other] = [0, 0]
  const positions = edits.map(({ mark }) => {
    const position = { one, other }
    if (mark !== '+') one++
    if (mark !== '-') other++
    return position
  })
  for (let at = 0; at < edits.length; at++) {
    if (edits[at]?.mark === ' ') continue
    const from = Math.max(0, at - AROUND)
    let to = at
    for (let ahead = at; ahead < edits.length && ahead - to <= AROUND * 2; ahead++)
      if (edits[ahead]?.mark !== ' ') to = ahead
    const hunk = edits.slice(from, to + 1 + AROUND)
    const olds = hunk.filter(({ mark }) => mark !== '+').length
    const news = hunk.filter(({ mark }) => mark !== '-').length
    const start = positions[from] as { one: number; other: number }
    lines.push(`@@ -${range(start.one, olds)} +${range(start.other, news)} @@`)
    for (const { mark, line } of hunk) {
      lines.push(mark + line.replace(/\n$/, ''))
      if (!line.endsWith('\n')) lines.push('\\ No newline at end of file')
    }
    at = to + AROUND
  }
  return lines.join('\n')
}

function range(start: number, count: number): string {
  const first = count === 0 ? start : start + 1
  return count === 1 ? `${first}` : `${first},${count}`
}

function linesOf(text: string): string[] {
  return text === '' ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? [])
}

/** Myers' shortest edit script, which keeps the furthest point of each diagonal. */
function editsOf(one: readonly string[], other: readonly string[]): Edit[] {
  const trail: Map<number, number>[] = []
  let furthest = new Map<number, number>([[1, 0]])
  for (let edits = 0; edits <= Math.min(one.length + other.length, MOST_EDITS); edits++) {
    trail.push(new Map(furthest))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [down, right] = [furthest.get(diagonal + 1) ?? -1, furthest.get(diagonal - 1) ?? -1]
      let x = diagonal === -edits || (diagonal !== edits && right < down) ? down : right + 1
      while (x < one.length && x - diagonal < other.length && one[x] === other[x - diagonal]) x++
      furthest.set(diagonal, x)
      if (x >= one.length && x - diagonal >= other.length) return backtrack(trail, one, other)
    }
    furthest = new Map(furthest)
  }
  return [...one.map((line): Edit => ({ mark: '-', line })), ...other.map((line): Edit => ({ mark: '+', line }))]
}

function backtrack(trail: readonly Map<number, number>[], one: readonly string[], other: readonly string[]): Edit[] {
  const edits: Edit[] = []
  let [x, y] = [one.length, other.length]
  for (let step = trail.length - 1; step >= 0; step--) {
    const furthest = trail[step] as Map<number, number>
    const diagonal = x - y
    const [down, right] = [furthest.get(diagonal + 1) ?? -1, furthest.get(diagonal - 1) ?? -1]
    const before = diagonal === -step || (diagonal !== step && right < down) ? diagonal + 1 : diagonal - 1
    const fromX = furthest.get(before) ?? 0
    const fromY = fromX - before
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      edits.unshift({ mark: ' ', line: one[--x] as string })
      y--
    }
    if (step === 0) break
    if (x === fromX) edits.unshift({ mark: '+', line: other[--y] as string })
    else edits.unshift({ mark: '-', line: one[--x] as string })
  }
  return edits
}
