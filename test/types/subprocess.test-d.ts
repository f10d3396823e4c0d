import { expectTypeOf, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

test('a program is mocked by its words, a line, or its parts', () => {
  const { any, mock, program } = tripwire.subprocess
  expectTypeOf(mock(['git', any({ min: 1 })], { stdout: 'x', exitCode: 1 })).toHaveProperty('times')
  mock('git pull', { signal: 'SIGKILL' }).times(2)
  mock([program('git'), /^pu/, (word) => word.length > 1])
  mock((command) => command.includes('--force'))
  mock({ command: ['git', 'pull'], cwd: '/srv', input: 'yes' }, new Error('no reply').name === '' ? {} : undefined)
  mock({ pid: 5, signal: 'SIGTERM' })
  // @ts-expect-error a reply has no such part
  mock(['git'], { stdot: 'x' })
  // @ts-expect-error no signal of that name
  mock(['git'], { signal: 'SIGNOPE' })
  // @ts-expect-error a word is no number
  mock(['git', 5])
})

test('a reply may be a function of the start, or a script', () => {
  tripwire.subprocess.mock(['git'], async ({ args, cwd, env, stdin }) => {
    expectTypeOf(args).toEqualTypeOf<readonly string[]>()
    expectTypeOf(cwd).toEqualTypeOf<string>()
    expectTypeOf(env.PATH).toEqualTypeOf<string | undefined>()
    expectTypeOf(await stdin).toEqualTypeOf<string>()
    return { stdout: await stdin }
  })
  const script = tripwire.subprocess.script().expectInput(/name/).print('…').wait(5)
  tripwire.subprocess.mock(['npm', 'init'], script.exit(0))
  // @ts-expect-error a function gives a reply
  tripwire.subprocess.mock(['git'], () => 'out')
})

test('an assertion names facts', () => {
  tripwire.subprocess.assert(['git'], { cwd: '/srv', env: ['CI'], input: 'x', exitCode: 0 })
  // @ts-expect-error there is no such fact
  tripwire.subprocess.assert(['git'], { folder: '/srv' })
})
