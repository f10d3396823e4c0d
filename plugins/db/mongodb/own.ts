/** What a server says to what drivers ask on their own: nobody has to assert it. */
import { type Document, LONGEST } from './wire.ts'

/** What a connection knows of itself. */
export interface Self {
  readonly id: number
  /** Where the client says that the server is. */
  readonly address: string
  /** Its set of replicas, if the URL names one: the only member is the first address of the URL. */
  readonly set: { readonly name: string; readonly primary: string } | undefined
  /** Whether somebody is asked for a password. */
  readonly isGuarded: boolean
}

const VERSION = '8.0.4'
const WIRE = 25

const hello = ({ id, set, address, isGuarded }: Self, command: Document): Document => {
  const isPrimary = set === undefined || set.primary === address
  return {
    helloOk: true,
    ismaster: isPrimary,
    isWritablePrimary: isPrimary,
    ...(set && {
      setName: set.name,
      setVersion: 1,
      hosts: [set.primary],
      primary: set.primary,
      me: address,
      secondary: !isPrimary,
    }),
    ...(isGuarded && command.saslSupportedMechs !== undefined && { saslSupportedMechs: ['SCRAM-SHA-256'] }),
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: LONGEST,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: id,
    minWireVersion: 0,
    maxWireVersion: WIRE,
    readOnly: false,
    ok: 1,
  }
}

const OK: Document = { ok: 1 }

/** By the name of the command, in lower case. */
const OWN: Readonly<Record<string, ((self: Self, command: Document) => Document) | undefined>> = {
  hello,
  ismaster: hello,
  ping: () => OK,
  endsessions: () => OK,
  refreshsessions: () => OK,
  committransaction: () => OK,
  aborttransaction: () => OK,
  logout: () => OK,
  // Of each model that is made, mongoose asks for these.
  create: () => OK,
  createindexes: () => ({ numIndexesBefore: 1, numIndexesAfter: 2, ok: 1 }),
  buildinfo: () => ({
    version: VERSION,
    versionArray: VERSION.split('.').map(Number),
    maxBsonObjectSize: 16 * 1024 * 1024,
    ok: 1,
  }),
  connectionstatus: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 }),
}

/** What it says to a command; undefined where that is not its own. */
export function ownAnswer(name: string, self: Self, command: Document): Document | undefined {
  return OWN[name.toLowerCase()]?.(self, command)
}
