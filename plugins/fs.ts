/**
 * Watches files at every public function of `node:fs` and `node:fs/promises`, almost none of which passes through another. Reading passes
 * until a config names roots; writing passes below the temporary folder and the roots that a config names.
 *
 * Bypassed by: native addons, `process.binding('fs')`, other processes, links that another process makes between the look and the call.
 */
import { builtIn, definePlugin, type Layer, type PolicyContext, pathBelow } from '../src/plugin.ts'
import { guardChdir } from './fs/chdir.ts'
import { Descriptors, guardDescriptors } from './fs/descriptors.ts'
import { guardFunctions } from './fs/functions.ts'
import { guardHandles } from './fs/handles.ts'
import { mocking } from './fs/mocking.ts'
import { guardNativeFiles } from './fs/native-files.ts'
import { nearestRoot, passesByRoots, printPath, printRoot, readRoots, resolveLinks, writeRoots } from './fs/roots.ts'
import { parseFsRule } from './fs/rule.ts'
import { Seam } from './fs/seam.ts'
import { guardSqlite } from './fs/sqlite.ts'
import { guardSqliteAddons } from './fs/sqlite-addons.ts'
import { guardStreams } from './fs/streams.ts'
import { type Access, OPERATIONS } from './fs/table.ts'
import { guardUnwatch, watchVolumes } from './fs/volumes.ts'

export const fs = definePlugin({
  name: 'fs',
  operations: {
    probe: { safety: 'safe', summary: 'asks whether a file is there, what it is, where a link leads' },
    read: { safety: 'safe', summary: 'reads a file, lists or watches a folder' },
    write: { safety: 'unsafe', summary: 'makes, changes, moves or removes a file, folder or link' },
  },
  facts: {
    path: 'file',
    function: 'word',
    given: 'text',
    driver: 'word',
    product: 'word',
    change: 'word',
    to: 'text',
    content: 'data',
    mode: 'data',
    error: 'word',
  },
  synonyms: ['file', 'disk', 'filesystem'],
  settings: { fs: { type: 'object', keys: { read: { type: 'folders' }, write: { type: 'folders' } } } },
  runner: true,
  // But streams, which may be given functions to open with: what they open is told apart by itself.
  inner: /^node:(?:fs|internal\/fs\/(?!streams$).*)$/,
  alone: true,
  parseRule: parseFsRule,
  describe,
  remedy,
  passes,
  get mocking() {
    return mocking()
  },
  install(tap) {
    const fsModule = builtIn('node:fs')
    const seam = new Seam(tap)
    watchVolumes(seam)
    const descriptors = new Descriptors(seam)
    guardFunctions(seam, { fs: fsModule, descriptors })
    guardDescriptors(seam, fsModule, descriptors)
    guardHandles(seam, fsModule, descriptors)
    guardStreams(seam, fsModule)
    guardChdir(seam)
    guardUnwatch(tap, fsModule)
    guardSqlite(seam)
    guardSqliteAddons(seam)
    guardNativeFiles(seam)
  },
})

/** Files of databases come from plugins that know less of links. */
function passes({ operation, facts }: Layer, context: PolicyContext): boolean {
  const path = String(facts.path)
  const resolved = facts.driver === undefined ? path : resolveLinks(path)
  return passesByRoots(accessOf(operation), resolved, context)
}

const ACCESSES: Readonly<Record<string, Access>> = { 'fs:probe': 'probe', 'fs:read': 'read', 'fs:write': 'write' }
const accessOf = (operation: string) => ACCESSES[operation] ?? 'write'

const PLAIN: Readonly<Record<Access, string>> = { probe: 'looking at', read: 'reading', write: 'writing' }

function describe({ operation, facts }: Layer): string {
  const name = String(facts.function)
  const base = name.replace(/^FileHandle\./, 'f').replace(/Sync$/, '')
  const doing = base === 'open' ? PLAIN[accessOf(operation)] : (OPERATIONS[base]?.doing ?? PLAIN[accessOf(operation)])
  const given = facts.given === undefined ? '' : ` (given as ${facts.given})`
  return `${doing} ${printPath(String(facts.path))}${given} with ${base in OPERATIONS ? `fs.${name}` : name}`
}

function remedy({ operation, facts }: Layer, context: PolicyContext) {
  const access = accessOf(operation)
  const path = String(facts.path)
  // A rule is read on other machines, too.
  const below = pathBelow(resolveLinks(context.place.rules), path)
  const near = below?.startsWith('~') ? `./${below}` : below
  // Who may read may look; a star in a name would stand for anything.
  const rule = path.includes('*')
    ? `M({ protocol: 'fs', operation: '${access}', path: /${near === undefined ? `^${escaped(path)}` : escaped(`/${near}`)}$/ })`
    : `fs:${access === 'probe' ? 'read' : access}:${near ?? path}`
  return { rule, hint: hintFor(access, path, context) }
}

/** Where it would have passed, and what came nearest. */
function hintFor(access: Access, path: string, context: PolicyContext): string {
  const roots = (access === 'write' ? writeRoots(context) : readRoots(context)) ?? []
  const doing = access === 'write' ? 'writing' : 'reading'
  const nearest = nearestRoot(path, roots)
  const near = nearest === undefined ? '' : `; the nearest is ${printRoot(nearest)}`
  const key = `fs: { ${access === 'write' ? 'write' : 'read'}: ['…'] }`
  return `${doing} passes below ${roots.map(printRoot).join(', ')}${near}; ${key} in the config adds a folder`
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
