import { type ChildProcess, exec, execFile, execFileSync, execSync, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const folder = tmpdir()

/** What there is to see of a child that ends, or does not start. */
function life(child: ChildProcess): Promise<unknown> {
  const events: unknown[] = []
  for (const name of ['spawn', 'error', 'exit', 'close'])
    child.on(name, (...args) =>
      events.push([name, ...args.map((arg) => (arg instanceof Error ? { ...arg, message: arg.message } : arg))]),
    )
  const stdio = child.stdio.map((stream) => stream?.constructor.name ?? null)
  return new Promise((resolve) => {
    child.once('close', () =>
      setTimeout(() => resolve({ pid: typeof child.pid, stdio, events, killed: child.killed }), 20),
    )
  })
}

const attempt = (fn: () => unknown) => {
  try {
    return fn()
  } catch (error) {
    return error
  }
}

/** Runs in a sandbox and asserts whatever was called there. */
async function boxed<T>(fn: () => T | Promise<T>): Promise<T> {
  const gave = await tripwire.sandbox(async () => await fn())
  for (const { facts } of tripwire.calls('subprocess')) {
    const { command, cwd, env, input, detached } = facts
    tripwire.subprocess.assert(command as string[], { cwd, env, detached, ...(input !== undefined && { input }) })
  }
  return gave
}

describe('a program that does not start', () => {
  const start = () => life(spawn('/missing', ['a']))

  test.each(['ENOENT', 'EACCES', 'EAGAIN'])('fails with %s as the system does', async (code) => {
    const natural = JSON.stringify(await tripwire.allow('subprocess', start))
    tripwire.subprocess.mock(['/missing', 'a'], { error: code })
    const errno = String(-constants.errno[code as 'ENOENT'])
    expect(await boxed(start)).toEqual(JSON.parse(natural.replaceAll('ENOENT', code).replaceAll('-2', errno)))
  })

  test('throws where the system would make Node throw', () => {
    tripwire.subprocess.mock(['git'], { error: 'EPERM' })
    expect(() => tripwire.sandbox(() => spawn('git'))).toThrow('spawn EPERM')
    tripwire.subprocess.assert(['git'])
  })

  test('has no streams when there are no descriptors left', async () => {
    tripwire.subprocess.mock(['git'], { error: 'EMFILE' })
    const child = await boxed(() => {
      const child = spawn('git')
      return new Promise((resolve) => child.once('error', (error) => resolve([error.message, child.stdout])))
    })
    expect(child).toEqual(['spawn git EMFILE', undefined])
  })

  test('gives an error of the test as it is', async () => {
    const mine = Object.assign(new Error('no such shell'), { code: 'EWHATEVER' })
    tripwire.subprocess.mock('git log', { error: mine }).times(3)
    const seen = await boxed(async () => [
      await promisify(exec)('git log').catch((error) => error),
      spawnSync('git', ['log']).error,
      attempt(() => execSync('git log')),
    ])
    expect(seen).toEqual([mine, mine, mine])
  })

  test('fails by what its function throws, or says, now or later', async () => {
    tripwire.subprocess.mock(['a'], () => {
      throw new Error('thrown')
    })
    tripwire.subprocess.mock(['b'], async () => {
      throw new Error('rejected')
    })
    tripwire.subprocess.mock(['c'], async () => ({ error: 'ENOENT' }))
    const messages = await boxed(async () => {
      const got: unknown[] = []
      for (const name of ['a', 'b', 'c']) got.push(await promisify(execFile)(name).catch((error) => error.message))
      return got
    })
    expect(messages).toEqual(['thrown', 'rejected', 'spawn c ENOENT'])
  })

  test('takes no signal, and sends none to this process', async () => {
    tripwire.subprocess.mock(['git'], { error: 'ENOENT' })
    const killed = await boxed(() => {
      const child = spawn('git').on('error', () => {})
      const killed = child.kill('SIGTERM')
      return new Promise((resolve) => child.once('close', () => resolve(killed)))
    })
    expect(killed).toBe(false)
  })
})

describe('a reply', () => {
  test('may be a function of the start', async () => {
    tripwire.subprocess.mock([tripwire.subprocess.any()], ({ command, args, cwd, env, stdin }) => ({
      stdout: JSON.stringify([command, args, cwd, env.ANSWER, stdin]),
    }))
    const out = await boxed(() =>
      execFileSync('deploy', ['--now'], { cwd: folder, env: { ANSWER: '42' }, input: 'yes', encoding: 'utf8' }),
    )
    expect(JSON.parse(out)).toEqual([['deploy', '--now'], ['--now'], folder, '42', 'yes'])
  })

  test('writes bit by bit, no faster than it is read', async () => {
    let written = 0
    async function* output() {
      for (; written < 100; written++) yield 'x'.repeat(10_000)
    }
    tripwire.subprocess.mock(['big'], { stdout: output() })
    const [early, all] = await boxed(async () => {
      const child = spawn('big')
      await new Promise((resolve) => setTimeout(resolve, 50))
      const early = written
      let all = 0
      for await (const chunk of child.stdout) all += chunk.length
      return [early, all]
    })
    expect(early).toBeLessThan(20)
    expect(all).toBe(1_000_000)
  })

  test('comes after its delay, also where the code waits for it', async () => {
    tripwire.subprocess.mock(['slow'], { delay: 60 }).times(2)
    const [before, between, after] = await boxed(async () => {
      const before = performance.now()
      await promisify(execFile)('slow')
      const between = performance.now()
      spawnSync('slow')
      return [before, between, performance.now()] as const
    })
    expect(between - before).toBeGreaterThan(55)
    expect(after - between).toBeGreaterThan(55)
  })

  // A worker thread's `process.stdout` is no descriptor that a program could have.
  test.runIf(isMainThread)('goes where the code sends what a program writes', async () => {
    tripwire.subprocess.mock(['talk'], { stdout: 'to the terminal', stderr: '' }).times(3)
    const { write } = process.stdout
    const seen: string[] = []
    process.stdout.write = ((chunk: Uint8Array) => seen.push(String(chunk)) > 0) as typeof write
    try {
      await boxed(async () => {
        expect(((await life(spawn('talk', { stdio: 'inherit' }))) as { stdio: unknown }).stdio).toEqual([
          null,
          null,
          null,
        ])
        expect(execFileSync('talk', { stdio: 'inherit' })).toBe(null)
        await life(spawn('talk', { stdio: [process.stdin, process.stdout, process.stderr] }))
      })
    } finally {
      process.stdout.write = write
    }
    expect(seen).toEqual(Array(3).fill('to the terminal'))
  })

  test.each([
    [{ stdot: 'x' }, "a reply has no 'stdot'; did you mean: stdout?"],
    [{ exitCode: 300 }, 'the exit code is 300'],
    [{ exitCode: 1, signal: 'SIGTERM' }, 'exitCode and signal exclude each other'],
    [{ signal: 'SIGTREM' }, 'the signal is SIGTREM; did you mean: SIGTERM, SIGTRAP?'],
    [{ error: 'ENOPE' }, 'the error is ENOPE'],
    [{ delay: -1 }, 'the delay is -1'],
    [{ stdout: 5 }, 'stdout is 5'],
    ['out', 'the reply is out'],
  ])('that cannot be meant (%o) is refused', (reply, message) => {
    expect(() => tripwire.subprocess.mock(['git'], reply as object)).toThrow(message)
  })
})

describe('a pattern', () => {
  const { any, program } = tripwire.subprocess
  const cases: [unknown, string[], boolean][] = [
    [['git', 'pull'], ['git', 'pull'], true],
    [['git', 'pull'], ['git', 'pull', '--rebase'], false],
    [['git', any()], ['git'], true],
    [['git', any({ min: 1 })], ['git'], false],
    [['git', any({ max: 1 })], ['git', 'a', 'b'], false],
    [['git', any(), '--', any({ min: 2, max: 2 })], ['git', 'log', '--', 'a', 'b'], true],
    [['git', any(), '--', any({ min: 2, max: 2 })], ['git', 'log', '--', '--', 'a', 'b'], true],
    [[program('git'), 'pull'], ['/opt/git/bin/git', 'pull'], true],
    [program('git'), ['/opt/git/bin/git', 'pull'], true],
    [program('git'), ['gitk'], false],
    [['git', /^pu/g], ['git', 'push'], true],
    [['git', (word: string) => word.length > 4], ['git', 'pull'], false],
    [['git', expect.stringContaining('sh')], ['git', 'push'], true],
    [/^git (push|pull)$/, ['git', 'push'], true],
    [/^git (push|pull)$/, ['git', 'status'], false],
    [(command: readonly string[]) => command.includes('--force'), ['git', 'push', '--force'], true],
    ['git commit -m "a b"', ['git', 'commit', '-m', 'a b'], true],
    [{ program: 'git' }, ['git', 'push'], true],
    [{ command: ['git', any()], cwd: '/elsewhere' }, ['git', 'push'], false],
    [expect.arrayContaining(['push']), ['git', 'push'], true],
  ]

  test.each(cases)('%o against %o: %s', async (pattern, [file = '', ...args], answers) => {
    tripwire.subprocess.mock(pattern as string).optional()
    const run = () => tripwire.sandbox(() => spawnSync(file, args).status)
    if (answers) {
      expect(run()).toBe(0)
      tripwire.subprocess.assert([file, ...args])
    } else {
      const [trip] = await tripwire.expectTrip('subprocess', run)
      expect(trip?.code).toBe('TRIPWIRE_UNMOCKED_INTERACTION')
    }
  })
})

test('output goes to the descriptor that a volume gave, and is nobody’s error where that is closed by then', async () => {
  tripwire.fs.volume({}, { at: folder })
  tripwire.subprocess.mock('serve', { stdout: 'hi\n', stderr: 'ho\n' }).times(3)
  await boxed(async () => {
    const run = (log: number) => spawn('serve', { stdio: ['ignore', log, log] })
    const log = fs.openSync(`${folder}/log`, 'a')
    await life(run(log))
    expect(spawnSync('serve', { stdio: ['ignore', log, 'pipe'] }).error).toBeUndefined()
    const child = run(log)
    fs.closeSync(log)
    expect(await life(child)).toMatchObject({ events: [['spawn'], ['exit', 0, null], ['close', 0, null]] })
  })
  tripwire.fs.assert({ log: 'hi\nho\nhi\n' })
})
