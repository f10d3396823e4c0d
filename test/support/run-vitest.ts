import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { inCell } from './cell.ts'

const REPO = resolve(import.meta.dirname, '../..')
/** Projects stand below it, and find their Vitest in its node_modules: another version's, for the matrix. */
const HOME = process.env.TRIPWIRE_HOME ?? REPO
export const VITEST = join(HOME, 'node_modules/vitest/vitest.mjs')
export const NODE = process.env.TRIPWIRE_NODE ?? process.execPath
/** The temporary folder of the projects: in the system's own a clone of this repository may stand, and they would be free to write anywhere. */
export const TEMPORARY = join(tmpdir(), 'vitest-tripwire-temporary')
mkdirSync(TEMPORARY, { recursive: true })
const WORKER_FILES = ['guard.cjs', 'setup.js', 'index.js'].map((name) => `dist/worker/${name}`)
const CONFIG = `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire()] })
`

export interface VitestRun {
  readonly exitCode: number
  /** Both streams, without colours; the project's folder reads `<root>`. */
  readonly output: string
  readonly stdout: string
  /** Every test by its full name: its state and the messages it failed with. */
  readonly tests: Readonly<Record<string, { readonly state: string; readonly messages: readonly string[] }>>
  /** State of every file, by its name, with what the file itself failed with. */
  readonly files: Readonly<Record<string, { readonly state: string; readonly message: string }>>
  /** Texts of the files that `read` names; undefined for those that are not there. */
  readonly written: Readonly<Record<string, string | undefined>>
}

export interface RunOptions {
  /** Arguments that choose the reporters; without a `report.json` the result holds no tests. */
  readonly reporters?: readonly string[]
  /** Files of the project to read after the run. */
  readonly read?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly node?: string
  /** When it is ended, in seconds; before the test is out of time, which would leave it running and its output unseen. */
  readonly limit?: number
  /** Further copies of the package, by folder of the project: the version each says it is. */
  readonly copies?: Readonly<Record<string, string>>
}

/** Whether a package is installed beside the Vitest that is used. In this repository it has to be: without it, tests would be left out unseen. */
export function isInstalled(name: string): boolean {
  const found = existsSync(join(HOME, 'node_modules', name))
  if (!found && HOME === REPO) throw new Error(`${name} is not installed; 'npm ci' does that`)
  return found
}

/** The version of the Vitest that is used. */
export function vitestVersion(): string {
  return JSON.parse(readFileSync(join(HOME, 'node_modules/vitest/package.json'), 'utf8')).version
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: string[]
    }[]
  }[]
}

/** Runs real Vitest on a small project, given as files; `vitest.config.ts` is the one line unless it is given too. */
export async function runVitest(files: Readonly<Record<string, string>>, options: RunOptions = {}): Promise<VitestRun> {
  const root = makeProject(files)
  for (const [folder, version] of Object.entries(options.copies ?? {})) installPackage(join(root, folder), version)
  try {
    return await runIn(root, options)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** One run in a project that `makeProject` made. */
export async function runIn(root: string, options: RunOptions = {}): Promise<VitestRun> {
  rmSync(join(root, 'report.json'), { force: true })
  const args = [
    VITEST,
    'run',
    ...(options.reporters ?? ['--reporter=default', '--reporter=json', '--outputFile.json=report.json']),
    ...inCell(options.args ?? []),
  ]
  const { exitCode, stdout, stderr } = await execute(options.node ?? NODE, args, root, options)
  const output = `${stdout}${stderr}`.replaceAll(root, '<root>')
  const written = Object.fromEntries((options.read ?? []).map((name) => [name, readIfThere(join(root, name))]))
  return { exitCode, output, stdout, written, ...readReport(root) }
}

/** A folder with the files and the package as built; whoever makes it removes it. */
export function makeProject(files: Readonly<Record<string, string>>): string {
  const base = join(HOME, '.vitest')
  mkdirSync(base, { recursive: true })
  const root = mkdtempSync(join(base, 'project-'))
  for (const [name, text] of Object.entries({
    'package.json': '{ "type": "module", "workspaces": [] }',
    'vitest.config.ts': CONFIG,
    ...files,
  })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  installPackage(join(root, 'node_modules/vitest-tripwire'))
  return root
}

/** As npm would: a copy, since a link would lead Vitest back to the repository and treat us as somebody's sources. */
function installPackage(target: string, version?: string): void {
  mkdirSync(target, { recursive: true })
  for (const part of ['package.json', 'dist']) cpSync(join(REPO, part), join(target, part), { recursive: true })
  if (version === undefined) return
  const present = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8')).version as string
  const quoted = new RegExp(`(["'\`])${present.replaceAll('.', '\\.')}\\1`, 'g')
  for (const file of ['package.json', 'dist/main/vite.js', ...WORKER_FILES]) {
    const text = readFileSync(join(target, file), 'utf8')
    writeFileSync(join(target, file), text.replaceAll(quoted, `$1${version}$1`))
  }
}

/** The environment without what the Vitest that runs this put there. */
export function cleanEnv(): Record<string, string | undefined> {
  const { NODE_OPTIONS, CI, ...inherited } = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$/.test(name)),
  )
  return { ...inherited, NO_COLOR: '1', TMPDIR: TEMPORARY }
}

function execute(node: string, args: readonly string[], cwd: string, { env, limit = 55 }: RunOptions) {
  return new Promise<{ exitCode: number; stdout: string; stderr: string }>((done) => {
    const settings = { cwd, env: { ...cleanEnv(), ...env }, maxBuffer: 64 * 1024 * 1024, timeout: limit * 1000 }
    execFile(node, [...args], settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      done({ exitCode: code, stdout, stderr })
    })
  })
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function readReport(root: string): Pick<VitestRun, 'tests' | 'files'> {
  let report: JsonReport
  try {
    report = JSON.parse(readFileSync(join(root, 'report.json'), 'utf8'))
  } catch {
    return { tests: {}, files: {} }
  }
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.map(({ fullName, status, failureMessages = [] }) => [
      fullName.trim(),
      { state: status, messages: failureMessages },
    ]),
  )
  const files = report.testResults.map(({ name, status, message }) => [
    name.slice(root.length + 1),
    { state: status, message },
  ])
  return { tests: Object.fromEntries(tests), files: Object.fromEntries(files) }
}
