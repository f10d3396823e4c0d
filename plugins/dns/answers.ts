/** What Node's functions give for the records of a mock, in the form that each call asks for. */
import { builtIn, isError, type Layer } from '../../src/plugin.ts'
import { type RecordType, TYPES } from './record-types.ts'
import { type Address, type Answer, readAnswer } from './records.ts'

/** A question, as `dns.lookup('api.example.com', { all: true })` asks it. */
export interface Question {
  readonly layer: Layer
  /** What follows the name. */
  readonly args: readonly unknown[]
  /** How Node calls the query in errors: `getaddrinfo`, `queryMx`. */
  readonly syscall: string
}

/** What a callback gets after the error, or a promise gives: `values` for callbacks, `value` for promises. */
export interface Result {
  readonly values: readonly unknown[]
  readonly value: unknown
}

/** A mock's answer to a question. @throws the error that the call fails with */
export async function answer(question: Question, given: unknown): Promise<Result> {
  const { hostname, rrtype } = question.layer.facts
  const records =
    typeof given === 'function'
      ? readAnswer(await given({ hostname, rrtype, ...familyIn(question.args) }))
      : (given as Answer)
  const { error } = records
  if (isError(error)) throw error
  if (error !== undefined) throw failure(question, error)
  if (question.layer.operation === 'dns:lookup') return lookup(question, records)
  if (question.layer.operation === 'dns:lookupService') return service(question, records)
  const found = question.layer.operation === 'dns:reverse' ? namesIn(records) : resolve(question, records)
  if (found === undefined || (Array.isArray(found) && found.length === 0)) {
    throw failure(question, question.layer.operation === 'dns:reverse' ? 'ENOTFOUND' : 'ENODATA')
  }
  return { values: [found], value: found }
}

export function familyIn([options]: readonly unknown[]): { family?: number } {
  const family =
    typeof options === 'number'
      ? options
      : Number(String((options as { family?: unknown } | null)?.family ?? 0).replace('IPv', ''))
  return family === 4 || family === 6 ? { family } : {}
}

interface LookupOptions {
  readonly all?: boolean
  readonly order?: string
  readonly verbatim?: boolean
  readonly hints?: number
}

function lookup(question: Question, records: Answer): Result {
  const [given] = question.args
  const options: LookupOptions = typeof given === 'object' && given !== null ? given : {}
  const { family } = familyIn(question.args)
  const dns = builtIn('node:dns')
  let found = records.addresses.map(({ address }) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const ofFamily = family === undefined ? found : found.filter((each) => each.family === family)
  const mapsV4 = family === 6 && ((options.hints ?? 0) & dns.V4MAPPED) !== 0
  const v4 = mapsV4
    ? found.filter((each) => each.family === 4).map(({ address }) => ({ address: `::ffff:${address}`, family: 6 }))
    : []
  found = ofFamily.length > 0 && !((options.hints ?? 0) & dns.ALL) ? ofFamily : [...ofFamily, ...v4]
  const verbatim = options.verbatim === undefined ? undefined : options.verbatim ? 'verbatim' : 'ipv4first'
  const order = options.order ?? verbatim ?? dns.getDefaultResultOrder()
  if (order === 'ipv4first') found = [...found].sort((a, b) => a.family - b.family)
  if (order === 'ipv6first') found = [...found].sort((a, b) => b.family - a.family)
  const [first] = found
  if (first === undefined) throw failure(question, 'ENOTFOUND')
  if (options.all) return { values: [found], value: found }
  return { values: [first.address, first.family], value: first }
}

function namesIn({ zone }: Answer): unknown[] {
  return [...(zone.get('PTR') ?? []), ...(zone.get('text') ?? [])]
}

function service(question: Question, { zone }: Answer): Result {
  const [known] = zone.get('service') ?? []
  const [name] = zone.get('text') ?? []
  const port = Number(question.args[0])
  const { hostname, service } = (known ?? { hostname: name, service: SERVICES[port] ?? String(port) }) as Record<
    string,
    unknown
  >
  if (hostname === undefined) throw failure(question, 'ENOTFOUND')
  return { values: [hostname, service], value: { hostname, service } }
}

const SERVICES: Readonly<Record<number, string>> = { 22: 'ssh', 25: 'smtp', 53: 'domain', 80: 'http', 443: 'https' }
/** Types whose records are names. */
const NAMES: ReadonlySet<string> = new Set(['CNAME', 'NS', 'PTR'])

function resolve({ layer, args }: Question, records: Answer): unknown {
  const { rrtype } = layer.facts
  if (rrtype === 'ANY') return any(records)
  const type = rrtype as RecordType
  const found = recordsOf(records, type)
  if (type === 'SOA') return found[0]
  if (type !== 'A' && type !== 'AAAA') return found
  const options = args.find((arg) => typeof arg === 'object' && arg !== null) as { ttl?: boolean } | undefined
  return options?.ttl ? found : found.map((each) => (each as Address).address)
}

function recordsOf({ zone }: Answer, type: RecordType): readonly unknown[] {
  const plain = zone.get('text') ?? []
  const fitting = NAMES.has(type) ? plain : type === 'TXT' ? plain.map((text) => [text]) : []
  return [...(zone.get(type) ?? []), ...fitting]
}

function any(records: Answer): unknown[] {
  return TYPES.flatMap((type) =>
    // Plain text stands once.
    (type === 'NS' || type === 'PTR' || type === 'TXT' ? (records.zone.get(type) ?? []) : recordsOf(records, type)).map(
      (record) => ({
        ...(type === 'TXT' ? { entries: record } : typeof record === 'string' ? { value: record } : (record as object)),
        type,
      }),
    ),
  )
}

/** As Node tells of it: `queryMx ENODATA example.com` (Node 20 to 26). */
export function failure({ layer, syscall }: Pick<Question, 'layer' | 'syscall'>, code: string): Error {
  const { hostname } = layer.facts
  const errno = layer.operation === 'dns:lookup' ? ERRNO[code] : undefined
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno, code, syscall, hostname })
}

const ERRNO: Readonly<Record<string, number>> = {
  ENOTFOUND: -3008,
  EAI_AGAIN: -3001,
  EAI_FAIL: -3004,
  EAI_MEMORY: -3006,
}
