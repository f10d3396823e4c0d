import { isAbsolute, resolve } from 'node:path'
import { type RuleFields, RuleSyntaxError } from '../../src/plugin.ts'

const EXPECTED = "'subprocess:git', 'subprocess:git status *', 'subprocess:/opt/tools/**' or 'subprocess:kill:*'"
const STARTS = ['spawn', 'spawnSync', 'execve']
const currentFolder = process.cwd

/**
 * Reads what follows `subprocess:`. A bare name is a program that PATH finds; what holds a slash is a path (`*` in a part, `**` across); what
 * follows the first blank are the arguments, with `*` for anything.
 * @throws RuleSyntaxError
 */
export function parseSubprocessRule(text: string): RuleFields {
  if (text.startsWith('kill:')) return killRule(text.slice('kill:'.length))
  const [, name = '', line = ''] = /^(\S*)\s*(.*)$/s.exec(text) ?? []
  if (name === '') throw new RuleSyntaxError('it names no program', EXPECTED)
  if (!isRuleName(name)) throw new RuleSyntaxError(`'${name}' is no program, but a shell's command`, EXPECTED)
  return {
    operation: STARTS,
    ...(/[/\\]/.test(name) ? { path: anchored(name) } : { program: name }),
    ...(line !== '' && { line }),
  }
}

/** Whether a program can be named by a rule's text: no blank ends its name, and no shell would read more in it. */
export function isRuleName(name: string): boolean {
  return !/[\s;&|<>$`]/.test(name)
}

/** Relative paths are below the folder that Vitest runs in; `**\/bin/tool` is anywhere. */
function anchored(path: string): string {
  return isAbsolute(path) || path.startsWith('**') ? path : resolve(currentFolder(), path)
}

function killRule(pid: string): RuleFields {
  if (pid === '*') return { operation: 'kill' }
  if (!/^\d+$/.test(pid)) throw new RuleSyntaxError(`'${pid}' is no process id`, EXPECTED)
  return { operation: 'kill', pid: Number(pid) }
}
