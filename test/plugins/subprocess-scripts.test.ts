import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const { script } = tripwire.subprocess

/** Talks to a program as a person would: answers when it is asked. */
function talk(command: string, answers: Readonly<Record<string, string>>): Promise<{ out: string; code: unknown }> {
  const child = spawn(command)
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
    const answer = answers[chunk]
    if (answer !== undefined) child.stdin.write(answer)
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ out, code: error.message.split('\n')[0] }))
    child.once('close', (code) => resolve({ out, code }))
  })
}

const init = script()
  .print('name? ')
  .expectInput(/\w+\n/)
  .print((name: unknown) => `hello ${name}`)
  .print('age? ')
  .expectInput('7\n')
  .exit(4)

describe('a script', () => {
  test('is played along with the code that talks to it', async () => {
    tripwire.subprocess.mock(['init'], init)
    const seen = await tripwire.sandbox(() => talk('init', { 'name? ': 'ann\n', 'age? ': '7\n' }))
    expect(seen).toEqual({ out: 'name? hello ann\nage? ', code: 4 })
    tripwire.subprocess.assert(['init'])
  })

  test('is played at once where the code waits for the program', () => {
    tripwire.subprocess.mock(['init'], init)
    const { status, stdout } = tripwire.sandbox(() => spawnSync('init', { input: 'ann\n7\n', encoding: 'utf8' }))
    expect([status, stdout]).toEqual([4, 'name? hello ann\nage? '])
    tripwire.subprocess.assert(['init'])
  })

  test('waits for the rest of a character', async () => {
    tripwire.subprocess.mock(['say'], script().expectInput('é\n').print('heard'))
    const seen = await tripwire.sandbox(() => {
      const child = spawn('say')
      child.stdin.write(Buffer.from([0xc3]))
      setTimeout(() => child.stdin.end(Buffer.from([0xa9, 0x0a])), 20)
      return new Promise((resolve) => child.once('error', resolve).stdout.on('data', (chunk) => resolve(String(chunk))))
    })
    expect(seen).toBe('heard')
    tripwire.subprocess.assert(['say'])
  })

  test('that is not followed fails the program, and says where', async () => {
    tripwire.subprocess.mock(['init'], init)
    const [trip] = await tripwire.expectTrip('subprocess', () =>
      tripwire.sandbox(async () => {
        const { out, code } = await talk('init', { 'name? ': 'ann\n', 'age? ': '8\n' })
        expect([out, code]).toEqual([
          'name? hello ann\nage? ',
          '[TRIPWIRE_SCRIPT] running `init` left its script at step 5 of 6.',
        ])
      }),
    )
    tripwire.subprocess.assert(['init'])
    expect(trip?.message.replace(/:\d+:\d+/g, ':0:0')).toMatchInlineSnapshot(`
      "[TRIPWIRE_SCRIPT] running \`init\` left its script at step 5 of 6.

        where  test/plugins/subprocess-scripts.test.ts:0:0
               in test "a script > that is not followed fails the program, and says where"
        why    expected "7\\n"
               came     "8\\n"
        script   2 .expectInput(/\\w+\\n/)
                 3 .print(() => …)
                 4 .print('age? ')
               > 5 .expectInput("7\\n")
                 6 .exit(4)
        mock   tripwire.subprocess.mock(['init']), at test/plugins/subprocess-scripts.test.ts:0:0
        fix    make this the step, if the code under test is right:
                 .expectInput("8\\n")
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_SCRIPT.md"
    `)
  })

  test('fails what waits for the program', async () => {
    tripwire.subprocess.mock(['ask'], script().expectInput('yes')).times(2)
    await tripwire.expectTrip('subprocess', () =>
      tripwire.sandbox(() => {
        expect(() => execFileSync('ask', { input: 'no' })).toThrow('[TRIPWIRE_SCRIPT]')
        expect(spawnSync('ask', { input: 'no' }).error?.message).toContain('[TRIPWIRE_SCRIPT]')
      }),
    )
    tripwire.subprocess.assert(['ask'])
    tripwire.subprocess.assert(['ask'])
  })

  test('ends with 0 after its last step, by an exit code, or by a signal', async () => {
    tripwire.subprocess.mock(['a'], script().print('x'))
    tripwire.subprocess.mock(['b'], script().wait(5).exit(3))
    tripwire.subprocess.mock(['c'], script().printError('bye').kill('SIGKILL'))
    const ends = await tripwire.sandbox(async () => {
      const ends: unknown[] = []
      for (const name of ['a', 'b', 'c']) {
        const child = spawn(name)
        ends.push(await new Promise((resolve) => child.once('close', (...how) => resolve(how))))
      }
      return ends
    })
    expect(ends).toEqual([
      [0, null],
      [3, null],
      [null, 'SIGKILL'],
    ])
    for (const name of ['a', 'b', 'c']) tripwire.subprocess.assert([name])
  })

  test('does not wait for input that cannot come any more', async () => {
    tripwire.subprocess.mock(['ask'], script().wait(20).expectInput('yes')).optional().times(2)
    const codes = await tripwire.sandbox(async () => {
      const child = spawn('ask')
      child.stdin.end()
      return [await new Promise((resolve) => child.once('close', resolve)), spawnSync('ask').status]
    })
    expect(codes).toEqual([1, 1])
    tripwire.subprocess.assert(['ask'])
    tripwire.subprocess.assert(['ask'])
  })

  test('stays until a signal', async () => {
    tripwire.subprocess.mock(['vite'], script().print('ready\n').stay())
    const how = await tripwire.sandbox(async () => {
      const child = spawn('vite')
      await new Promise((resolve) => child.stdout.once('data', resolve))
      child.stdin.write('q')
      child.kill('SIGINT')
      return new Promise((resolve) => child.once('close', (...how) => resolve(how)))
    })
    expect(how).toEqual([null, 'SIGINT'])
    tripwire.subprocess.assert(['vite'], { input: 'q', signal: 'SIGINT' })
  })

  describe('that is killed while it waits', () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const killed = () =>
      tripwire.sandbox(async () => {
        const child = spawn('serve')
        await new Promise((resolve) => child.stdout.once('data', resolve))
        child.kill()
        return new Promise((resolve) => child.once('close', (...how) => resolve(how)))
      })

    test('does nothing more, and holds nobody up', async () => {
      tripwire.subprocess.mock(['serve'], script().print('ready').wait(60_000))
      const before = timers()
      expect(await killed()).toEqual([null, 'SIGTERM'])
      expect(timers()).toBe(before)
      tripwire.subprocess.assert(['serve'], { signal: 'SIGTERM' })
    })

    test('leaves over what it still had to say', async () => {
      const late = vi.fn(() => 'late')
      const mock = tripwire.subprocess.mock(['serve'], script().print('ready').wait(30).print(late)).optional()
      expect(await killed()).toEqual([null, 'SIGTERM'])
      await new Promise((resolve) => setTimeout(resolve, 60))
      expect(late).not.toHaveBeenCalled()
      expect(mock).toBeDefined()
      tripwire.subprocess.assert(['serve'])
    })
  })

  test.each([
    [() => script().exit(256), 'the exit code is 256'],
    [() => script().wait(-1), 'the step waits -1'],
    [() => script().print(3 as never), 'the step prints 3'],
    [() => script().kill('SIGNOPE' as never), 'the signal is SIGNOPE'],
    [() => script().expectInput(3 as never), 'the step expects 3'],
  ])('that cannot be meant is refused: %s', (make, message) => {
    expect(make).toThrow(message)
  })
})

describe('input', () => {
  test('chooses the mock where a pattern speaks of it', async () => {
    tripwire.subprocess.mock({ command: 'cat', input: 'two' }, { stdout: '2' })
    tripwire.subprocess.mock({ command: 'cat', input: expect.stringContaining('on') }, { stdout: '1' })
    const outs = await tripwire.sandbox(async () => {
      const outs = ['one', 'two'].map((text) => {
        const running = promisify(execFile)('cat')
        running.child.stdin?.end(text)
        return running.then(({ stdout }) => stdout)
      })
      return Promise.all(outs)
    })
    expect(outs).toEqual(['1', '2'])
    tripwire.subprocess.assert('cat', { input: 'one' })
    tripwire.subprocess.assert('cat', { input: 'two' })
  })

  test('that no mock is for fails the program', async () => {
    tripwire.subprocess.mock({ command: 'cat', input: 'two' }).optional()
    const [trip] = await tripwire.expectTrip('subprocess', () =>
      tripwire.sandbox(async () => {
        const running = promisify(execFile)('cat')
        running.child.stdin?.end('three')
        await expect(running).rejects.toThrow('[TRIPWIRE_UNMOCKED_INTERACTION]')
      }),
    )
    expect(trip?.message).toContain("tripwire.subprocess.mock(['cat'], { stdout: '' })")
  })

  test('of a file and of bytes is what is read', async () => {
    const read: unknown[] = []
    tripwire.subprocess.mock('hash', ({ stdin }) => void read.push(stdin)).times(2)
    await tripwire.sandbox(async () => {
      spawnSync('hash', { input: Buffer.from([0xff, 0x00]) })
      spawnSync('hash', { input: '68690a', encoding: 'hex' })
    })
    tripwire.subprocess.assert('hash', { input: new Uint8Array([0xff, 0x00]) })
    tripwire.subprocess.assert('hash', { input: 'hi\n' })
    expect(read).toEqual(['\ufffd\0', 'hi\n'])
  })

  test('may come from a stream of another program', async () => {
    tripwire.subprocess.mock('sort', async ({ stdin }) => ({ stdout: (await stdin).toUpperCase() }))
    const out = await tripwire.sandbox({ allow: 'subprocess:printf *' }, async () => {
      const first = spawn('printf', ['b\\na\\n'])
      const second = spawn('sort', { stdio: [first.stdout, 'pipe', 'inherit'] })
      let out = ''
      for await (const chunk of second.stdout) out += chunk
      return out
    })
    expect(out).toBe('B\nA\n')
    tripwire.subprocess.assert('sort', { input: 'b\na\n' })
  })
})

describe('what passes through', () => {
  test('runs, and is asserted with what it was given and how it ended', async () => {
    tripwire.subprocess.passThrough('cat')
    tripwire.subprocess.passThrough(/^exit/)
    const out = await tripwire.sandbox(async () => {
      const running = promisify(execFile)('cat')
      running.child.stdin?.write('a')
      running.child.stdin?.end('b')
      spawnSync('sh', ['-c', 'exit 6'])
      return (await running).stdout
    })
    expect(out).toBe('ab')
    expect(() => tripwire.subprocess.assert('cat')).toThrow('leaves out what the code under test controls: input')
    tripwire.subprocess.assert('cat', { input: 'ab', exitCode: 0 })
    tripwire.subprocess.assert(['sh', '-c', 'exit 6'], { exitCode: 6 })
  })
})

describe('a signal to another process', () => {
  test('is answered, or fails as it would', () => {
    tripwire.subprocess.mock({ pid: 1, signal: 'SIGTERM' })
    tripwire.subprocess.mock({ pid: 1 }, { error: 'EPERM' })
    tripwire.sandbox(() => {
      expect(process.kill(1)).toBe(true)
      expect(() => process.kill(1, 'SIGHUP')).toThrow(expect.objectContaining({ code: 'EPERM', message: 'kill EPERM' }))
    })
    tripwire.subprocess.assert({ pid: 1, signal: 'SIGTERM' })
    tripwire.subprocess.assert({ pid: 1, signal: 'SIGHUP' })
  })
})
