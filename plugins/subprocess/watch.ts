/** Programs that a mock lets through: what was written to them and how they ended are facts of the call. */
import type { ChildProcess } from 'node:child_process'
import type { Facts, Reply } from '../../src/plugin.ts'
import { readInput } from './answer.ts'
import { define } from './program.ts'

const { Buffer } = globalThis

export function watchOutcome(child: ChildProcess, reply: Reply): void {
  const written: Uint8Array[] = []
  const { stdin } = child
  for (const name of ['write', 'end'] as const) {
    const original = stdin?.[name] as ((...args: unknown[]) => unknown) | undefined
    if (!stdin || !original) continue
    define(stdin, name, function (this: unknown, ...args: unknown[]) {
      const [chunk, encoding] = args
      if (typeof chunk === 'string') written.push(Buffer.from(chunk, encodingOf(encoding)))
      else if (ArrayBuffer.isView(chunk)) written.push(Buffer.from(chunk as Uint8Array))
      return Reflect.apply(original, this, args)
    })
  }
  child.prependOnceListener('exit', (status, signal) => {
    const input = readInput(Buffer.concat(written))
    reply.complete({ ...(input !== undefined && { input }), ...outcomeOf({ status, signal }) })
  })
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
}

/** Runs a program that the code waits for. */
export function watchSync(reply: Reply, run: () => unknown): unknown {
  try {
    const result = run()
    const { status = 0, signal = null } = (isResult(result) ? result : {}) as Ended
    reply.complete(outcomeOf({ status, signal }))
    return result
  } catch (error) {
    reply.complete(outcomeOf(error as Ended))
    throw error
  }
}

interface Ended {
  readonly status?: number | null
  readonly signal?: string | null
}

/** How a program ended, as facts. */
export function outcomeOf({ status, signal }: Ended): Facts {
  return {
    ...(typeof status === 'number' && { exitCode: status }),
    ...(typeof signal === 'string' && { signal }),
  }
}

function isResult(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'status' in result && 'output' in result
}
