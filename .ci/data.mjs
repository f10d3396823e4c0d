/**
 * Modules that hold nothing but data. The build writes down what they are when they have run: to parse it costs a worker a tenth of making it
 * step by step, in code that runs once and is never fast.
 */
import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

const DATA = ['plugins/db/drivers', 'plugins/fs/table']
const ids = new Set(DATA.map((module) => resolve('dist', `${module}.js`)))

/** Objects of one shape may have nothing under some keys, which JSON cannot say: it stands as `null` there. */
const FILLED =
  'table=>{for(const entry of Object.values(table))for(const key in entry)if(entry[key]===null)entry[key]=void 0;return table}'

export function dataModules() {
  return {
    name: 'data-modules',
    async load(id) {
      if (!ids.has(id)) return null
      const exported = await import(id)
      return Object.entries(exported)
        .map(([name, value]) => `export const ${name}=${asCode(value, `${id}: ${name}`)};`)
        .join('\n')
    },
  }
}

/** @throws where a value is more than data */
function asCode(value, what) {
  const text = JSON.stringify(value, (_, part) => (part === undefined ? null : part))
  const parsed = `JSON.parse(${JSON.stringify(text)})`
  const code = text.includes('null') ? `(${FILLED})(${parsed})` : parsed
  // As code of its own makes it, so that what is compared is what workers get.
  if (!isDeepStrictEqual(new Function(`return ${code}`)(), value)) throw new Error(`${what} is more than data`)
  return code
}
