/** The other half of the protocol: what an engine that speaks it itself is told, and what it answers. */
import { Failure, type Notice } from './failure.ts'
import type { Cell, Field, Format } from './wire.ts'

const text = (value: string) => Buffer.from(`${value}\0`)
const int16 = (value: number) => Buffer.of((value >> 8) & 0xff, value & 0xff)
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(4 + body.length), body])
}

const many = <T>(list: readonly T[], write: (item: T) => Buffer) => [int16(list.length), ...list.map(write)]

/** What a client says; statements and portals have no name. */
export const ask = {
  parse: (sql: string, types: readonly number[]) => message('P', text(''), text(sql), ...many(types, int32)),
  bind: (params: readonly Cell[], formats: readonly Format[], results: readonly Format[]) =>
    message(
      'B',
      text(''),
      text(''),
      ...many(formats, int16),
      ...many(params, (cell) => (cell === null ? int32(-1) : Buffer.concat([int32(cell.length), cell]))),
      ...many(results, int16),
    ),
  describe: (what: 'S' | 'P') => message('D', Buffer.from(what), text('')),
  execute: () => message('E', text(''), int32(0)),
  sync: () => message('S'),
  /** Several statements, which are one transaction. */
  query: (sql: string) => message('Q', text(sql)),
  copyData: (data: Buffer) => message('d', data),
  copyDone: () => message('c'),
  copyFail: (why: string) => message('f', text(why)),
}

/** What an engine answered to all that it was asked. */
export interface Answer {
  status: 'I' | 'T' | 'E'
  params: number[]
  fields: Field[] | undefined
  rows: Cell[][]
  tag: string
  failure: Failure | undefined
  notices: Notice[]
  notifications: { readonly channel: string; readonly payload: string }[]
  /** What COPY gives: how it comes, and the data. */
  copyHead: Buffer | undefined
  readonly copied: Buffer[]
}

export function readAnswer(bytes: Buffer): Answer {
  const answer: Answer = {
    status: 'I',
    params: [],
    fields: undefined,
    rows: [],
    tag: '',
    failure: undefined,
    notices: [],
    notifications: [],
    copyHead: undefined,
    copied: [],
  }
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    take(answer, String.fromCharCode(bytes[at] as number), bytes.subarray(at + 5, end))
    at = end
  }
  return answer
}

function take(answer: Answer, type: string, body: Buffer): void {
  switch (type) {
    case 't':
      answer.params = Array.from({ length: body.readInt16BE(0) }, (_, at) => body.readInt32BE(2 + at * 4))
      break
    case 'T':
      answer.fields = fieldsOf(body)
      break
    case 'D':
      answer.rows.push(cellsOf(body))
      break
    case 'C':
      answer.tag = body.toString('utf8', 0, body.length - 1)
      break
    case 'E':
      answer.failure = failureOf(body)
      break
    case 'N':
      answer.notices.push(failureOf(body))
      break
    case 'A': {
      const [channel = '', payload = ''] = body.toString('utf8', 4).split('\0')
      answer.notifications.push({ channel, payload })
      break
    }
    case 'H':
      answer.copyHead = body
      break
    case 'd':
      answer.copied.push(body)
      break
    case 'Z':
      answer.status = String.fromCharCode(body[0] as number) as Answer['status']
  }
}

function fieldsOf(body: Buffer): Field[] {
  let at = 2
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const end = body.indexOf(0, at)
    const name = body.toString('utf8', at, end)
    at = end + 19
    return {
      name,
      type: body.readInt32BE(end + 7),
      size: body.readInt16BE(end + 11),
      modifier: body.readInt32BE(end + 13),
    }
  })
}

function cellsOf(body: Buffer): Cell[] {
  let at = 2
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const length = body.readInt32BE(at)
    at += 4 + Math.max(length, 0)
    return length < 0 ? null : body.subarray(at - length, at)
  })
}

function failureOf(body: Buffer): Failure {
  const fields: Record<string, string> = {}
  for (const part of body.toString().split('\0')) if (part !== '') fields[part[0] as string] = part.slice(1)
  const { S: severity = 'ERROR', C: code = 'XX000', M: message = '', P: position, ...more } = fields
  return new Failure(code, message, {
    severity,
    detail: more.D,
    hint: more.H,
    position: position === undefined ? undefined : Number(position),
    schema: more.s,
    table: more.t,
    column: more.c,
    dataType: more.d,
    constraint: more.n,
  })
}
