/**
 * Watches what leaves the reach of JavaScript: native addons and libraries that are loaded, WebAssembly with the system interface, the
 * inspector, module hooks, changes of the user, trace files. It is let through and reported, unless a config names `guard.native`. Addons that
 * are known for I/O of their own are judged by what they open.
 *
 * Bypassed by: what an addon does once it is loaded, and is not in the table of `native/addons.ts`; `process.binding`.
 */
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { definePlugin, type Layer, RuleSyntaxError } from '../src/plugin.ts'
import { guardIdentity } from './native/identity.ts'
import { guardLibraries } from './native/libraries.ts'
import { guardLoading } from './native/loading.ts'
import { guardTools } from './native/tools.ts'

const HOME = process.cwd()
const EXPECTED =
  "'native:better-sqlite3', 'native:@scope/name', 'native:/opt/addons/**', 'native:/dev/ttyUSB0' or 'native:inspector.open'"
const FUNCTION = /^(?:inspector|module|process|trace_events|ffi|wasi)\.\w+$/

export const native = definePlugin({
  name: 'native',
  operations: {
    load: { safety: 'unsafe', summary: 'loads a native addon or library' },
    device: { safety: 'unsafe', summary: 'opens a device through a native addon' },
    wasi: { safety: 'unsafe', summary: 'starts WebAssembly with the system interface' },
    inspect: { safety: 'unsafe', summary: 'opens the inspector' },
    hook: { safety: 'unsafe', summary: 'registers hooks of the module loader' },
    identity: { safety: 'unsafe', summary: 'changes the user or the groups of this process' },
    trace: { safety: 'unsafe', summary: 'writes trace event files' },
  },
  facts: { package: 'word', path: 'file', function: 'word' },
  synonyms: ['addon', 'addons', 'ffi', 'wasi', 'inspector', 'dlopen', 'napi'],
  parseRule,
  describe,
  remedy: ({ facts }) => ({ rule: `native:${facts.package ?? facts.path ?? facts.function}` }),
  // A device is I/O like any other; the rest may be harmless, and is reported.
  lenient: ({ operation }) => operation !== 'native:device',
  install(tap) {
    guardLoading(tap)
    guardLibraries(tap)
    guardTools(tap)
    guardIdentity(tap)
  },
})

function parseRule(text: string) {
  if (FUNCTION.test(text)) return { function: text }
  if (/^(?:\.{0,2}[/\\]|\*\*|[A-Za-z]:[/\\])/.test(text) || text.endsWith('.node'))
    return { path: isAbsolute(text) || text.startsWith('**') ? text : resolve(HOME, text).replaceAll(sep, '/') }
  if (/^(?:@[\w.*-]+\/)?[\w.*-]+$/.test(text)) return { package: text }
  throw new RuleSyntaxError('it is no package, path or function', EXPECTED)
}

function describe({ operation, facts }: Layer): string {
  if (operation === 'native:load')
    return `loading the native ${facts.package === undefined ? 'library' : `addon ${facts.package}`}${placeOf(facts)}`
  if (operation === 'native:device') return `opening the device ${facts.path} with ${facts.package}`
  return `calling ${facts.function}${facts.path === undefined ? '' : ` for ${near(String(facts.path))}`}`
}

function placeOf({ path }: Layer['facts']): string {
  return path === undefined ? '' : ` (${near(String(path))})`
}

function near(path: string): string {
  const short = relative(HOME, path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short.replaceAll(sep, '/')
}
