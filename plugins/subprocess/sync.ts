/** Programs that the test waits for: `spawnSync`, `execFileSync`, `execSync`, none of which passes through another public function. */
import { fileURLToPath } from 'node:url'
import type { Tap } from '../../src/plugin.ts'
import { factsOf, type Start } from './command.ts'

// Captured at load: tests replace them.
const { isArray } = Array

type Children = typeof import('node:child_process')
type Fn = (...args: unknown[]) => unknown

interface Options {
  readonly cwd?: unknown
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly shell?: unknown
  readonly input?: unknown
  readonly detached?: unknown
}

/** What a program that did not start has for its output: null up to Node 20, nothing since. */
const NONE = Number.parseInt(process.versions.node, 10) < 22 ? null : undefined

export function guardSync(tap: Tap, children: Children): void {
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
    tap.patch(children as unknown as Record<typeof name, Fn>, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const start = startOf(name, args)
        if (start === undefined) return Reflect.apply(original, this, args)
        const layer = { protocol: 'subprocess', operation: 'subprocess:spawnSync', facts: factsOf(start) }
        const outcome = tap.judge(layer)
        if (outcome.kind !== 'block' && outcome.kind !== 'refuse') return Reflect.apply(original, this, args)
        const error = outcome.kind === 'block' ? outcome.error : notFound(start)
        if (name !== 'spawnSync') throw error
        return { error, status: null, signal: null, output: null, pid: 0, stdout: NONE, stderr: NONE }
      }
    })
  }
}

/** Undefined for arguments that Node throws on. */
function startOf(name: string, args: readonly unknown[]): Start | undefined {
  const [file] = args
  if (typeof file !== 'string' || file === '') return undefined
  const list = isArray(args[1]) ? args[1].map(String) : []
  const options = (args.find((arg, at) => at > 0 && typeof arg === 'object' && arg !== null && !isArray(arg)) ??
    {}) as Options
  const { cwd, shell, input, detached } = options
  const inShell = name === 'execSync' || Boolean(shell)
  return {
    file: inShell ? (typeof shell === 'string' ? shell : 'sh') : file,
    args: list,
    cwd: cwd instanceof URL ? fileURLToPath(cwd) : typeof cwd === 'string' ? cwd : undefined,
    env: options.env ?? process.env,
    shell: inShell ? [file, ...list].join(' ') : undefined,
    detached: Boolean(detached),
    input,
  }
}

/** What Node gives for a program that is not there. */
function notFound({ file, args, shell }: Start): Error {
  const program = shell === undefined ? file : '/bin/sh'
  const error = new Error(`spawnSync ${program} ENOENT`)
  return Object.assign(error, {
    errno: -2,
    code: 'ENOENT',
    syscall: `spawnSync ${program}`,
    path: program,
    spawnargs: [...args],
  })
}
