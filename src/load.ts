/**
 * Loads the guard into a worker, once for each thread. Most of the guard's start was V8 reading its source, again for every test file: so
 * what V8 made of it is kept beside the script for the other workers (decision 0010). Where nothing can be written, nothing is kept.
 */
/** Put in by the build: V8 compares no more of a script than its length. */
declare const HASH_OF_GUARD: string

// Captured at load: the guard patches them.
const { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { cachedDataVersionTag } = process.getBuiltinModule('node:v8')
const { Script } = process.getBuiltinModule('node:vm')

const DIR = import.meta.dirname
const FILE = `${DIR}/guard.cjs`
const FOLDER = `${DIR}/.cache`
/** The tag stands for V8's version, its flags and the processor; the place is in it because stacks would name the one that was kept. */
const KEPT = `${FOLDER}/${HASH_OF_GUARD}-${cachedDataVersionTag().toString(36)}-${shortOf(FILE)}`

/** The guard of this file in this thread: the contexts of Vitest's vm pools load files anew, and share `process`. */
const LOADED = Symbol.for(`vitest-tripwire.guard of ${FILE}`)
const loaded = process as unknown as Record<symbol, Guard | undefined>

type Guard = Readonly<Record<string, unknown>>
type Unjudged = <T>(fn: () => T) => T

/** Another copy of the package guards this process already: what this one reads and keeps is no call of a test's. */
const other = process as unknown as Record<symbol, { readonly parts?: { readonly unjudged?: Unjudged } } | undefined>
const unjudged: Unjudged = other[Symbol.for('vitest-tripwire.installation')]?.parts?.unjudged ?? ((fn) => fn())

loaded[LOADED] ??= unjudged(load)

export default loaded[LOADED]

function load(): Guard {
  const cachedData = tryTo(() => readFileSync(KEPT))
  // The build leaves no character beyond ASCII; read so, it is half the work.
  const script = new Script(readFileSync(FILE, 'latin1'), { filename: FILE, ...(cachedData && { cachedData }) })
  const guard = {}
  script.runInThisContext()(guard, process.getBuiltinModule, FILE, () => {
    if (cachedData === undefined || script.cachedDataRejected) keep(script.createCachedData())
  })
  return guard
}

function keep(code: Buffer): void {
  // Threads of one process keep it at the same time.
  const own = `${KEPT}.${process.pid}-${process.hrtime.bigint()}`
  // Where it cannot be written, the next worker reads the source once more.
  const isKept = tryTo(() => {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(own, code, { flag: 'wx' })
    renameSync(own, KEPT)
    return true
  })
  if (!isKept) tryTo(() => unlinkSync(own))
}

function tryTo<T>(fn: () => T): T | undefined {
  try {
    return fn()
  } catch {
    return undefined
  }
}

/** FNV-1a. */
function shortOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(36)
}
