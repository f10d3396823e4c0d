/** Scripted MongoDB, as tests script it. */
import {
  type FactPatterns,
  type Facts,
  fits,
  isAsymmetric,
  isRegExp,
  type PrintCall,
  RuleSyntaxError,
} from '../../../src/plugin.ts'
import { readPattern } from '../patterns.ts'
import type { Registering } from '../scripted.ts'
import type { ScriptedMongo } from '../scripted-family.ts'
import { readReply } from './script.ts'
import { written } from './written.ts'

const FORMS =
  "mongodb.on('find', { collection: 'users', filter: { age: 5 } }, { documents: [] }): a command, what it says if that matters, and the reply last"

export function handleOf({ register, telling }: Registering): ScriptedMongo {
  const on = (command: unknown, ...rest: unknown[]) => {
    if (rest.length === 0 || rest.length > 2) throw new RuleSyntaxError('the reply is missing', FORMS)
    const named = readCommand(command)
    const reply = (given: unknown) => readReply(given, typeof named.text === 'string' ? named.text : undefined)
    if (rest.length === 1) return register(named, reply(rest[0]), 'mongodb.on', [command])
    const [said] = rest
    if (typeof said !== 'object' || said === null || Array.isArray(said))
      throw new RuleSyntaxError('what the command says is no object', FORMS)
    const params = isAsymmetric(said) ? [said] : [havingAll(said)]
    return register({ ...named, params }, reply(rest[1]), 'mongodb.on', [command, written(said)])
  }
  return { on: telling('mongodb.on', on) }
}

function readCommand(command: unknown): FactPatterns {
  if (typeof command !== 'string') {
    if (isRegExp(command) || isAsymmetric(command)) return readPattern(command)
    throw new RuleSyntaxError('it is no command', FORMS)
  }
  const name = command.trim()
  if (/^\w+$/.test(name)) return { text: name }
  throw new RuleSyntaxError(`'${command}' is no name of a command`, FORMS)
}

/** What a command says at least; each part of it as it is. */
function havingAll(parts: object): object {
  const wanted = Object.entries(parts)
  return {
    asymmetricMatch: (said: unknown) =>
      typeof said === 'object' && said !== null && wanted.every(([key, value]) => fits(value, said[key as never])),
  }
}

/** What commands give where nothing comes of them. */
const GIVEN: Readonly<Record<string, object | undefined>> = {
  find: { documents: [] },
  aggregate: { documents: [] },
  listCollections: { documents: [] },
  listIndexes: { documents: [] },
  insert: { n: 1 },
  update: { n: 1, nModified: 1 },
  delete: { n: 1 },
  findAndModify: { value: null },
  count: { n: 0 },
  distinct: { values: [] },
}

/** A script of a command that has none, as code. */
export function suggest({ text, params }: Facts, print: PrintCall): string {
  const [said = {}] = (params ?? []) as object[]
  return print('.on', [text, said, GIVEN[String(text)] ?? { ok: 1 }])
}
