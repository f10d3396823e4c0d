/** Values in the place of the parameters of a statement: pg-mem compares a parameter with an index before it has a value. */
import type { Node } from './declared.ts'

/**
 * In which `n - '2'` is `'2' - n` to pg-mem 3.0: of a column and a quoted text it takes the operands the wrong way round. A number as such is
 * where it stands.
 */
const ARITHMETIC = ['+', '-', '*', '/', '%', '^']
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/**
 * A text whose type the engine finds from where it stands, as Postgres does with a quoted one.
 *
 * @param element of what is known to be an array, the name of its type: in its text pg-mem takes NULL for the word, so such a one is spelled out
 */
export function literal(text: string | null, element: string | undefined): Node {
  if (text === null) return { type: 'null' }
  const array = element !== undefined && HAS_NULL.test(text) ? readArray(text) : undefined
  if (array === undefined) return { type: 'string', value: text }
  return { type: 'cast', operand: array, to: { kind: 'array', arrayOf: { name: element } } }
}

const HAS_NULL = /[{,]\s*null\s*[,}]/i
const ELEMENT = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^",{}\s](?:[^",{}]*[^",{}\s])?))\s*/y

/** @returns nothing for what is no array */
function readArray(text: string): Node | undefined {
  let at = 0
  const read = (): Node | undefined => {
    if (text[at] !== '{') {
      ELEMENT.lastIndex = at
      const [whole, quoted, bare] = ELEMENT.exec(text) ?? []
      if (whole === undefined) return undefined
      at += whole.length
      if (bare?.toLowerCase() === 'null') return { type: 'null' }
      return { type: 'string', value: quoted?.replaceAll(/\\([\s\S])/g, '$1') ?? bare?.replaceAll('\\', '') }
    }
    const expressions: Node[] = []
    do {
      at++
      const element = read()
      if (element === undefined) return undefined
      expressions.push(element)
    } while (text[at] === ',')
    return text[at++] === '}' ? { type: 'array', expressions } : undefined
  }
  const array = read()
  return at === text.length ? array : undefined
}

/** The statement with values in the place of `$1`, `$2`. */
export function substitute(node: unknown, values: readonly Node[]): unknown {
  if (Array.isArray(node)) return node.map((each) => substitute(each, values))
  if (typeof node !== 'object' || node === null) return node
  const { type, name, op } = node as Node
  if (type === 'parameter') return values[Number(String(name).slice(1)) - 1]
  const isCounted = type === 'binary' && ARITHMETIC.includes(String(op))
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      const put = substitute(value, values)
      return [key, isCounted && isParameter(value) ? numeral(put as Node) : put]
    }),
  )
}

/**
 * Of a column with an index that is compared with `any` of an array pg-mem 3.0 finds nothing: it asks the index for the array itself. Of an
 * expression it asks no index.
 */
export function besideIndices(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(besideIndices)
  if (typeof node !== 'object' || node === null) return node
  const walked = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, besideIndices(value)])) as Node
  if (walked.type !== 'binary' || !isOfArray(walked.right as Node)) return walked
  return { ...walked, left: { type: 'call', function: { name: 'coalesce' }, args: [walked.left] } }
}

function isOfArray({ type, function: called, args }: Node): boolean {
  if (type !== 'call' || !/^(?:any|some|all)$/.test(String((called as Node).name))) return false
  return !['select', 'union', 'union all', 'values', 'with'].includes(String((args as Node[])[0]?.type))
}

function isParameter(node: unknown): boolean {
  return (node as Node | null)?.type === 'parameter'
}

/** A text that is a number, as a number; any other stays what it is (`placed + '1 day'`). */
function numeral(node: Node): Node {
  const { type, value } = node
  if (type !== 'string' || !NUMBER.test(String(value))) return node
  const number = Number(value)
  if (Number.isSafeInteger(number) && /^[+-]?\d+$/.test(String(value))) return { type: 'integer', value: number }
  return { type: 'cast', operand: node, to: { name: /^[+-]?\d+$/.test(String(value)) ? 'bigint' : 'numeric' } }
}
