import fs from 'node:fs'
import Module, { createRequire } from 'node:module'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { callerPosition, captureFrames, captureSite, printFile, type Site } from '../../../src/errors/call-site.ts'
import { load } from '../../fixtures/errors/(group) with spaces/page.ts'
import * as orders from '../../fixtures/errors/orders.ts'

const ORDERS = 'test/fixtures/errors/orders.ts'
const shown = ({ callSite }: Site) => callSite && `${printFile(callSite.file)}:${callSite.line}:${callSite.column}`

describe('the call site', () => {
  test.each([
    ['a plain call', orders.direct, `${ORDERS}:11:48`, undefined],
    ['a call deep inside a library', orders.throughLibrary, `${ORDERS}:14:10`, 'layered-client'],
    ['a call after an await', orders.afterAwait, `${ORDERS}:21:10`, undefined],
    ['a library that awaits first', orders.libraryAfterAwait, `${ORDERS}:25:10`, 'layered-client'],
    ['a timer', orders.fromTimer, `${ORDERS}:29:60`, undefined],
    ['an event handler', orders.fromHandler, `${ORDERS}:36:14`, undefined],
    ['a promise chain', orders.fromChain, `${ORDERS}:43:39`, undefined],
    ['a method', (seam: () => Site) => new orders.Shop(seam).charge() as Site, `${ORDERS}:54:17`, undefined],
    ['a folder with parentheses and spaces', load, 'test/fixtures/errors/(group) with spaces/page.ts:3:10', undefined],
  ])('of %s is the line in the .ts file', async (_, make, line, via) => {
    const site = await (make as (seam: () => Site) => Site | Promise<Site>)(captureSite)
    expect(shown(site)).toBe(line)
    expect(site.via).toBe(via)
    expect(site.reason).toBeUndefined()
    expect(site.stack).toContain(line)
  })

  test('is unknown where only a library is on the stack', async () => {
    const site = await orders.fromLibraryTimer(captureSite)
    expect(site).toMatchObject({ callSite: undefined, via: 'layered-client' })
    expect(site.reason).toBe('only layered-client is on the stack')
  })

  test('is unknown where nothing but Node calls', async () => {
    let site: Site | undefined
    Promise.resolve()
      .then(captureSite)
      .then((found) => {
        site = found
      })
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(site).toMatchObject({ callSite: undefined, reason: "only Node's own code is on the stack", runner: false })
  })
})

describe('the stack', () => {
  test('has no frame of ours', () => {
    expect(orders.throughLibrary(captureSite).stack).not.toMatch(
      /[/\\]src[/\\]errors[/\\](?:call-site|stack-sites)\.ts/,
    )
  })

  test('reads as Node prints it', () => {
    const [first, ...rest] = orders.throughLibrary(captureSite).stack.split('\n')
    expect(first).toMatch(/^ {4}at deliver \(file:.*\/@scope\/transport\/index\.js:2:\d+\)$/)
    expect(rest.every((line) => line.startsWith('    at '))).toBe(true)
  })

  test('gives drivers by file and function', () => {
    const frames = orders.throughLibrary(captureFrames)
    expect(frames[0]).toEqual({
      file: expect.stringMatching(/@scope[/\\]transport[/\\]index\.js$/),
      function: 'deliver',
    })
  })

  test('says where a rule is written', () => {
    expect(orders.direct(callerPosition)).toBe(`${ORDERS}:11:48`)
  })
})

describe('whatever is done to Error', () => {
  const expectRight = () => {
    expect(shown(orders.throughLibrary(captureSite))).toBe(`${ORDERS}:14:10`)
  }
  /** Reads with `Error[key]` changed, and checks that it stays exactly so. */
  const withChanged = (key: 'stackTraceLimit' | 'prepareStackTrace', changed: PropertyDescriptor | undefined) => {
    const before = Object.getOwnPropertyDescriptor(Error, key)
    Reflect.deleteProperty(Error, key)
    if (changed) Object.defineProperty(Error, key, changed)
    try {
      const site = orders.throughLibrary(captureSite)
      expect(Object.getOwnPropertyDescriptor(Error, key)).toEqual(changed && { configurable: true, ...changed })
      return shown(site)
    } finally {
      Reflect.deleteProperty(Error, key)
      if (before) Object.defineProperty(Error, key, before)
    }
  }
  const data = (value: unknown) => ({ value, writable: true, enumerable: true, configurable: true })

  test.each([0, 1, 10, Number.POSITIVE_INFINITY, undefined, 'many'])('stackTraceLimit %s costs no line', (limit) => {
    expect(withChanged('stackTraceLimit', data(limit))).toBe(`${ORDERS}:14:10`)
  })

  test.each([
    ['is missing', undefined],
    ['is read-only', { ...data(0), writable: false }],
    ['is hidden', { ...data(0), enumerable: false }],
    ['is an accessor', { get: () => 0, set: () => {}, enumerable: false, configurable: true }],
  ])('a stackTraceLimit that %s costs no line', (_, descriptor) => {
    expect(withChanged('stackTraceLimit', descriptor)).toBe(`${ORDERS}:14:10`)
  })

  test.each([
    ['gives objects', () => [{}]],
    ['gives nothing', () => undefined],
    ['gives other text', () => 'no lines at all'],
    [
      'gives unmapped lines',
      (error: Error, sites: unknown[]) => `${error}\n${sites.map((s) => `    at ${s}`).join('\n')}`,
    ],
    [
      'throws',
      () => {
        throw new Error('foreign')
      },
    ],
  ])('a prepareStackTrace that %s costs no line', async (_, formatter) => {
    const { rememberFormatter } = await import('../../../src/errors/call-site.ts')
    rememberFormatter()
    expect(withChanged('prepareStackTrace', data(formatter))).toBe(`${ORDERS}:14:10`)
  })

  test('a formatter that was put in later does not take the place of the one remembered', () => {
    const before = Error.prepareStackTrace
    Error.prepareStackTrace = () => 'foreign'
    try {
      expectRight()
    } finally {
      Error.prepareStackTrace = before
    }
    expectRight()
  })
})

describe('the runner', () => {
  let inHook: Site
  beforeAll(function hook() {
    inHook = captureSite()
  })

  test('is told by its own frame', async () => {
    expect(await vi.waitFor(captureSite)).toMatchObject({ runner: true })
  })

  test('is not a hook, a test or a spy', () => {
    expect(inHook.runner).toBe(false)
    expect(captureSite().runner).toBe(false)
    expect(vi.fn(captureSite)().runner).toBe(false)
    expect(shown(orders.direct(vi.fn(captureSite)))).toBe(`${ORDERS}:11:48`)
  })

  // No line of the user's is on their stack, and they are calls all the same.
  describe("with Node's own functions as hooks and bodies", () => {
    const hook = Object.assign(vi.fn(captureSite), { toString: () => '() => {}' }) // Vitest reads what it wants
    const awaited = vi.fn(captureSite)
    beforeAll(hook as never)
    test('polls what only a promise calls', async () => {
      await expect.poll(() => Promise.resolve().then(awaited)).toBeTruthy()
    })

    test.each([
      ['a function that is a hook', hook],
      ['what it merely awaits', awaited],
    ])('is not %s', (_, seam) => {
      expect(seam.mock.results[0]?.value).toMatchObject({ runner: false })
    })
  })

  test('includes the loader of Node', () => {
    const require = createRequire(import.meta.url)
    const file = require.resolve('../../fixtures/errors/loaded.cjs')
    const { readFileSync } = fs
    const prototype = Module.prototype as unknown as { _compile: (content: unknown) => unknown }
    const { _compile } = prototype
    let site: Site | undefined
    fs.readFileSync = captureSite as never
    prototype._compile = (content) => {
      site = content as Site
    }
    try {
      require(file)
    } finally {
      fs.readFileSync = readFileSync
      prototype._compile = _compile
    }
    expect(site).toMatchObject({ runner: true })
  })
})
