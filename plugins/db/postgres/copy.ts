/** `COPY … FROM STDIN` and `COPY … TO STDOUT`: data beside the protocol's rows, which go to the engine, and come from it, at once. */
import { piecesOf } from '../statements.ts'
import type { Line, Run } from './engine.ts'
import { Failure, Limit } from './failure.ts'
import type { Admitted, Scripted } from './watched.ts'
import { say } from './wire.ts'

/** What a client sent instead of rows: all of it, or why it gave up. */
export type Received = { readonly data: Buffer } | { readonly fail: string }

export interface Copied {
  /** How the data come, as the engine says it; of a copy from the client none. */
  readonly head?: Buffer | undefined
  readonly data: readonly Buffer[]
  /** `COPY 2` */
  readonly tag: string
}

/** Which way the data of a statement go; undefined for one that has none. What is copied from and to files is the engine's affair. */
export function directionOf(sql: string): 'in' | 'out' | undefined {
  const words: string[] = []
  for (const { kind, text } of piecesOf(sql)) {
    if (kind === 'word') words.push(text.toLowerCase())
    if (words[0] !== undefined && words[0] !== 'copy') return undefined
  }
  for (const [at, word] of words.entries()) {
    if (word === 'from' && words[at + 1] === 'stdin') return 'in'
    if (word === 'to' && words[at + 1] === 'stdout') return 'out'
  }
  return undefined
}

/** What a copy is done with. */
export interface Hands {
  readonly line: Line
  readonly admitted: Admitted
  readonly cancelled: Promise<void>
  /** Sends to the client, at once. */
  say(...messages: readonly Buffer[]): void
  /** What the client sends until it is done. */
  receive(): Promise<Received>
}

/** Carries a copy out. @returns its tag @throws Failure, Limit */
export async function carryOut(direction: 'in' | 'out', { sql }: Run, hands: Hands): Promise<string> {
  const { line, admitted, cancelled } = hands
  const { script } = admitted
  if (script === undefined && line.copy === undefined) throw new Limit(sql, 'it has no COPY')
  const scripted = script?.()
  if (direction === 'in') {
    hands.say(say.copyIn())
    const received = await hands.receive()
    const copied = scripted === undefined ? await line.copy?.(sql, received, cancelled) : answeredBy(scripted, received)
    const { data = NOTHING } = received as { data?: Buffer }
    admitted.tell({ rows: [], params: [readable(data)] })
    return copied?.tag ?? ''
  }
  const copied = scripted === undefined ? await line.copy?.(sql, undefined, cancelled) : linesOf(scripted)
  const data = copied?.data ?? []
  hands.say(say.copyOut(copied?.head ?? TEXT), ...data.map(say.copyData), say.copyDone())
  admitted.tell({ rows: [] })
  return copied?.tag ?? ''
}

const NOTHING = Buffer.alloc(0)
/** Text, of columns that nobody counts. */
const TEXT = Buffer.alloc(3)

/** A script takes whatever is sent. */
function answeredBy({ rows }: Scripted, received: Received): Copied {
  if ('fail' in received) throw new Failure('57014', `COPY from stdin failed: ${received.fail}`)
  return { data: [], tag: `COPY ${rows.length}` }
}

/** Rows of a script in the format of COPY, which has one line for each. */
function linesOf({ rows }: Scripted): Copied {
  const data = rows.map((row) =>
    Buffer.from(`${row.map((cell) => (cell === null ? '\\N' : escaped(cell))).join('\t')}\n`),
  )
  return { data, tag: `COPY ${rows.length}` }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function escaped(cell: Buffer): string {
  return cell.toString('utf8').replace(/[\\\t\n\r]/g, (mark) => ESCAPES[mark] as string)
}

/** Text where the bytes are that. */
function readable(data: Buffer): string | Buffer {
  const text = data.toString('utf8')
  return Buffer.from(text).equals(data) ? text : data
}
