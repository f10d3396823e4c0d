/**
 * Watches programs that are started (`spawn`, `exec`, `execFile`, `fork`, their sync forms, `cluster.fork`, `process.execve`) and signals to
 * processes that the test did not start. A stopped start creates no process, and fails like a program that is not there.
 *
 * Bypassed by: native addons that start processes (node-pty), worker threads that replace the built-ins, what an allowed program does.
 */
import { builtIn, definePlugin, type Layer, type PolicyContext, type Tap } from '../src/plugin.ts'
import { printCommand } from './subprocess/command.ts'
import { mocking, quote } from './subprocess/mocking.ts'
import { guardProcess } from './subprocess/process.ts'
import { isRuleName, parseSubprocessRule } from './subprocess/rule.ts'
import { guardChildren } from './subprocess/spawn.ts'
import { guardSync } from './subprocess/sync.ts'

let installed: Tap | undefined

export const subprocess = definePlugin({
  name: 'subprocess',
  operations: {
    spawn: { safety: 'unsafe', summary: 'starts a program: spawn, exec, execFile, fork' },
    spawnSync: { safety: 'unsafe', summary: 'starts a program and waits: spawnSync, execSync, execFileSync' },
    execve: { safety: 'unsafe', summary: 'replaces this process by a program' },
    kill: { safety: 'unsafe', summary: 'sends a signal to a process' },
  },
  facts: {
    command: 'data',
    program: 'name',
    path: 'file',
    line: 'word',
    args: 'data',
    cwd: 'file',
    env: 'data',
    shell: 'text',
    detached: 'data',
    input: 'data',
    pid: 'data',
    group: 'data',
    signal: 'word',
    exitCode: 'data',
  },
  synonyms: ['child_process', 'childProcess', 'spawn', 'exec', 'execa', 'fork', 'shell', 'process', 'command'],
  parseRule: parseSubprocessRule,
  describe,
  remedy,
  passes,
  get mocking() {
    return mocking()
  },
  install(tap) {
    installed = tap
    const children = builtIn('node:child_process')
    guardChildren(tap, children)
    guardSync(tap, children)
    guardProcess(tap)
  },
})

function describe({ operation, facts }: Layer): string {
  if (operation === 'subprocess:kill')
    return `${facts.signal} to ${facts.group ? 'process group' : 'process'} ${facts.pid}`
  return `running \`${printCommand(facts)}\``
}

/** Longer command lines make no readable rule. */
const LONGEST = 80

function remedy({ operation, facts }: Layer) {
  if (operation === 'subprocess:kill') return { rule: `subprocess:kill:${facts.pid}` }
  const name = String(facts.program ?? facts.path)
  const line = String(facts.line)
  const said = line.length > LONGEST || /[\n\r]/.test(line) ? '' : line
  if (!isRuleName(name)) return { rule: matcherOf(facts, said), ...hintFor(facts) }
  const rule = `subprocess:${name}`
  if (said === '') return { rule, ...hintFor(facts) }
  return { rule: `${rule} ${said}`, wider: rule, ...hintFor(facts) }
}

/** Of a name that no text of a rule says, as it holds a blank or what a shell reads. */
function matcherOf({ program, path }: Layer['facts'], line: string): string {
  const name = program === undefined ? `path: ${quote(String(path))}` : `program: ${quote(String(program))}`
  return `M({ protocol: 'subprocess', ${name}${line === '' ? '' : `, line: ${quote(line)}`} })`
}

/** How jsdom (26) and happy-dom (21) start the program that makes a synchronous request for them. */
const SYNC_REQUEST = /[/\\]xhr-sync-worker\.js$|const sendRequest = require\('https?'\)\.request/

function hintFor({ shell, program, line, cwd }: Layer['facts']): { hint?: string } {
  if (program === 'node' && SYNC_REQUEST.test(String(line))) {
    return {
      hint: 'this is how jsdom and happy-dom load something while the page waits, such as a synchronous XMLHttpRequest: a program asks for it, and what a program asks for is not guarded',
    }
  }
  if (hasVolume(cwd)) return { hint: 'a program sees the real disk, and nothing of the volume of this test' }
  if (shell === undefined || program !== 'sh') return {}
  return {
    hint: 'a shell reads this line, and may run anything: a rule for one program covers only a line that starts that program and no more',
  }
}

/** Whether files of that folder are answered where the present code runs. */
function hasVolume(folder: unknown): boolean {
  const layer = { protocol: 'fs', operation: 'fs:read', facts: { path: String(folder), function: 'readdirSync' } }
  return installed?.answerTo(layer) !== undefined
}

/** Signals to oneself and to one's own children, and the question whether a process lives. */
function passes({ operation, facts }: Layer, { own }: PolicyContext): boolean {
  if (operation !== 'subprocess:kill') return false
  return facts.signal === '0' || facts.pid === process.pid || facts.pid === 0 || own.has(`pid:${facts.pid}`)
}
