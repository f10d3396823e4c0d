import cp, {
  ChildProcess,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  type SpawnSyncReturns,
  spawn,
  spawnSync,
} from 'node:child_process'
import cluster from 'node:cluster'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { execa } from 'execa'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { M, tripwire } from 'vitest-tripwire'
import { simpleCommand } from '../../plugins/subprocess/command.ts'
import { parseSubprocessRule } from '../../plugins/subprocess/rule.ts'
import { openDescriptors } from '../support/descriptors.ts'

let folder: string
let touch: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tripwire-subprocess-'))
  touch = join(folder, 'ran')
  writeFileSync(join(folder, 'tool'), `#!/bin/sh\ntouch "${touch}"\n`, { mode: 0o755 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a child says of itself until it has closed. */
function life(child: ChildProcess): Promise<string[]> {
  const events: string[] = []
  for (const event of ['spawn', 'error', 'exit', 'close', 'disconnect']) {
    child.on(event, (what) => events.push(`${event} ${what?.code ?? what ?? ''}`.trim()))
  }
  return new Promise((resolve) => child.once('close', () => setTimeout(resolve, 20, events)))
}

const stopped = 'TRIPWIRE_GUARDED_CALL'
const errorOf = (fn: () => unknown) => {
  try {
    fn()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

/** Every way to start a program; each gives the code of its error. */
const WAYS: Readonly<Record<string, () => unknown>> = {
  spawn: async () => (await life(spawn(join(folder, 'tool'))))[0]?.replace('error ', ''),
  'spawn in a shell': async () => (await life(spawn(join(folder, 'tool'), { shell: true })))[0]?.replace('error ', ''),
  exec: () => new Promise((resolve) => exec(join(folder, 'tool'), (error) => resolve(error?.code))),
  execFile: () => new Promise((resolve) => execFile(join(folder, 'tool'), (error) => resolve(error?.code))),
  'exec, promisified': () => promisify(exec)(join(folder, 'tool')).catch((error) => error.code),
  'execFile, promisified': () => promisify(execFile)(join(folder, 'tool')).catch((error) => error.code),
  fork: async () => (await life(fork(join(folder, 'tool'))))[0]?.replace('error ', ''),
  'cluster.fork': async () => {
    cluster.setupPrimary({ exec: join(folder, 'tool') })
    return (await life(cluster.fork().on('error', () => {}).process))[0]?.replace('error ', '')
  },
  ChildProcess: async () => {
    const child = new ChildProcess() as ChildProcess & { spawn(options: object): void }
    const events = life(child)
    child.spawn({ file: join(folder, 'tool'), args: ['tool'] })
    return (await events)[0]?.replace('error ', '')
  },
  spawnSync: () => (spawnSync(join(folder, 'tool')).error as { code?: string } | undefined)?.code,
  execSync: () => errorOf(() => execSync(join(folder, 'tool'))),
  execFileSync: () => errorOf(() => execFileSync(join(folder, 'tool'))),
  'default import': () => (cp.spawnSync(join(folder, 'tool')).error as { code?: string } | undefined)?.code,
  getBuiltinModule: () =>
    (process.getBuiltinModule('child_process').spawnSync(join(folder, 'tool')).error as { code?: string })?.code,
  execa: () => execa(join(folder, 'tool')).catch((error) => error.code),
}

describe.each(Object.keys(WAYS))('%s', (name) => {
  const way = WAYS[name] as () => unknown

  test('is stopped before there is a process or a descriptor, and fails as it would', async () => {
    const before = openDescriptors()
    const [trip] = await tripwire.expectTrip('subprocess', async () => expect(await way()).toBe(stopped))
    expect(trip?.callSite?.file).toContain('subprocess.test.ts')
    expect(trip?.protocol).toBe('subprocess')
    expect(existsSync(touch)).toBe(false)
    expect(openDescriptors()).toBeLessThanOrEqual(before)
  })

  test('fails like a program that is not there where it is refused', async () => {
    expect(await tripwire.refuse('subprocess', way)).toBe('ENOENT')
    expect(existsSync(touch)).toBe(false)
  })
})

test.each(['spawn', 'exec', 'execFile', 'spawnSync', 'execSync', 'execFileSync', 'execa'])(
  '%s runs what a rule allows',
  async (name) => {
    await tripwire.allow(`subprocess:${folder}/*`, () => WAYS[name]?.())
    expect(existsSync(touch)).toBe(true)
    rmSync(touch)
  },
)

test('a stopped child ends like one that could not be started', async () => {
  const natural = await tripwire.allow('subprocess', () => life(fork('x.js', { execPath: join(folder, 'missing') })))
  const ours = await tripwire.refuse('subprocess', () => life(fork('x.js', { execPath: join(folder, 'missing') })))
  expect(ours).toEqual(natural)
  expect(natural).toEqual(['error ENOENT', 'close -2', 'disconnect'])
})

test('the result of spawnSync has the shape that Node gives', () => {
  const natural = tripwire.allow('subprocess', () => spawnSync('no-such-program-anywhere'))
  const ours = tripwire.refuse('subprocess', () => spawnSync('no-such-program-anywhere'))
  const shape = ({ error, ...rest }: SpawnSyncReturns<Buffer>) => ({ ...rest, error: { ...error } })
  expect(shape(ours)).toEqual(shape(natural))
})

test('bad arguments are refused by Node itself', () => {
  expect(() => spawn('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
  expect(() => spawnSync(1 as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
})

describe('what it is called', () => {
  const run = async (fn: () => unknown) => (await tripwire.expectTrip('subprocess', fn))[0]

  test.each<[() => unknown, string, string]>([
    [() => spawnSync('git', ['status', 'a b']), 'running `git status "a b"`', 'subprocess:git status "a b"'],
    [() => spawnSync('git status', { shell: true }), 'running `git status`', 'subprocess:git status'],
    [() => spawnSync('/opt/x/tool', ['a']), 'running `/opt/x/tool a`', 'subprocess:/opt/x/tool a'],
    [() => spawnSync(process.execPath, ['x.js']), 'running `node x.js`', 'subprocess:node x.js'],
    [() => spawnSync('a; b', { shell: true }), 'running `a; b`', 'subprocess:sh'],
    [() => spawnSync('git', ['x'.repeat(200)]), `running \`git ${'x'.repeat(116)}…\``, 'subprocess:git'],
  ])('%s', async (fn, description, rule) => {
    expect(await run(fn)).toMatchObject({ description, rule })
  })

  test('the facts are those of the start', async () => {
    const trip = await run(() =>
      spawnSync('git', ['status'], { cwd: folder, env: { ...process.env, MINE: '1' }, input: 'text' }),
    )
    expect(trip?.facts).toMatchObject({ program: 'git', args: ['status'], cwd: folder, env: ['MINE'], input: 'text' })
  })
})

describe('signals', () => {
  test('to a process that the test did not start are stopped; a probe and its own are not', async () => {
    const [trip] = await tripwire.expectTrip('subprocess', () => {
      expect(() => process.kill(process.ppid, 'SIGUSR2')).toThrow(expect.objectContaining({ code: stopped }))
    })
    expect(trip).toMatchObject({
      description: `SIGUSR2 to process ${process.ppid}`,
      rule: `subprocess:kill:${process.ppid}`,
    })
    expect(process.kill(process.ppid, 0)).toBe(true)
    const child = tripwire.allow('subprocess:sleep *', () => spawn('sleep', ['60']))
    const ended = life(child)
    process.kill(child.pid as number)
    expect(await ended).toContain('close')
  })

  test('are refused like one to a process that is gone', () => {
    tripwire.refuse('subprocess:kill:*', () => {
      expect(() => process.kill(process.ppid, 'SIGUSR2')).toThrow(expect.objectContaining({ code: 'ESRCH' }))
    })
  })
})

describe('rules', () => {
  const passes = (rule: Parameters<typeof tripwire.allow>[0], fn: () => { error?: Error }) =>
    tripwire.restrict('subprocess', () => tripwire.allow(rule, fn)).error === undefined

  test.each<[string, () => { error?: Error }]>([
    ['subprocess:true', () => spawnSync('true', ['x'])],
    ['subprocess:true', () => spawnSync('true x', { shell: true })],
    ['subprocess:true', () => spawnSync('/bin/true')],
    ['subprocess:true a *', () => spawnSync('true', ['a', 'b'])],
    ['subprocess:/bin/*', () => spawnSync('/bin/true')],
    ['subprocess:sh', () => spawnSync('true; true', { shell: true })],
    ['subprocess:node', () => spawnSync(process.execPath, ['-v'])],
  ])('%s lets %s through', (rule, fn) => {
    expect(passes(rule, fn)).toBe(true)
  })

  test.each<[string, () => unknown]>([
    ['subprocess:true', () => spawnSync('true; echo', { shell: true })],
    ['subprocess:true', () => spawnSync('true $(echo)', { shell: true })],
    ['subprocess:true', () => spawnSync('A=1 true', { shell: true })],
    ['subprocess:tool', () => spawnSync(join(folder, 'tool'))],
    ['subprocess:true a', () => spawnSync('true', ['a', 'b'])],
    ['subprocess:node', () => spawnSync('git')],
  ])('%s does not let %s through', async (rule, fn) => {
    await tripwire.expectTrip('subprocess', () => tripwire.allow(rule, fn))
  })

  test('a matcher says what a rule string cannot', () => {
    const rule = M({ protocol: 'subprocess', program: 'true', args: (args: string[]) => args.includes('--dry-run') })
    expect(passes(rule, () => spawnSync('true', ['--dry-run']))).toBe(true)
  })

  test.each(['', ' x', 'kill:x', 'a;b', '$(x)'])("'%s' is refused", (text) => {
    expect(() => parseSubprocessRule(text)).toThrow()
  })

  test('words that need no quotes are the words of a simple command', () => {
    const word = fc.stringMatching(/^[\w./-]+$/)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        expect(simpleCommand(words.join(' '))).toEqual(words)
      }),
    )
  })

  test('what a shell may read as more than one command is none', () => {
    const text = fc.string().filter((text) => /[^ \t]/.test(text) && !/['"]/.test(text))
    const sign = fc.constantFrom(';', '|', '&', '$', '`', '>', '<', '(', '\n')
    fc.assert(
      fc.property(text, sign, text, (before, sign, after) => {
        expect(simpleCommand(`${before}${sign}${after}`)).toBeUndefined()
      }),
    )
  })

  test('a simple command means to /bin/sh what it means here', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[\w@%+=:,./-]+$/),
      fc.stringMatching(/^[\w ;|&$()*-]*$/).map((text) => `'${text}'`),
      fc.stringMatching(/^[\w ;|&()*-]*$/).map((text) => `"${text}"`),
    )
    const show = 'for word in "$@"; do printf "%s\\0" "$word"; done'
    tripwire.allow('subprocess:sh', () => {
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
          const line = `tool ${words.join(' ')}`
          const read = spawnSync('sh', ['-c', `set -- ${line}; ${show}`], { encoding: 'utf8' })
            .stdout.split('\0')
            .slice(0, -1)
          expect(simpleCommand(line)).toEqual(read)
        }),
        { numRuns: 60 },
      )
    })
  })
})
