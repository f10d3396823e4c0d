/** Which SQLite there is, and how a database in its memory is made. */
import type { Tap } from '../../../src/plugin.ts'
import type { Engine, Image } from './engine.ts'
import { byLibrary, type MakeNative, makeNative, type Native, NativeEngine } from './native-engine.ts'
import { NodeEngine, type Sqlite } from './node-engine.ts'

type Library = new (file: unknown) => object

/** One copy of SQLite. */
export interface Maker {
  /** Stands for the copy: databases of one see each other. */
  readonly key: object
  make(image: Image | undefined): Engine
}

interface Parts {
  readonly tap: Tap
  builtIn(name: string): unknown
  readonly library: Library | undefined
  peer(name: string): object
}

/** Undefined where Node has none. */
export function nodeMaker({ builtIn, tap }: Pick<Parts, 'builtIn' | 'tap'>): Maker | undefined {
  const sqlite = builtIn('node:sqlite') as Sqlite | undefined
  if (sqlite === undefined) return undefined
  const { randomUUID } = builtIn('node:crypto') as typeof import('node:crypto')
  const newName = () => `tripwire-${randomUUID()}`
  // Reading the file that it is a copy of is the test's, wherever the code stands that opens the copy.
  return { key: sqlite, make: (image) => tap.outside(() => new NodeEngine(sqlite, newName, image)) }
}

/** That of an addon. @param key its prototype of databases */
export function nativeMaker(key: object, make: MakeNative): Maker {
  return { key, make: (image) => new NativeEngine(makeNative(make, image?.bytes), make) }
}

/** What is used before anybody has opened the file: better-sqlite3 where it was loaded, else Node's. @throws MissingPeerError */
export function firstMaker(
  wanted: Engine['name'] | undefined,
  parts: Parts,
): Maker & { readonly name: Engine['name'] } {
  const { library, peer } = parts
  const node = wanted === 'better-sqlite3' ? undefined : nodeMaker(parts)
  if (node && (wanted === 'node:sqlite' || library === undefined)) return { name: 'node:sqlite', ...node }
  const Loaded = library ?? (peer('better-sqlite3') as Library)
  // It is there, and was compiled for another Node.
  if (node && !works(Loaded)) return { name: 'node:sqlite', ...node }
  return { name: 'better-sqlite3', key: Loaded, make: (image) => byLibrary(Loaded, image) }
}

function works(Loaded: Library): boolean {
  try {
    return new Loaded(':memory:') !== undefined
  } catch {
    return false
  }
}

/** The class of what better-sqlite3 throws, which is known by one that it throws. */
export function errorClassOf(native: Native): new (message: string, code: string) => Error {
  try {
    native.exec('?')
  } catch (error) {
    return (error as { constructor: new (message: string, code: string) => Error }).constructor
  }
  return Error as never
}
