/** What this plugin itself uses, captured at load: before the functions are patched, and before tests stub `path.resolve` or `process.cwd`. */
import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const { lstatSync, statSync, readlinkSync, readdirSync, existsSync } = fs
const { native: realpath } = fs.realpathSync
const { cwd, nextTick, platform } = process
const { resolve, isAbsolute, relative, sep, dirname, basename, join } = path
const { apply, construct } = Reflect

export const real = {
  lstatSync,
  statSync,
  readlinkSync,
  readdirSync,
  existsSync,
  realpath,
  cwd,
  nextTick,
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
  tmpdir: tmpdir(),
} as const

/** The folder that Vitest runs in, for printing. */
export const HOME = cwd()
