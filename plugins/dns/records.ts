/** What a mock of a name says: records by their type, or an error. */
import { isError, originals, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { type RecordType, TYPES } from './record-types.ts'

const { isIP } = originals

/** One record, as Node's `resolve` functions give it; addresses and names may be plain text. */
export type DnsRecord =
  | string
  | { readonly address: string; readonly ttl?: number }
  | { readonly exchange: string; readonly priority: number }
  | { readonly name: string; readonly port: number; readonly priority?: number; readonly weight?: number }
  | { readonly hostname: string; readonly service: string }
  | readonly string[]
  | Readonly<Record<string, unknown>>

/** Records by type, where their form does not tell it: `{ CNAME: ['edge.example.com'], TXT: [['v=spf1 -all']] }`. */
export type DnsRecordsByType = Readonly<Partial<Record<RecordType, DnsRecord | readonly DnsRecord[]>>>

/** A code that Node fails with: `ENOTFOUND`, `ENODATA`, `ESERVFAIL`, `ETIMEOUT`, `EAI_AGAIN`. */
export type DnsFailure = `E${Uppercase<string>}`

export type DnsAnswerInput = DnsFailure | DnsRecord | readonly DnsRecord[] | DnsRecordsByType | Error

/** Plain text is a record of whatever type is asked for that is one: a name (CNAME, NS, PTR) or TXT. */
export type Zone = ReadonlyMap<RecordType | 'text' | 'service', readonly unknown[]>

export interface Address {
  readonly address: string
  readonly ttl: number
}

export interface Answer {
  /** The code that it fails with, or the error itself. */
  readonly error?: string | Error
  /** Those of both families, in the order in which they are written. */
  readonly addresses: readonly Address[]
  readonly zone: Zone
}

const EXPECTED =
  "an address, records such as { exchange: 'mx.example.com', priority: 10 }, records by type { MX: [...] }, an error code such as 'ENOTFOUND', or a function that gives one of them"

/** Reads what a mock answers. @throws RuleSyntaxError */
export function readAnswer(given: unknown): Answer {
  if (isError(given)) return { error: given, zone: new Map(), addresses: [] }
  if (typeof given === 'string' && /^E[A-Z_]+$/.test(given))
    return { error: codeOf(given), zone: new Map(), addresses: [] }
  const zone = new Map<RecordType | 'text' | 'service', unknown[]>()
  const addresses: Address[] = []
  const add = (type: RecordType | 'text' | 'service', record: unknown) => {
    zone.set(type, [...(zone.get(type) ?? []), record])
    if (type === 'A' || type === 'AAAA') addresses.push(record as Address)
  }
  if (isByType(given)) {
    for (const [type, records] of Object.entries(given)) {
      const list = type === 'TXT' && isTexts(records) ? [records] : [records].flat()
      for (const record of list) add(type as RecordType, normal(type as RecordType, record))
    }
    return { zone, addresses }
  }
  for (const record of Array.isArray(given) ? given : [given]) {
    const type = typeOf(record)
    add(type, type === 'text' || type === 'service' ? record : normal(type, record))
  }
  return { zone, addresses }
}

/** Codes of `node:dns` (Node 20 to 26), and those of `getaddrinfo`. */
const CODES = [
  ...['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED', 'ECONNREFUSED', 'ECANCELLED', 'EFORMERR', 'ENOTIMP'],
  ...[
    'EBADQUERY',
    'EBADNAME',
    'EBADFAMILY',
    'EBADRESP',
    'EBADSTR',
    'EBADFLAGS',
    'EBADHINTS',
    'ENONAME',
    'ENOMEM',
    'EOF',
  ],
  ...['EFILE', 'EDESTRUCTION', 'ENOTINITIALIZED', 'ELOADIPHLPAPI', 'EADDRGETNETWORKPARAMS'],
  ...['EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'EAI_MEMORY', 'EAI_FAMILY', 'EAI_SERVICE', 'EAI_ADDRFAMILY'],
]

/** @throws RuleSyntaxError */
function codeOf(given: string): string {
  if (CODES.includes(given)) return given
  const near = suggest(given, CODES)
  throw new RuleSyntaxError(`Node's lookups do not fail with '${given}'`, "'ENOTFOUND', 'ENODATA', or an Error", near)
}

function isByType(given: unknown): given is Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  const keys = Object.keys(given)
  return keys.length > 0 && keys.every((key) => (TYPES as readonly string[]).includes(key))
}

/** One TXT record in its pieces, of which none is a record by itself. */
function isTexts(records: unknown): boolean {
  return Array.isArray(records) && records.length > 1 && records.every((part) => typeof part === 'string')
}

/** What a record is by its form. */
function typeOf(record: unknown): RecordType | 'text' | 'service' {
  if (typeof record === 'string') return addressType(record) ?? 'text'
  if (Array.isArray(record)) return 'TXT'
  if (typeof record !== 'object' || record === null)
    throw new RuleSyntaxError(`the answer is ${String(record)}`, EXPECTED)
  const has = (...keys: string[]) => keys.every((key) => key in record)
  if (has('address')) {
    const { address } = record as { address: unknown }
    const type = addressType(String(address))
    if (type === undefined) throw new RuleSyntaxError(`'${String(address)}' is no address`, EXPECTED)
    return type
  }
  if (has('exchange')) return 'MX'
  if (has('name', 'port')) return 'SRV'
  if (has('nsname')) return 'SOA'
  if (has('replacement')) return 'NAPTR'
  if (has('critical')) return 'CAA'
  if (has('certUsage')) return 'TLSA'
  if (has('hostname', 'service')) return 'service'
  throw new RuleSyntaxError(`{ ${Object.keys(record).join(', ')} } is no record`, EXPECTED)
}

function addressType(text: string): 'A' | 'AAAA' | undefined {
  const version = isIP(text)
  return version === 0 ? undefined : version === 4 ? 'A' : 'AAAA'
}

/** A record as Node's functions give it; what is left out is as it commonly is. */
function normal(type: RecordType, record: unknown): unknown {
  if (type === 'A' || type === 'AAAA') {
    const { address, ttl = 300 } =
      typeof record === 'string' ? { address: record } : (record as { address: string; ttl?: number })
    const version = type === 'A' ? 4 : 6
    if (isIP(address) !== version) throw new RuleSyntaxError(`'${address}' is no address of IPv${version}`, EXPECTED)
    return { address, ttl }
  }
  if (type === 'TXT') return Array.isArray(record) ? record : [record]
  if (type === 'SRV') return { priority: 0, weight: 0, ...(record as object) }
  if (type === 'MX') return typeof record === 'string' ? { exchange: record, priority: 0 } : record
  return record
}
