/** What a server answers by itself, whatever its data: who is there, how it speaks, and who listens. */
import type { Channels, Listener, Way } from './channels.ts'
import { OK, Push, Status, type Value, type Version } from './resp.ts'

/** Arguments as text; those that are no UTF-8 as bytes. */
export type Arg = string | Uint8Array

/** What a connection knows of itself. */
export interface Self extends Listener {
  version: Version
  /** The number of its database. */
  database: string
  user: string | undefined
  name: string
  readonly id: number
  isIn: boolean
  readonly account: { readonly user?: string; readonly password: string } | undefined
  /** Where it listens: at the server that answers it at the moment. */
  channels: Channels
}

/** @returns the reply, or several; an `Error` among them is the error of the server */
export type Own = (self: Self, args: readonly Arg[]) => Value | Several

/** Replies to one command. */
export class Several {
  readonly replies: readonly Value[]
  constructor(replies: readonly Value[]) {
    this.replies = replies
  }
}

const VERSION = '7.4.0'
const fail = (message: string) => new Error(message)
const argumentsOf = (name: string) => fail(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)

function logIn(self: Self, user: string, password: string): Error | undefined {
  const { account } = self
  if (account !== undefined && (password !== account.password || user !== (account.user ?? 'default')))
    return fail('WRONGPASS invalid username-password pair or user is disabled.')
  self.isIn = true
  self.user = user
  return undefined
}

function hello(self: Self, [version, ...more]: readonly Arg[]): Value {
  if (version !== undefined && version !== '2' && version !== '3')
    return /^\d+$/.test(String(version))
      ? fail('NOPROTO unsupported protocol version')
      : fail('ERR Protocol version is not an integer or out of range')
  for (let at = 0; at < more.length; at++) {
    const option = String(more[at]).toUpperCase()
    const [first, second] = [more[at + 1], more[at + 2]]
    if (option === 'AUTH' && second !== undefined) {
      const failure = logIn(self, String(first), String(second))
      if (failure !== undefined) return failure
      at += 2
    } else if (option === 'SETNAME' && first !== undefined) {
      self.name = String(first)
      at++
    } else return fail(`ERR Syntax error in HELLO option '${more[at]}'`)
  }
  if (!self.isIn)
    return fail(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  if (version !== undefined) self.version = version === '3' ? 3 : 2
  const { id } = self
  return { server: 'redis', version: VERSION, proto: self.version, id, mode: 'standalone', role: 'master', modules: [] }
}

/** What drivers ask of CLIENT on their own. */
function client(self: Self, [what = '', value = '']: readonly Arg[]): Value {
  switch (String(what).toUpperCase()) {
    case 'ID':
      return self.id
    case 'GETNAME':
      return self.name === '' ? null : self.name
    case 'SETNAME':
      self.name = String(value)
      return OK
    case 'INFO':
      return `id=${self.id} name=${self.name} db=${self.database} resp=${self.version}`
    case 'SETINFO':
    case 'TRACKING':
    case 'CACHING':
    case 'NO-EVICT':
    case 'NO-TOUCH':
      return OK
    default:
      return fail(`ERR unknown subcommand '${what}'. Try CLIENT HELP.`)
  }
}

const INFO = [
  '# Server',
  `redis_version:${VERSION}`,
  'redis_mode:standalone',
  '# Clients',
  'connected_clients:1',
  '# Persistence',
  'loading:0',
  '# Replication',
  'role:master',
  'connected_slaves:0',
  '',
].join('\r\n')

function listen(way: Way): Own {
  return (self, names) => {
    if (names.length === 0) return argumentsOf(way)
    const replies = names.map((name) => new Push([way, name, self.channels.add(self, way, keyOf(name), name)]))
    return new Several(replies)
  }
}

function leave(way: Way): Own {
  return (self, names) => {
    const { channels } = self
    const left = names.length > 0 ? names.map((name) => [keyOf(name), name] as const) : channels.namesOf(self, way)
    const said = `un${way}`.replace('unpsub', 'punsub').replace('unssub', 'sunsub')
    if (left.length === 0) return new Several([new Push([said, null, channels.count(self, way)])])
    return new Several(left.map(([key, name]) => new Push([said, name, channels.remove(self, way, key)])))
  }
}

/** Bytes as a key: each is a letter of Latin-1. */
export function keyOf(name: Arg): string {
  return Buffer.from(name as string).toString('latin1')
}

function select(self: Self, [number]: readonly Arg[]): Value {
  if (!/^\d+$/.test(String(number))) return fail('ERR value is not an integer or out of range')
  self.database = String(Number(number))
  return OK
}

/** By name; those that nobody has to assert, unless a script answers them. */
export const QUIET: Readonly<Record<string, Own>> = {
  HELLO: hello,
  AUTH: (self, [first, second]) => {
    if (first === undefined) return argumentsOf('AUTH')
    const [user, password] = second === undefined ? ['default', first] : [first, second]
    return logIn(self, String(user), String(password)) ?? OK
  },
  SELECT: select,
  CLIENT: client,
  INFO: () => INFO,
  PING: (self, [text]) => {
    if (self.version === 2 && self.channels.count(self, 'subscribe') > 0) return ['pong', text ?? '']
    return text ?? new Status('PONG')
  },
  READONLY: () => OK,
  READWRITE: () => OK,
  WATCH: () => OK,
  UNWATCH: () => OK,
  UNSUBSCRIBE: leave('subscribe'),
  PUNSUBSCRIBE: leave('psubscribe'),
  SUNSUBSCRIBE: leave('ssubscribe'),
}

/** What CLIENT is asked by tools only, and a script has to say. */
export function isDrivers(name: string, [what = '']: readonly Arg[]): boolean {
  if (name !== 'CLIENT') return true
  return !/^(?:list|kill|pause|unpause|reply|unblock|getredir|trackinginfo)$/i.test(String(what))
}

/** Those that the code under test asks for, and has to be asserted. */
export const LISTENING: Readonly<Record<string, Own>> = {
  SUBSCRIBE: listen('subscribe'),
  PSUBSCRIBE: listen('psubscribe'),
  SSUBSCRIBE: listen('ssubscribe'),
}

/** Whose effect there is whatever a script says, unless that is an error. */
export const EFFECTIVE: readonly string[] = ['HELLO', 'AUTH', 'SELECT', ...Object.keys(LISTENING)]
