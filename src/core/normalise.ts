/**
 * One spelling for what rules and calls name: both sides of every match go through here, so `LOCALHOST.`, `0x7f.1` and `::ffff:127.0.0.1`
 * mean to a rule what they mean to the network.
 */

// Captured at load: tests replace it.
const { URL } = globalThis

/** A host in canonical spelling; text that is no host is only lower-cased. */
export function normaliseHost(host: string): string {
  let text = host.trim().toLowerCase()
  if (text.startsWith('[') && text.endsWith(']')) text = text.slice(1, -1)
  const zone = text.indexOf('%')
  if (zone >= 0 && text.includes(':')) text = text.slice(0, zone)
  if (PLAIN_NAME.test(text)) return text
  while (text.endsWith('.')) text = text.slice(0, -1).trimEnd()
  if (text === '' || PLAIN_NAME.test(text)) return text
  return viaUrl(text)
}

/** Nothing to do for it: a name of letters, digits and dashes whose end no IPv4 address could have, or an address as everybody writes it. */
const PLAIN_NAME =
  /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*$|^localhost$|^::1$|^(?:(?:0|[1-9]\d?|1\d\d)(?:\.(?!$)|$)){4}$/

function viaUrl(text: string): string {
  let hostname: string
  try {
    hostname = new URL(`http://${text.includes(':') ? `[${text}]` : text}/`).hostname
  } catch {
    return text
  }
  if (!hostname.startsWith('[')) return hostname
  const ip6 = hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(ip6)
  if (mapped === null) return ip6
  const [high, low] = [Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** Whether a host, in any spelling, is this machine by its name alone. */
export function isLoopbackHost(host: string): boolean {
  const name = normaliseHost(host)
  if (name === 'localhost' || name === '::1' || name === '::' || name === '0.0.0.0') return true
  return name.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(name)
}

const UNRESERVED = /%(?:2d|2e|3[0-9]|4[1-9a-f]|5[0-9a]|5f|6[1-9a-f]|7[0-9a]|7e)/gi

/** A URL path in canonical spelling: unreserved characters decoded once, dot segments resolved, one slash between segments. */
export function normalisePath(path: string): string {
  const end = path.search(/[?#]/)
  const bare = end < 0 ? path : path.slice(0, end)
  const decoded = bare.includes('%')
    ? bare.replace(UNRESERVED, decodeURIComponent).replace(/%[\da-f]{2}/gi, (hex) => hex.toUpperCase())
    : bare
  if (!/\/\.|\/\/|^[^/]|\/$/.test(decoded)) return decoded === '' ? '/' : decoded
  const segments: string[] = []
  for (const segment of decoded.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
