/**
 * Loads the guard into a worker, once for each thread. Most of the guard's start was V8 reading its source, again for every test file: so
 * what V8 made of it is kept beside the script for the other workers (decision 0010). Where nothing can be written, nothing is kept.
 */
/** Put in by the build: V8 compares no more of a script than its length. */
declare const HASH_OF_SCRIPTS: string

// Captured at load: the guard patches them.
const { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { cachedDataVersionTag } = process.getBuiltinModule('node:v8')
const { Script } = process.getBuiltinModule('node:vm')
const { runInThisContext } = Script.prototype
const { apply } = Reflect

const DIR = import.meta.dirname
const FOLDER = `${DIR}/.cache`
const GUARD = fileOf('guard')

/** The guard of this file in this thread: the contexts of Vitest's vm pools load files anew, and share `process`. */
const LOADED = Symbol.for(`vitest-tripwire.guard of ${GUARD}`)
const loaded = process as unknown as Record<symbol, Exports | undefined>

type Exports = Readonly<Record<string, unknown>>
type Unjudged = <T>(fn: () => T) => T
type Wrapper = (exports: Exports, require: typeof process.getBuiltinModule, file: string, ...more: unknown[]) => void

/** Whose guard it is (another copy's, at the start): what this one reads and keeps is no call of a test's. */
const unjudged: Unjudged = (fn) => {
  const slots = process as unknown as Record<symbol, { readonly parts?: { readonly unjudged?: Unjudged } } | undefined>
  return (slots[Symbol.for('vitest-tripwire.installation')]?.parts?.unjudged ?? ((run) => run()))(fn)
}

/** A script whose functions V8 had to compile here, all of them or those that run after the setup. */
interface Fresh {
  readonly script: InstanceType<typeof Script>
  readonly kept: string
  /** Bytes of what ran until the setup ended, once they are kept. */
  start: number
}

/** What follows the name of a file that holds what ran until the setup ended, and not what every file runs after it. */
const START = '.start'

const fresh: Fresh[] = []
let cold: Exports | undefined

loaded[LOADED] ??= load()

export default loaded[LOADED]

function load(): Exports {
  const guard = run('guard', keepFresh, () => {
    cold ??= (run('cold', guard) as { all(): Exports }).all()
    return cold
  })
  return guard
}

/** @param more is what the wrapper of the script is given besides */
function run(name: string, ...more: unknown[]): Exports {
  const exports = {}
  const script = unjudged(() => scriptOf(name))
  const wrapper = apply(runInThisContext, script, []) as Wrapper
  wrapper(exports, process.getBuiltinModule, fileOf(name), ...more)
  return exports
}

function scriptOf(name: string): InstanceType<typeof Script> {
  const file = fileOf(name)
  // The tag stands for V8's version, its flags and the processor; the place is in it because stacks would name the one that was kept.
  const kept = `${FOLDER}/${HASH_OF_SCRIPTS}-${cachedDataVersionTag().toString(36)}-${shortOf(file)}`
  const whole = tryTo(() => readFileSync(kept))
  const cachedData = whole ?? tryTo(() => readFileSync(kept + START))
  // The build leaves no character beyond ASCII; read so, it is half the work.
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, ...(cachedData && { cachedData }) })
  const isRead = cachedData !== undefined && !script.cachedDataRejected
  if (whole === undefined || !isRead) fresh.push({ script, kept, start: isRead ? cachedData.length : 0 })
  return script
}

function fileOf(name: string): string {
  return `${DIR}/${name}.cjs`
}

/**
 * Called when a file is set up, and when it has ended: by then most of what was loaded has run as far as it does in other files. In a long one
 * V8 has thrown away meanwhile what it had compiled for the start; that shows by the size, and a shorter file is waited for.
 */
function keepFresh(hasEnded: boolean): void {
  for (const one of fresh.splice(0)) {
    if (hasEnded) unjudged(() => keepWhole(one))
    else if (unjudged(() => keepStart(one))) fresh.push(one)
  }
}

/** @returns whether the end of the file is to be waited for: where nothing can be written it is not */
function keepStart(one: Fresh): boolean {
  if (one.start > 0) return true
  const code = one.script.createCachedData()
  one.start = code.length
  return keep(one.kept + START, code)
}

function keepWhole({ script, kept, start }: Fresh): void {
  const code = script.createCachedData()
  if (code.length > start && keep(kept, code)) tryTo(() => unlinkSync(kept + START))
}

function keep(file: string, code: Buffer): boolean {
  // Threads of one process keep it at the same time.
  const own = `${file}.${process.pid}-${process.hrtime.bigint()}`
  // Where it cannot be written, the next worker reads the source once more.
  const isKept = tryTo(() => {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(own, code, { flag: 'wx' })
    renameSync(own, file)
    return true
  })
  if (!isKept) tryTo(() => unlinkSync(own))
  return isKept === true
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
