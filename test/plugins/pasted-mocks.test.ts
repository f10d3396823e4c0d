/** What errors print of programs and functions is pasted, and executed: the mock that would answer, and the assertion that holds. */
import { exec, execFileSync, fork, spawn, spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const paste = (code: string) => new Function('tripwire', 'expect', `'use strict'; ${code}`)(tripwire, expect)
const closed = (child: { once(event: string, listener: () => void): unknown }) =>
  new Promise<void>((resolve) => child.once('close', () => resolve()))
/** As applications do: what fails is not looked at. The trip is told all the same. */
const swallowed = (fn: () => unknown) => {
  try {
    fn()
  } catch {
    // As meant.
  }
}
const cart = { items: ['a'], total: (rate: number, _options?: object) => rate, async pay() {} }

const WAYS: Readonly<Record<string, () => unknown>> = {
  'a program': () => spawnSync('git', ['pull', '--rebase']),
  'a program that is looked at while it runs': () =>
    closed(spawn('git', ['commit', '-m', 'it\'s\n"done"']).on('error', () => {})),
  'a simple line': () => closed(exec('git status --short').on('error', () => {})),
  'a line for a shell': () => closed(exec("git log | grep 'a b' > $HOME/x; echo \\done").on('error', () => {})),
  'a program with all that code controls': () => {
    const child = spawn('deploy', [], { cwd: '/', env: { ...process.env, TARGET: 'x', B: '1' }, detached: true })
    child.on('error', () => {}).stdin.on('error', () => {})
    child.stdin.end('yes\n')
    return closed(child)
  },
  'a program that waits, with bytes': () =>
    swallowed(() => execFileSync('hash', { input: Buffer.from([0xff, 1]), stdio: 'pipe' })),
  'a fork': () => closed(fork('/srv/worker.js', ['--fast'], { silent: true }).on('error', () => {})),
  'a signal': () => swallowed(() => process.kill(1, 'SIGHUP')),
  'a function': () => swallowed(() => cart.total(5, { rounded: true, at: new Date(0) })),
  'an async function': () => cart.pay().catch(() => {}),
}

describe.each(Object.keys(WAYS))('%s', (name) => {
  test('is answered by the mock that is printed, and held by the assertion', async () => {
    const way = WAYS[name] as () => unknown
    const run = () => tripwire.sandbox(async () => await way())
    if (name.endsWith('function')) {
      tripwire.mock(cart, 'total')
      tripwire.mock(cart, 'pay')
    }
    const [trip] = await tripwire.expectTrip(run)
    const [mock = ''] = /tripwire\.\w+\.mock\(.*\)$/m.exec(trip?.message ?? '') ?? []
    paste(mock)
    await run()
    const [assertion = ''] = printed(trip?.protocol ?? '')
    expect([mock, assertion]).toMatchSnapshot()
    paste(assertion)
  })
})

/** The assertions that an error prints. */
function printed(protocol: string): string[] {
  try {
    const { subprocess, functions } = tripwire
    if (protocol === 'functions') functions.assert('none')
    else subprocess.assert(['none'])
  } catch (error) {
    return /asserted by:\n\s+(tripwire[\s\S]*?\))$/m.exec((error as Error).message)?.slice(1) ?? []
  }
  return []
}

test('what differs is told, and nothing else', () => {
  tripwire.subprocess.mock(['git', 'push', tripwire.subprocess.any()]).times(2)
  tripwire.sandbox(() => {
    spawnSync('git', ['push', 'origin'], { cwd: '/' })
    spawnSync('git', ['push', 'backup'])
  })
  const told = (fn: () => void) => {
    try {
      fn()
    } catch (error) {
      return (error as Error).message.replace(/:\d+:\d+/g, ':0:0')
    }
    return undefined
  }
  expect(told(() => tripwire.subprocess.assert(['git', 'push', /^up/], { cwd: '/' }))).toMatchSnapshot()
  expect(told(() => tripwire.subprocess.assert('git push backup'))).toMatchSnapshot()
  expect(told(() => tripwire.subprocess.assert('git push origin'))).toMatchSnapshot()
  expect(told(() => tripwire.subprocess.assert(tripwire.subprocess.any(), { cwd: '**' }))).toMatchSnapshot()
  tripwire.subprocess.assert([tripwire.subprocess.program('git'), 'push', 'origin'], { cwd: '/' })
  tripwire.subprocess.assert('git push backup')
})
