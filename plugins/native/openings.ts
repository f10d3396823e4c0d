/** What an addon is about to open, as a call of the protocol that it belongs to. */

import { basename, resolve } from 'node:path'
import type { Layer } from '../../src/plugin.ts'
import { originals } from '../../src/plugin.ts'
import type { Opening, Place } from './addons.ts'

// Captured at load: tests replace them.
const { isArray } = Array

// Captured at load: tests replace it, and change the folder.
const { URL, cwd: currentFolder, env: environment } = originals

/** Undefined where the arguments say nothing that is understood, and for databases in memory. */
export function layerOf(opening: Opening, name: string, args: readonly unknown[]): Layer | undefined {
  const given = at(args, opening.at)
  if (opening.kind === 'device') return device(name, given, args)
  if (typeof given !== 'string') return undefined
  if (opening.kind === 'program') return program(given, opening, args)
  if (opening.kind === 'peer') return peer(given, 'connect')
  if (opening.kind === 'server') return peer(given, 'listen')
  if (opening.kind === 'conninfo') return connection(opening.product, name, parseConninfo(given))
  return database(given, opening, name, args)
}

function at(args: readonly unknown[], place: Place): unknown {
  let value: unknown = args
  for (const key of place === '' ? [] : place.split('.')) value = (value as Record<string, unknown> | undefined)?.[key]
  return place === '' ? undefined : value
}

/** Below what is no folder: whoever opens it fails. */
const NOWHERE = '/dev/null/nothing'

/** The arguments with a place at which nothing can be opened. */
export function elsewhere({ at: place }: Opening, args: readonly unknown[]): unknown[] {
  const [number, key] = place.split('.')
  return args.map((arg, index) => {
    if (String(index) !== number) return arg
    return key === undefined ? NOWHERE : { ...(arg as object), [key]: NOWHERE }
  })
}

function device(name: string, given: unknown, args: readonly unknown[]): Layer {
  const path = typeof given === 'string' ? given : args.filter((arg) => typeof arg === 'number').join(':') || 'unnamed'
  return { protocol: 'native', operation: 'native:device', facts: { package: name, path } }
}

function program(file: string, opening: Opening, args: readonly unknown[]): Layer {
  const words = at(args, opening.args ?? '')
  const cwd = at(args, opening.cwd ?? '')
  const list = isArray(words) ? words.map(String) : []
  const facts = {
    ...(/[/\\]/.test(file) ? { path: resolve(currentFolder(), file) } : { program: basename(file) }),
    line: list.map((word) => (word === '' || /\s/.test(word) ? JSON.stringify(word) : word)).join(' '),
    args: list,
    cwd: typeof cwd === 'string' ? cwd : currentFolder(),
    env: [],
    detached: false,
  }
  return { protocol: 'subprocess', operation: 'subprocess:spawn', facts }
}

function peer(address: string, operation: 'connect' | 'listen'): Layer | undefined {
  // Before a `;` stands where it comes from.
  const [, host, port] = /^tcp:\/\/(?:[^;]*;)?(.+):(\d+|\*)$/.exec(address) ?? []
  if (host !== undefined) {
    const facts = { transport: 'tcp', host: host === '*' ? '0.0.0.0' : host, port: port === '*' ? 0 : Number(port) }
    return { protocol: 'sockets', operation: `sockets:${operation}`, facts }
  }
  const [, path] = /^ipc:\/\/(.+)$/.exec(address) ?? []
  if (path === undefined) return undefined
  return { protocol: 'sockets', operation: `sockets:${operation}`, facts: { transport: 'unix', path } }
}

/** What an address that is listened on is called among a test's own endpoints. */
export function endpointOf(address: string): string | undefined {
  const { facts } = peer(address, 'listen') ?? {}
  if (facts === undefined) return undefined
  return facts.transport === 'unix' ? `unix:${facts.path}` : `tcp:${facts.port}`
}

function database(given: string, opening: Opening, driver: string, args: readonly unknown[]): Layer | undefined {
  if (/^[a-z]+:\/\//i.test(given) && !given.startsWith('file:')) {
    const { hostname: host, port, protocol } = new URL(given)
    return connection(opening.product, driver, { host, port: port || (/^(?:http|ws):/.test(protocol) ? '80' : '443') })
  }
  const file = given.replace(/^file:(?:\/\/)?/, '').replace(/\?.*$/, '')
  if (file === '' || file === ':memory:' || isInMemory(given)) return undefined
  const access = opening.readOnly !== undefined && isReading(at(args, opening.readOnly)) ? 'read' : 'write'
  // As a file, so that the folders of `fs` judge it; the driver makes it a call of `db`.
  const facts = { path: resolve(currentFolder(), file), function: driver, driver, product: opening.product }
  return { protocol: 'fs', operation: `fs:${access}`, facts }
}

/** Of a key that stands twice SQLite takes the last, and nothing from `#` on; who hides a key is no help. */
function isInMemory(given: string): boolean {
  const [, query = ''] = /^[^?#]*\?([^#]*)/s.exec(given) ?? []
  const modes = query.split('&').filter((each) => /^(?:mode=|[^=]*%)/.test(each))
  return modes.at(-1) === 'mode=memory'
}

/** A yes, or flags of SQLite and DuckDB, whose last two bits say it. */
function isReading(value: unknown): boolean {
  return typeof value === 'number' ? (value & 3) === 1 : value === true
}

function connection(
  product: string | undefined,
  driver: string,
  login: Readonly<Record<string, string | undefined>>,
): Layer {
  const {
    host = environment.PGHOST ?? 'localhost',
    port = environment.PGPORT ?? '5432',
    dbname: database,
    user,
  } = login
  const place = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port: Number(port) }
  return { protocol: 'db', operation: 'db:connect', facts: { product, driver, ...place, database, user } }
}

/** `host='x' port=1`, or a URL. */
function parseConninfo(text: string): Record<string, string> {
  if (/^postgres(?:ql)?:\/\//.test(text)) {
    const { hostname, port, pathname, username } = new URL(text)
    return {
      ...(hostname !== '' && { host: hostname }),
      ...(port !== '' && { port }),
      ...(pathname.length > 1 && { dbname: pathname.slice(1) }),
      ...(username !== '' && { user: username }),
    }
  }
  const found = text.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/g)
  return Object.fromEntries([...found].map(([, key, quoted, plain]) => [key as string, quoted ?? plain ?? '']))
}
