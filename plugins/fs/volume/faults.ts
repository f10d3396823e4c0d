/** What goes wrong on a volume because a test says so. */
import { constants } from 'node:os'
import { Fault } from './errors.ts'
import { kit } from './kit.ts'
import { normalised } from './paths.ts'
import { isPlain } from './seeds.ts'

type Access = 'probe' | 'read' | 'write'

interface Wrong {
  readonly matches: RegExp
  /** Those that it is about. */
  readonly on: readonly Access[]
  /** How it fails. */
  readonly error?: string | Error
  /** How many bytes of each file pass before it does. */
  readonly after?: number | undefined
  /** How many bytes are read at once at most. */
  readonly most?: number
  /** How long it takes, in milliseconds. */
  readonly delay?: number
  readonly passed: Map<string, number>
}

const FAIL =
  "tripwire.fs.fail('logs/**', 'ENOSPC' | 'EACCES' | 'EIO' | an Error, { on: 'read' | 'write' | 'probe', after: bytes })"
const OPTIONS = ['on', 'after']
const ACCESSES: readonly Access[] = ['probe', 'read', 'write']
const { isInteger } = Number

export class Faults {
  readonly #wrong: Wrong[] = []
  #delay = 0
  /** The path that a path of a call means, links and all. */
  readonly #absolute: (path: string) => string

  constructor(absolute: (path: string) => string) {
    this.#absolute = absolute
  }

  /** @throws RuleSyntaxError */
  fail(at: string, pattern: unknown, error: unknown, given: unknown = {}): void {
    const { Misuse, suggest } = kit()
    const isCode = typeof error === 'string' && error in constants.errno
    if (!isCode && Object.prototype.toString.call(error) !== '[object Error]') {
      const near = typeof error === 'string' ? suggest(error, Object.keys(constants.errno)) : []
      throw new Misuse(`${String(error)} is no code of the system and no Error`, FAIL, near)
    }
    if (!isPlain(given)) throw new Misuse('the options are no object', FAIL)
    const unknown = Object.keys(given).find((key) => !OPTIONS.includes(key))
    if (unknown !== undefined) throw new Misuse(`a fault has no '${unknown}'`, FAIL, suggest(unknown, OPTIONS))
    const { on, after } = given
    if (on !== undefined && !ACCESSES.includes(on as Access)) throw new Misuse(`\`on\` is ${String(on)}`, FAIL)
    if (after !== undefined && !(isInteger(after) && (after as number) >= 0))
      throw new Misuse(`\`after\` is ${String(after)}`, FAIL)
    if (after !== undefined && on === 'probe') throw new Misuse('who looks at a file moves no bytes', FAIL)
    this.#wrong.push({
      matches: patternOf(at, pattern),
      on: on === undefined ? ['read', 'write'] : [on as Access],
      error: error as string | Error,
      after: after as number | undefined,
      passed: new Map(),
    })
  }

  /** @param most bytes @throws RuleSyntaxError */
  short(at: string, pattern: unknown, most: unknown): void {
    const { Misuse } = kit()
    if (!(isInteger(most) && (most as number) > 0))
      throw new Misuse('how many bytes?', "tripwire.fs.short('data/**', 3)")
    this.#wrong.push({ matches: patternOf(at, pattern), on: ['read'], most: most as number, passed: new Map() })
  }

  /** @param delay in milliseconds @throws RuleSyntaxError */
  slow(at: string, pattern: unknown, delay: unknown): void {
    const { Misuse } = kit()
    if (!(typeof delay === 'number' && delay >= 0))
      throw new Misuse('how many milliseconds?', "tripwire.fs.slow('data/**', 50)")
    this.#wrong.push({ matches: patternOf(at, pattern), on: ['read', 'write'], delay, passed: new Map() })
  }

  /** Whether something goes wrong with a path: then the real disk cannot answer for it. */
  concern(path: string): boolean {
    return this.#wrong.length > 0 && this.#wrong.some(({ matches }) => matches.test(this.#absolute(path)))
  }

  /** Something begins. @throws a Fault, or the error of the test */
  opening(path: string, access: Access): void {
    for (const wrong of this.#of(path, access)) {
      if (wrong.delay !== undefined) this.#delay = Math.max(this.#delay, wrong.delay)
      if (wrong.error !== undefined && wrong.after === undefined) throw thrown(wrong.error)
    }
  }

  /** @returns how many bytes can be read or written at once @throws a Fault, or the error of the test, where none can */
  most(path: string, access: 'read' | 'write', length: number): number {
    let most = length
    for (const wrong of this.#of(path, access)) {
      if (wrong.delay !== undefined) this.#delay = Math.max(this.#delay, wrong.delay)
      if (wrong.most !== undefined) most = Math.min(most, wrong.most)
      if (wrong.error === undefined) continue
      const left = (wrong.after ?? 0) - (wrong.passed.get(this.#absolute(path)) ?? 0)
      if (left <= 0 && length > 0) throw thrown(wrong.error)
      most = Math.min(most, left)
    }
    return most
  }

  /** So many bytes were read or written: of a file that ends, fewer than there could be. */
  moved(path: string, access: 'read' | 'write', count: number): void {
    for (const { error, passed } of this.#of(path, access)) {
      if (error === undefined) continue
      const whole = this.#absolute(path)
      passed.set(whole, (passed.get(whole) ?? 0) + count)
    }
  }

  #of(path: string, access: Access): readonly Wrong[] {
    if (this.#wrong.length === 0) return []
    const whole = this.#absolute(path)
    return this.#wrong.filter(({ matches, on }) => on.includes(access) && matches.test(whole))
  }

  /** How long the call that was just made takes, in milliseconds. */
  takeDelay(): number {
    const delay = this.#delay
    this.#delay = 0
    return delay
  }
}

function thrown(error: string | Error): Fault | Error {
  return typeof error === 'string' ? new Fault(error) : error
}

/** `*` stays in a part of the path, `**` crosses them; `logs/**` is `logs` as well. */
function patternOf(at: string, pattern: unknown): RegExp {
  const { Misuse } = kit()
  if (typeof pattern !== 'string' || pattern === '') throw new Misuse('the pattern is no path', FAIL)
  const whole = normalised(pattern.startsWith('/') ? pattern : `${at}/${pattern}`)
  const parts = whole.slice(1).split('/')
  const source = parts.map((part) => (part === '**' ? '(?:/.*)?' : `/${part.split('*').map(escaped).join('[^/]*')}`))
  return new RegExp(`^${source.join('')}$`)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
