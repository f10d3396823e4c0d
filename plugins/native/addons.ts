/**
 * Native addons that do I/O of their own, by what they export: the functions and classes that open something, and where among the arguments
 * it says what. Data; `openings.ts` reads it. Found by reading each package at the versions named.
 */

/** Where a value stands: the number of an argument, and keys from there on (`0.path`). */
export type Place = string

export interface Opening {
  /**
   * `database`: a file or URL. `device`: a device file. `program`: like a child process. `peer`: `tcp://host:port`; `server`: the same, listened
   * on. `conninfo`: as libpq writes it.
   */
  readonly kind: 'database' | 'device' | 'program' | 'peer' | 'server' | 'conninfo'
  readonly at: Place
  readonly product?: string
  /** Where it says, if anywhere, that nothing is written. */
  readonly readOnly?: Place
  /** Whether the addon has to fail by itself where it is stopped: an object of it that never tried to open crashes the process as it goes. */
  readonly mustFail?: boolean
  /** Of a program. */
  readonly args?: Place
  readonly cwd?: Place
}

export interface Addon {
  /** The package that people know. */
  readonly name: string
  /** Names of the packages in whose folder the binary lies; those of platforms too. */
  readonly packages: RegExp
  /** By the path of a function or class in what the binary exports: `Env.prototype.open`. */
  readonly opens: Readonly<Record<string, Opening | readonly Opening[]>>
}

const database = (product: string, at: Place, readOnly?: Place): Opening => ({
  kind: 'database',
  product,
  at,
  ...(readOnly !== undefined && { readOnly }),
})
const device = (at: Place): Opening => ({ kind: 'device', at })

export const ADDONS: readonly Addon[] = [
  // sqlite3 6, libsql 0.5; what is said in SQL, and better-sqlite3, the guard of files knows
  { name: 'sqlite3', packages: /^sqlite3$/, opens: { Database: database('sqlite', '0', '1') } },
  {
    name: 'libsql',
    packages: /^(?:libsql|@libsql\/.+)$/,
    opens: {
      databaseOpen: database('sqlite', '0'),
      // A replica: the file, and the host that it is a copy of.
      databaseOpenWithSync: [database('sqlite', '0'), database('sqlite', '1')],
    },
  },
  // duckdb 1, @duckdb/node-api 1
  { name: 'duckdb', packages: /^duckdb$/, opens: { Database: database('duckdb', '0', '1') } },
  {
    name: '@duckdb/node-api',
    packages: /^@duckdb\/node-bindings(?:-.+)?$/,
    opens: { open: database('duckdb', '0'), get_or_create_from_cache: database('duckdb', '1') },
  },
  // lmdb 3; classic-level 3, leveldown 6, rocksdb 5
  {
    name: 'lmdb',
    packages: /^(?:lmdb|@lmdb\/.+)$/,
    opens: { 'Env.prototype.open': { ...database('lmdb', '0.path', '0.readOnly'), mustFail: true } },
  },
  { name: 'classic-level', packages: /^(?:classic-level|leveldown)$/, opens: { db_open: database('leveldb', '1') } },
  { name: 'rocksdb', packages: /^rocksdb$/, opens: { db_open: database('rocksdb', '1', '2.readOnly') } },
  // pg-native 3, by libpq 1
  {
    name: 'pg-native',
    packages: /^libpq$/,
    opens: {
      'PQ.prototype.$connect': { kind: 'conninfo', product: 'postgres', at: '0' },
      'PQ.prototype.$connectSync': { kind: 'conninfo', product: 'postgres', at: '0' },
    },
  },
  // node-pty 1: the first for Unix, the second for Windows
  {
    name: 'node-pty',
    packages: /^(?:node-pty|@lydell\/node-pty.*|@homebridge\/node-pty.*)$/,
    opens: {
      fork: { kind: 'program', at: '0', args: '1', cwd: '3' },
      startProcess: { kind: 'program', at: '0' },
    },
  },
  // serialport 13; node-hid 3; usb 3 and 2
  { name: '@serialport/bindings-cpp', packages: /^@serialport\/bindings(?:-cpp)?$/, opens: { open: device('0') } },
  { name: 'node-hid', packages: /^node-hid$/, opens: { HID: device('0'), openAsyncHIDDevice: device('0') } },
  {
    name: 'usb',
    packages: /^(?:usb|@node-usb\/.+)$/,
    opens: { 'UsbDevice.prototype.open': device(''), 'Device.prototype.__open': device('') },
  },
  // zeromq 6
  {
    name: 'zeromq',
    packages: /^zeromq$/,
    opens: {
      'Socket.prototype.connect': { kind: 'peer', at: '0' },
      'Socket.prototype.bind': { kind: 'server', at: '0' },
      'Socket.prototype.bindSync': { kind: 'server', at: '0' },
    },
  },
]
