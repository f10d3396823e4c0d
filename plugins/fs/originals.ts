/** What this plugin itself uses, captured at load: before the functions are patched, and before tests stub `path.resolve` or `process.cwd`. */
import { Buffer } from 'node:buffer'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtIn } from '../../src/plugin.ts'

const { native: realpath } = realpathSync
const { cwd, env, nextTick, platform, umask, getuid = () => 0, getgid = () => 0 } = process
const { now } = Date
const { apply, construct } = Reflect

export const real = {
  lstatSync,
  statSync,
  readlinkSync,
  readdirSync,
  readFileSync,
  existsSync,
  realpath,
  cwd,
  umask,
  getuid,
  getgid,
  now,
  nextTick,
  setImmediate,
  setTimeout,
  clearTimeout,
  platform,
  resolve,
  isAbsolute,
  relative,
  sep,
  dirname,
  basename,
  join,
  apply,
  construct,
  fileURLToPath,
  isBuffer: Buffer.isBuffer,
  bufferFrom: Buffer.from,
  tmpdir: platform === 'win32' ? builtIn('node:os').tmpdir() : tmpdirByEnvironment(),
} as const

/** The folder that Vitest runs in, for printing. */
export const HOME = cwd()

/** As `os.tmpdir()` reads it (Node 20 to 26): few test files load `node:os`, and all would have to for this. */
function tmpdirByEnvironment(): string {
  const path = env.TMPDIR || env.TMP || env.TEMP || '/tmp'
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
