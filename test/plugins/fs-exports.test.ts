import fs from 'node:fs'
import { expect, test } from 'vitest'
import { exportName, isPromised } from '../../plugins/fs/names.ts'
import { HANDLE_METHODS, HARMLESS, OPERATIONS } from '../../plugins/fs/table.ts'

/** What each export of `node:fs` is, for the newest Node that was looked at; an export that is not here fails until somebody has looked. */
const CLASSES: Readonly<Record<string, string>> = {
  probe: 'access exists stat statfs realpath',
  'probe of an entry': 'lstat readlink',
  read: 'readdir opendir openAsBlob watch watchFile glob',
  'by flags': 'open readFile createReadStream ReadStream FileReadStream createWriteStream WriteStream FileWriteStream',
  write: 'writeFile appendFile truncate chmod chown utimes',
  'write of an entry': 'lchmod lchown lutimes mkdir mkdtemp mkdtempDisposable unlink rm rmdir link rename',
  'write of an entry and of what it leads to': 'symlink',
  'read and write': 'copyFile cp',
  'use of a descriptor': 'close read readv fstat write writev ftruncate fsync fdatasync',
  'metadata of a descriptor': 'fchmod fchown futimes',
  nothing: 'unwatchFile Dirent Stats Dir Utf8Stream _toUnixTimestamp F_OK R_OK W_OK X_OK constants promises',
}
const CLASS_OF = new Map(
  Object.entries(CLASSES).flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind])),
)

/** What the table says of an operation, in the words above. */
function inTable(name: string): string | undefined {
  if (HARMLESS.includes(name)) return 'nothing'
  const operation = OPERATIONS[name]
  if (operation === undefined) return undefined
  if (operation.descriptor === 'metadata') return 'metadata of a descriptor'
  if (operation.paths.length === 0) return 'use of a descriptor'
  if (operation.flags) return 'by flags'
  if (operation.paths.some(({ is }) => is === 'target')) return 'write of an entry and of what it leads to'
  const kinds = [
    ...new Set(operation.paths.map(({ access, last }) => `${access}${last === 'entry' ? ' of an entry' : ''}`)),
  ]
  return kinds.join(' and ')
}

const exported = [
  ...Object.keys(fs).map((name) => ({ name, base: name.replace(/Sync$/, ''), owner: fs as object })),
  ...Object.keys(fs.promises).map((name) => ({ name, base: name, owner: fs.promises as object })),
]

test('every export of the running Node has a class, and the table says the same', () => {
  const unclassed = exported.filter(({ base }) => !CLASS_OF.has(base)).map(({ name }) => name)
  expect(unclassed).toEqual([])
  const told = Object.fromEntries(exported.map(({ base }) => [base, inTable(base)]))
  expect(told).toEqual(Object.fromEntries(exported.map(({ base }) => [base, CLASS_OF.get(base)])))
})

test('the table names each form that an operation has in the running Node, and no other', () => {
  const found: string[] = []
  for (const [base, operation] of Object.entries(OPERATIONS)) {
    for (const form of operation.forms) found.push(`${isPromised(form) ? 'promises.' : ''}${exportName(base, form)}`)
  }
  const there = exported
    .filter(({ base }) => base in OPERATIONS)
    .map(({ name, owner }) => (owner === fs ? name : `promises.${name}`))
  expect(there.filter((name) => !found.includes(name))).toEqual([])
})

test('every function that takes a path or a descriptor is patched', () => {
  const source = Function.prototype.toString
  const untouched = exported.filter(({ name, base, owner }) => {
    const value = (owner as Record<string, unknown>)[name]
    const operation = OPERATIONS[base]
    if (operation === undefined || typeof value !== 'function') return false
    if (operation.paths.length === 0 && operation.descriptor === undefined) return false
    // Ours are a line of a bundle; Node's have its own names for things, and those of classes are proxies.
    return !/\.\.\.|native code/.test(source.call(value).slice(0, 200))
  })
  expect(untouched.map(({ name }) => name)).toEqual([])
})

test('every method of a FileHandle of the running Node is in the table or does nothing to the file', async () => {
  const handle = await fs.promises.open(import.meta.filename, 'r')
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(handle)).filter(
    (name) => !['constructor', 'close'].includes(name),
  )
  await handle.close()
  const nothing = ['getAsyncId', 'fd', 'sync', 'datasync', 'onclose']
  expect(names.filter((name) => !(name in HANDLE_METHODS) && !nothing.includes(name))).toEqual([])
})
