import { SafeSet } from './collections.ts'

const MOST = 3
const CLOSE_ENOUGH = 0.6

/** Up to three candidates that a person may have meant, best first. */
export function suggest(word: string, candidates: readonly string[]): string[] {
  const wanted = word.toLowerCase()
  return [...new SafeSet(candidates)]
    .map((candidate) => ({ candidate, score: similarity(wanted, candidate.toLowerCase()) }))
    .filter(({ score }) => score >= CLOSE_ENOUGH)
    .sort((a, b) => b.score - a.score || a.candidate.localeCompare(b.candidate))
    .slice(0, MOST)
    .map(({ candidate }) => candidate)
}

/** The end of a sentence: ` (did you mean: a, b?)`, or a period when nothing comes near. */
export function didYouMean(near: readonly string[]): string {
  return near.length > 0 ? ` (did you mean: ${listed(near)}?)` : '.'
}

/** Words as they are. What has marks of its own stands in quotes: of `http://a.example.com/?` nobody knew whose the question mark is. */
export function listed(near: readonly string[]): string {
  return near.map((each) => (/^[\w.-]+$|^'/.test(each) ? each : `'${each}'`)).join(', ')
}

/** 1 for equal words, 0 for nothing in common: edit distance with transpositions, over the longer length. */
function similarity(a: string, b: string): number {
  const longest = Math.max(a.length, b.length)
  return longest === 0 ? 1 : 1 - distance(a, b) / longest
}

function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1] as number[]
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, (above[j - 1] as number) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, ((rows[i - 2] as number[])[j - 2] as number) + 1)
      }
      row.push(best)
    }
    rows.push(row)
  }
  return (rows[a.length] as number[])[b.length] as number
}
