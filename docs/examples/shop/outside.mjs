import { fork } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const IN_FLIGHT = 100

/** A disk of its own: a home, a folder for invoices and stock, and a `git` that writes down what it is asked. */
function makeDisk() {
  const root = mkdtempSync(join(tmpdir(), 'shop-disk-'))
  for (const folder of ['home', 'shared', 'bin', 'temporary']) mkdirSync(join(root, folder))
  const log = join(root, 'git.log')
  writeFileSync(join(root, 'bin/git'), `#!/bin/sh\necho "$@" >> '${log}'\necho abc1234\n`)
  chmodSync(join(root, 'bin/git'), 0o755)
  const files = () =>
    ['home', 'shared'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `disk: ${join(entry.parentPath, entry.name).slice(root.length + 1)}`),
    )
  const asked = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  return {
    settings: {
      HOME: join(root, 'home'),
      USERPROFILE: join(root, 'home'),
      INVOICES: join(root, 'shared/invoices'),
      STOCK_FILE: join(root, 'shared/stock.db'),
      TMPDIR: join(root, 'temporary'),
      PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}`,
    },
    /** What was written and started since it was asked last. */
    touched() {
      const found = [...files(), ...asked().map((line) => `git: ${line}`)].sort()
      rmSync(log, { force: true })
      for (const folder of ['home', 'shared']) {
        rmSync(join(root, folder), { recursive: true })
        mkdirSync(join(root, folder))
      }
      return found
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** Starts the outside world. `settings` tell the shop where it is; `arrived()` gives what reached it since it was asked last. */
export async function startWorld() {
  const log = []
  const disk = makeDisk()
  const child = fork(join(import.meta.dirname, 'world.mjs'), { execArgv: [] })
  const settings = await new Promise((resolve, reject) => {
    child.on('message', (message) => (message.settings ? resolve(message.settings) : log.push(message.log)))
    child.on('exit', () => reject(new Error('the outside world ended early')))
  })
  return {
    settings: { ...settings, ...disk.settings },
    names: [
      'payments',
      'ledger',
      'rates',
      'telemetry',
      'price feed',
      'database',
      'metrics',
      'name server',
      'disk',
      'git',
    ],
    async arrived() {
      await new Promise((resolve) => setTimeout(resolve, IN_FLIGHT))
      return [...log.splice(0), ...disk.touched()]
    },
    end() {
      child.disconnect()
      disk.remove()
    },
  }
}
