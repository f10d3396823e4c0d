import { suggest } from '../core/suggest.ts'
import type { SettingSchema } from '../plugin.ts'
import { join, type Problems } from './problems.ts'

/** Checks a key that a plugin added. */
export function checkSetting(schema: SettingSchema, value: unknown, path: string, problems: Problems): void {
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
  } else if (schema.type === 'object') {
    checkObject(schema.keys, value, path, problems)
  } else if (typeof value !== schema.type) {
    problems.add(path, value, `it is no ${schema.type}`, `a ${schema.type}`)
  }
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
    const schema = keys[key]
    const names = Object.keys(keys)
    if (schema) checkSetting(schema, part, join(path, key), problems)
    else problems.add(join(path, key), part, 'the key is unknown', `one of ${names.join(', ')}`, suggest(key, names))
  }
}
