/** The numeric value of an IP literal as `normaliseHost` spells it, or undefined. */
function parseIp(text: string): { readonly value: bigint; readonly bits: 32 | 128 } | undefined {
  if (text.includes(':')) return parseIp6(text)
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    value = value * 256n + BigInt(part)
  }
  return { value, bits: 32 }
}

function parseIp6(text: string): { readonly value: bigint; readonly bits: 128 } | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = (half: string | undefined) => (half ? half.split(':') : [])
  const head = groups(halves[0])
  const tail = groups(halves[1])
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail]
  let value = 0n
  for (const group of all) {
    if (!/^[\da-f]{1,4}$/i.test(group)) return undefined
    value = value * 65_536n + BigInt(`0x${group}`)
  }
  return { value, bits: 128 }
}

/** A test for "lies in this block", or undefined when the text is no CIDR block. Host bits may be set: `10.1.2.3/8` is `10.0.0.0/8`. */
export function compileCidr(text: string): ((host: string) => boolean) | undefined {
  const slash = text.indexOf('/')
  if (slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1))) return undefined
  const base = parseIp(text.slice(0, slash).replace(/^\[|\]$/g, ''))
  const length = Number(text.slice(slash + 1))
  if (base === undefined || length > base.bits) return undefined
  const shift = BigInt(base.bits - length)
  const prefix = base.value >> shift
  return (host) => {
    const ip = parseIp(host)
    return ip !== undefined && ip.bits === base.bits && ip.value >> shift === prefix
  }
}
