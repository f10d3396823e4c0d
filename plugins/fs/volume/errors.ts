/** Errors as Node makes them: code, number, system call and paths, in its order and its words. */
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

/** Thrown inside a volume, where nobody knows which function was called. */
export class Fault {
  readonly code: string
  /** Node leaves the path out where it has only a descriptor. */
  readonly syscall: string | undefined
  /** Whether it is about the last part of the path, which is looked at when the folders of all paths were. */
  readonly last: boolean

  constructor(code: string, syscall?: string, last = false) {
    this.code = code
    this.syscall = syscall
    this.last = last
  }
}

const HostError = Error
const { errno } = constants as { errno: Readonly<Record<string, number>> }

export interface FailedAt {
  readonly syscall: string
  readonly path?: unknown
  readonly dest?: unknown
}

/** `ENOENT: no such file or directory, open 'a.txt'`. */
export function nodeError(code: string, { syscall, path, dest }: FailedAt): Error {
  const number = -(errno[code] ?? 0)
  const text = getSystemErrorMap().get(number)?.[1] ?? 'unknown error'
  const [from, to] = [printed(path), printed(dest)]
  const message = `${code}: ${text}, ${syscall}${from === undefined ? '' : ` '${from}'`}${to === undefined ? '' : ` -> '${to}'`}`
  return Object.assign(new HostError(message), {
    errno: number,
    code,
    syscall,
    ...(from !== undefined && { path: from }),
    ...(to !== undefined && { dest: to }),
  })
}

function printed(path: unknown): string | undefined {
  return path === undefined ? undefined : String(path)
}

/** Of Node's own, which the operating system does not know: `ERR_FS_EISDIR`. */
export function codedError(
  code: string,
  message: string,
  Class: new (message: string) => Error = HostError,
  more: object = {},
): Error {
  const error = new Class(message)
  // As Node does: the code is in the stack and not in the name.
  Object.defineProperty(error, 'name', { value: `${Class.name} [${code}]`, configurable: true, writable: true })
  void error.stack
  Object.defineProperty(error, 'name', { value: Class.name, configurable: true, writable: true, enumerable: false })
  delete (error as { name?: string }).name
  return Object.assign(error, { code, ...more })
}

/** `Path is a directory: rm returned EISDIR (is a directory) a`. */
export function systemError(
  code: string,
  text: string,
  { syscall, path, dest, errno: name, message }: FailedAt & { readonly errno: string; readonly message: string },
): Error {
  const whole = `${text}: ${syscall} returned ${name} (${message})${path === undefined ? '' : ` ${String(path)}`}${dest === undefined ? '' : ` => ${String(dest)}`}`
  const error = new HostError(whole)
  const info = { code: name, message, path, syscall, errno: errno[name], ...(dest !== undefined && { dest }) }
  return Object.assign(Object.defineProperty(error, 'name', { value: 'SystemError', configurable: true }), {
    code,
    info,
    errno: info.errno,
    syscall,
    path,
    ...(dest !== undefined && { dest }),
  })
}

export function abortError(signal: { readonly reason?: unknown }): Error {
  const error = new HostError('The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' })
}
