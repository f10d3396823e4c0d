/** What a program is started with, as facts; and how people write it. */
import { basename, delimiter, dirname, isAbsolute, resolve } from 'node:path'
import type { Facts } from '../../src/plugin.ts'

/** A start as Node's functions have normalised it. */
export interface Start {
  readonly file: string
  /** Without the name of the program itself. */
  readonly args: readonly string[]
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** The command line, when a shell reads it. */
  readonly shell: string | undefined
  readonly detached: boolean
  readonly input: unknown
}

const { cwd: currentFolder, execPath, platform } = process
/** What zx puts before each command line: it changes how the shell takes failures, and starts nothing. */
const STRICT = /^set -euo pipefail;[ \t]*/

export function factsOf({ file, args, cwd, env, shell, detached, input }: Start): Facts {
  const words = shell === undefined ? undefined : simpleCommand(shell.replace(STRICT, ''))
  const [name = '', ...rest] = shell === undefined ? [file, ...args] : (words ?? ['sh'])
  const folder = resolve(cwd ?? currentFolder())
  const program = programOf(name, env)
  const ours = program === 'node' ? withoutOptionsOfOurs(rest) : rest
  const unread = shell !== undefined && words === undefined
  // A fact that is there and undefined would count as not known yet, and fit every rule.
  return {
    command: unread ? ['sh', '-c', shell] : [program ?? name, ...ours],
    ...(program !== undefined && { program }),
    ...(isPath(name) && { path: resolve(folder, name) }),
    line: ours.map(quoted).join(' '),
    args: rest,
    cwd: folder,
    env: Object.keys(env).filter((key) => env[key] !== process.env[key]),
    ...(shell !== undefined && { shell }),
    detached,
    ...(input !== undefined && { input }),
  }
}

function isPath(name: string): boolean {
  return name.includes('/') || (platform === 'win32' && name.includes('\\'))
}

/** The name by which PATH finds the program; undefined for one that lies elsewhere. */
function programOf(name: string, env: Start['env']): string | undefined {
  if (name === execPath) return 'node'
  const bare = platform === 'win32' ? basename(name).replace(/\.(?:exe|cmd|bat|com)$/i, '') : basename(name)
  if (!isPath(name)) return bare
  const path = env.PATH ?? env.Path ?? process.env.PATH ?? ''
  return isAbsolute(name) && path.split(delimiter).includes(dirname(name)) ? bare : undefined
}

/**
 * The words of a shell's command line that starts one program and does nothing else; undefined for any other: a rule that names `git`
 * must not let `git status; curl …` through.
 */
export function simpleCommand(line: string): string[] | undefined {
  const words: string[] = []
  const word = /[ \t]*(?:((?:[\w@%+=:,./-]|'[^'\n]*'|"[^"$`\\!\n]*")+)(?=[ \t]|$)|$)/y
  const text = line.replace(/^[ \t]+|[ \t]+$/g, '')
  while (word.lastIndex < text.length) {
    const found = word.exec(text)?.[1]
    if (found === undefined) return undefined
    words.push(found.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double))
  }
  // `NAME=value git` sets a variable for it; `~` and globs are outside the words above.
  return words.length === 0 || /^\w+=/.test(words[0] as string) ? undefined : words
}

/** `fork` repeats the options of this process (Vitest's, here) before the script: nobody wrote those. */
function withoutOptionsOfOurs(args: readonly string[]): readonly string[] {
  const { execArgv } = process
  return execArgv.length > 0 && execArgv.every((option, at) => option === args[at]) ? args.slice(execArgv.length) : args
}

/** An argument as one writes it: in quotes where it holds blanks. */
function quoted(arg: string): string {
  return arg === '' || /\s/.test(arg) ? JSON.stringify(arg) : arg
}

const LONGEST = 120

/** The command as a person would write it. */
export function printCommand({ program, path, line, shell }: Facts): string {
  const text = shell === undefined ? `${program ?? path} ${line}`.trim() : String(shell).replace(STRICT, '')
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return short.replace(/\s+/g, ' ')
}
