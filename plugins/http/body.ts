/** Bodies of requests as code compares them. */
import { parseQuery } from '../../src/plugin.ts'

/** JSON as values, text as text, anything else as bytes; undefined when there is none. */
export function readBody(bytes: Buffer, type: string | undefined): unknown {
  if (bytes.length === 0) return undefined
  const media = (type ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const text = decode(bytes)
  if (text === undefined) return new Uint8Array(bytes)
  if (media === 'application/json' || media.endsWith('+json')) return tryJson(text)
  if (media === 'application/x-www-form-urlencoded') return parseQuery(text)
  const isText =
    media === '' || media.startsWith('text/') || media.startsWith('application/') || media.startsWith('multipart/')
  return isText && !bytes.includes(0) ? text : new Uint8Array(bytes)
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
