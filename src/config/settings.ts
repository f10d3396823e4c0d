import { isAbsolute, resolve } from 'node:path'
import { suggest } from '../core/suggest.ts'
import type { SettingSchema } from '../plugin.ts'
import { join, type Problems } from './problems.ts'

/** Checks a key that a plugin added, and gives it with its folders made absolute. */
export function readSetting(
  schema: SettingSchema,
  value: unknown,
  path: string,
  { dir, problems }: { readonly dir: string; readonly problems: Problems },
): unknown {
  const before = problems.list.length
  checkSetting(schema, value, path, problems)
  return problems.list.length > before ? value : withFolders(schema, value, dir)
}

function withFolders(schema: SettingSchema, value: unknown, dir: string): unknown {
  if (schema.type === 'folders') {
    const folders = (value as readonly string[]).map((folder) => (folder === '.' ? folder : resolve(dir, folder)))
    return Object.freeze(folders)
  }
  if (schema.type !== 'object') return value
  const parts = Object.entries(value as object).filter(([, part]) => part !== undefined)
  const read = parts.map(([key, part]) => [key, withFolders(schema.keys[key] as SettingSchema, part, dir)])
  return Object.freeze(Object.fromEntries(read))
}

function checkSetting(schema: SettingSchema, value: unknown, path: string, problems: Problems): void {
  if (schema.type === 'enum') {
    if (schema.values.includes(value as string)) return
    const expected = `one of ${schema.values.map((word) => `'${word}'`).join(', ')}`
    problems.add(
      path,
      value,
      'it is no such word',
      expected,
      typeof value === 'string' ? suggest(value, schema.values) : [],
    )
  } else if (schema.type === 'strings') {
    const isList = Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '')
    if (!isList) problems.add(path, value, 'it is no list of texts', 'a list of texts that are not empty')
  } else if (schema.type === 'folders') {
    checkFolders(value, path, problems)
  } else if (schema.type === 'object') {
    checkObject(schema.keys, value, path, problems)
  } else if (typeof value !== schema.type) {
    problems.add(path, value, `it is no ${schema.type}`, `a ${schema.type}`)
  }
}

function checkFolders(value: unknown, path: string, problems: Problems): void {
  const expected = "a list of folders, such as ['.cache'], relative to the config file; '.' is the current one"
  if (!Array.isArray(value)) {
    problems.add(path, value, 'it is no list', expected)
    return
  }
  value.forEach((folder, at) => {
    const wrong = folderProblem(folder)
    const known = value.indexOf(folder) < at ? 'it stands there already' : undefined
    if (wrong !== undefined) problems.add(`${path}[${at}]`, folder, wrong, "a folder or file, such as '.cache'")
    else if (known !== undefined) problems.add(`${path}[${at}]`, folder, known, 'each folder once')
  })
}

function folderProblem(folder: unknown): string | undefined {
  if (typeof folder !== 'string') return 'it is no text'
  if (folder.trim() === '') return 'it is empty'
  if (folder.includes('\0')) return 'no path holds a zero byte'
  if (/^~(?:[/\\]|$)/.test(folder)) return "no shell reads it, so '~' is no home folder"
  if (/^file:/i.test(folder)) return 'it is a URL'
  if (/[*?]/.test(folder)) return 'it is a glob; a folder holds all that is below it'
  if (folder.startsWith('!')) return 'a folder cannot be negated'
  if (/^[A-Za-z]:(?![/\\])/.test(folder) && !isAbsolute(folder)) return 'a drive alone says no folder'
  return undefined
}

function checkObject(
  keys: Readonly<Record<string, SettingSchema>>,
  value: unknown,
  path: string,
  problems: Problems,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.add(path, value, 'it is no object', `an object with ${Object.keys(keys).join(', ')}`)
    return
  }
  for (const [key, part] of Object.entries(value)) {
    const schema = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (schema && part === undefined) continue
    const names = Object.keys(keys)
    if (schema) checkSetting(schema, part, join(path, key), problems)
    else problems.add(join(path, key), part, 'the key is unknown', `one of ${names.join(', ')}`, suggest(key, names))
  }
}
