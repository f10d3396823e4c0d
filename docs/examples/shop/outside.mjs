import { fork } from 'node:child_process'
import { join } from 'node:path'

const IN_FLIGHT = 100

/** Starts the outside world. `settings` tell the shop where it is; `arrived()` gives what reached it since it was asked last. */
export async function startWorld() {
  const log = []
  const child = fork(join(import.meta.dirname, 'world.mjs'), { execArgv: [] })
  const settings = await new Promise((resolve, reject) => {
    child.on('message', (message) => (message.settings ? resolve(message.settings) : log.push(message.log)))
    child.on('exit', () => reject(new Error('the outside world ended early')))
  })
  return {
    settings,
    names: ['payments', 'ledger', 'rates', 'telemetry', 'price feed', 'database', 'metrics', 'name server'],
    async arrived() {
      await new Promise((resolve) => setTimeout(resolve, IN_FLIGHT))
      return log.splice(0)
    },
    end: () => child.disconnect(),
  }
}
