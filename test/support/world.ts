import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The world outside of the tests: real servers in another process, whose ports are nobody's own. */
export interface World extends AsyncDisposable {
  readonly http: number
  readonly tcp: number
  readonly udp: number
  readonly unix: string
  /** Everything that reached it, in order. */
  readonly log: string[]
  /** Waits until what is under way would have arrived. */
  quiet(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'tripwire-world-'))
  const child = fork(join(import.meta.dirname, 'world-process.mjs'), [join(folder, 'world.sock')], { execArgv: [] })
  const log: string[] = []
  child.on('message', (message: { event?: string }) => {
    if (message.event !== undefined) log.push(message.event)
  })
  const ready = await new Promise<Pick<World, 'http' | 'tcp' | 'udp' | 'unix'>>((resolve, reject) => {
    child.on('message', (message: { ready?: Pick<World, 'http' | 'tcp' | 'udp' | 'unix'> }) => {
      if (message.ready) resolve(message.ready)
    })
    child.on('exit', () => reject(new Error('the world ended early')))
  })
  return {
    ...ready,
    log,
    quiet: () => new Promise((resolve) => setTimeout(resolve, 100)),
    [Symbol.asyncDispose]: () => stop(child, folder),
  }
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill()
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
}
