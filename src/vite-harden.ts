/**
 * The second wall: Node's permission model, put around Vitest's forks as far as the config implies. It stops what passes no JavaScript function
 * (native addons, `process.binding`), and is coarser than the guard: it knows the config, and not what a test lets through.
 */
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { ResolvedConfig } from './config/resolved.ts'
import type { Scope } from './core/scopes.ts'
import { ConfigError } from './errors/classes.ts'
import { PACKAGE_ROOT } from './package-root.ts'

const NETWORK = ['http', 'ws', 'sockets', 'dns', 'db']

/** What the flags depend on beside the config. */
export interface Surroundings {
  readonly root: string
  readonly workspace: string
  /** Folders that Vitest itself writes into from its workers: snapshots, coverage. */
  readonly written: readonly string[]
  /** Whether Vitest opens an inspector session in its workers (coverage by V8). */
  readonly inspects: boolean
  /** Options that this Node knows. */
  readonly known: ReadonlySet<string>
}

/** The flags with which a fork starts. */
export function permissionFlags(config: ResolvedConfig, at: Surroundings): string[] {
  const scopes = [config.project, ...config.files.map(({ scope }) => scope)]
  const opens = (protocol: string) => scopes.some((scope) => isOpen(scope, protocol))
  const allowed: Readonly<Record<string, boolean>> = {
    '--allow-child-process': opens('subprocess'),
    '--allow-worker': !scopes.some(({ deny = [] }) => deny.some(({ text }) => text === 'worker')),
    '--allow-addons': opensNative(scopes),
    '--allow-wasi': opensNative(scopes),
    '--allow-ffi': opensNative(scopes),
    '--allow-inspector': at.inspects || opensNative(scopes),
    '--allow-net': !isOffline(scopes) || NETWORK.some(opens),
  }
  return [
    '--permission',
    ...readFlags(scopes, at),
    ...writeFlags(scopes, at),
    ...Object.keys(allowed).filter((flag) => allowed[flag] === true && at.known.has(flag)),
  ]
}

/** Starts the forks of a project with them. @throws ConfigError where there is no such wall */
export function harden({ config }: TestProject, resolved: ResolvedConfig, workspace: string): void {
  const known = process.allowedNodeEnvironmentFlags
  if (!known.has('--permission'))
    throw unavailable(
      `Node ${process.versions.node} has no permission model for it`,
      'run the tests with Node 22.13 or newer, or leave `harden` out',
    )
  if (config.pool !== 'forks' && config.pool !== 'vmForks')
    throw unavailable(
      `the pool is '${config.pool}', and permissions belong to processes`,
      "use `pool: 'forks'`, or leave `harden` out",
    )
  if (config.execArgv.includes('--permission')) return
  const { coverage, snapshotOptions, root } = config
  const written = [
    ...(snapshotOptions.updateSnapshot === 'none' ? [] : [root]),
    ...(coverage.enabled ? [resolve(root, coverage.reportsDirectory)] : []),
  ]
  const inspects = coverage.enabled && coverage.provider === 'v8'
  config.execArgv.push(...permissionFlags(resolved, { root, workspace, written, inspects, known }))
}

function unavailable(why: string, fix: string): ConfigError {
  return new ConfigError(
    ['tripwire({ harden: true }) cannot be had here.', '', `  why  ${why}`, `  fix  ${fix}`].join('\n'),
  )
}

/** Whether a config lets anything of a protocol through: by a rule that names it, or a level that stops nothing. */
function isOpen({ allow = [], levels }: Scope, protocol: string): boolean {
  const level = levels?.[protocol] ?? levels?.default ?? 'error'
  return level !== 'error' || allow.some((rule) => (rule.protocol ?? protocol) === protocol)
}

/** It is observed unless a config closes it by name. */
function opensNative(scopes: readonly Scope[]): boolean {
  const [project] = scopes
  const closed = project?.levels?.native === 'error'
  return !closed || scopes.some(({ allow = [] }) => allow.some((rule) => (rule.protocol ?? 'native') === 'native'))
}

function isOffline(scopes: readonly Scope[]): boolean {
  return scopes[0]?.settings?.loopback === 'none'
}

/** All may be read until a config names roots; then these, what Vitest needs, and what the design lets through anyway. */
function readFlags(scopes: readonly Scope[], { root, workspace }: Surroundings): string[] {
  const roots = rootsOf(scopes, 'read')
  if (roots === undefined || opensFiles(scopes, 'read')) return ['--allow-fs-read=*']
  const needed = [
    workspace,
    PACKAGE_ROOT,
    dirname(process.execPath),
    ...modulesAbove(root),
    tmpdir(),
    '/proc',
    '/usr/bin/ldd',
  ]
  return flagsFor('read', [...roots, ...(rootsOf(scopes, 'write') ?? []), ...needed], root)
}

function writeFlags(scopes: readonly Scope[], { root, written }: Surroundings): string[] {
  if (opensFiles(scopes, 'write')) return ['--allow-fs-write=*']
  return flagsFor('write', [...(rootsOf(scopes, 'write') ?? []), ...written, tmpdir()], root)
}

/** Rules with paths of their own are finer than flags can be; so whatever one of them lets through, the flags do not stop. */
function opensFiles(scopes: readonly Scope[], access: 'read' | 'write'): boolean {
  if (access === 'write')
    return scopes.some((scope) =>
      isOpen({ ...scope, allow: (scope.allow ?? []).filter(({ text }) => !/^fs:(?:read|probe)\b/.test(text)) }, 'fs'),
    )
  return scopes.some((scope) => isOpen(scope, 'fs'))
}

function rootsOf(scopes: readonly Scope[], access: 'read' | 'write'): readonly string[] | undefined {
  const found = scopes.flatMap(({ settings }) => {
    const fs = settings?.fs as { readonly read?: readonly string[]; readonly write?: readonly string[] } | undefined
    const roots = fs?.[access]
    return roots === undefined ? [] : [roots]
  })
  return found.length === 0 ? undefined : found.flat()
}

function modulesAbove(root: string): string[] {
  const folders: string[] = []
  for (let folder = root; ; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules'))
    if (dirname(folder) === folder) return folders
  }
}

/** Both as it is written and with its links resolved: Node compares texts. `'.'` is the folder that Vitest runs in. */
function flagsFor(access: 'read' | 'write', folders: readonly string[], root: string): string[] {
  const paths = folders.flatMap((folder) => {
    const path = folder === '.' ? root : folder
    return [path, real(path)].filter((one) => one !== undefined)
  })
  return [...new Set(paths)].map((path) => `--allow-fs-${access}=${path}`)
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
