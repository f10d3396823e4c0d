/** How a connection begins: TLS where the client wants it, who it is, and what the server is. */
import type { Socket } from 'node:net'
import type { Line } from './engine.ts'
import { Failure } from './failure.ts'
import type { Login } from './login.ts'
import { Session } from './session.ts'
import type { Watch } from './watched.ts'
import { type Opening, Reader, say } from './wire.ts'

type Startup = Extract<Opening, { kind: 'startup' }>

/** The server's side, as connections see it. */
export interface Server {
  /** The server's side of TLS on a socket. */
  secure(peer: Socket, ready: (secured: Socket) => void): void
  /**
   * Somebody who is let in. @throws the error that the client gets instead
   */
  enter(options: Startup['options'], secured: boolean): Promise<{ readonly line: Line; readonly watch: Watch }>
  readonly sessions: Sessions
  /** Asks who is about to be let in for a password; undefined where nobody is asked. */
  login(user: string): Login | undefined
}

/** The sessions of a database, by what their clients have to say to stop them. */
export class Sessions {
  readonly #open = new Map<number, { readonly secret: number; readonly session: Session }>()
  #last = 0

  add(session: Session): { readonly pid: number; readonly secret: number } {
    const pid = ++this.#last
    const secret = (Math.random() * 0x7fff_ffff) | 0
    this.#open.set(pid, { secret, session })
    return { pid, secret }
  }

  delete(pid: number): void {
    this.#open.delete(pid)
  }

  cancel({ pid, secret }: { readonly pid: number; readonly secret: number }): void {
    const found = this.#open.get(pid)
    if (found?.secret === secret) found.session.cancel()
  }
}

const SETTINGS = {
  server_version: '16.4',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
}

/** Speaks with a client from its first byte on. */
export function converse(peer: Socket, server: Server, secured = false): void {
  const reader = new Reader()
  let session: Session | undefined
  let pid = 0
  let entering = false
  let login: { readonly asked: Login; readonly options: Startup['options'] } | undefined
  const close = () => {
    server.sessions.delete(pid)
    void session?.end()
  }
  const enter = async (options: Startup['options']) => {
    entering = true
    try {
      const { line, watch } = await server.enter(options, secured)
      session = new Session(peer, reader, line, watch)
      const key = server.sessions.add(session)
      pid = key.pid
      if (peer.destroyed) return close()
      const settings = Object.entries({ ...SETTINGS, application_name: options.application_name ?? '' })
      const told = settings.map(([name, value]) => say.setting(name, value))
      peer.write(Buffer.concat([say.ok(), ...told, say.key(key.pid, key.secret), say.ready('I')]))
      session.hear()
    } catch (error) {
      peer.end(say.error(fatal(error)))
    }
  }
  const begin = (options: Startup['options']) => {
    const asked = server.login(options.user ?? '')
    if (asked === undefined) return void enter(options)
    entering = true
    login = { asked, options }
    peer.write(asked.question())
  }
  const answer = ({ asked, options }: { readonly asked: Login; readonly options: Startup['options'] }) => {
    try {
      const said = reader.next()?.said
      if (said === undefined) return
      if (said.kind !== 'password') throw new Failure('08P01', 'a password was asked for')
      const { said: word, done } = asked.hear(said.data)
      if (word !== undefined) peer.write(word)
      if (!done) return
      login = undefined
      void enter(options)
    } catch (error) {
      peer.end(say.error(fatal(error)))
    }
  }
  const open = (opening: Opening) => {
    switch (opening.kind) {
      case 'ssl':
        peer.off('data', hear)
        peer.write('S')
        server.secure(peer, (next) => converse(next, server, true))
        return
      case 'gssenc':
        peer.write('N')
        return
      case 'cancel':
        server.sessions.cancel(opening)
        peer.end()
        return
      case 'startup':
        begin(opening.options)
        return
      case 'unknown':
        peer.end(
          say.error(
            new Failure('0A000', `unsupported frontend protocol ${opening.version >> 16}`, { severity: 'FATAL' }),
          ),
        )
    }
  }
  const hear = (chunk: Buffer) => {
    if (session !== undefined) return session.hear(chunk)
    reader.push(chunk)
    if (login !== undefined) return answer(login)
    for (
      let opening = entering ? undefined : reader.opening();
      opening;
      opening = entering ? undefined : reader.opening()
    ) {
      open(opening)
      if (opening.kind === 'ssl') return
    }
  }
  peer.on('data', hear)
  peer.once('end', close)
  peer.once('close', close)
}

function fatal(error: unknown): Failure {
  if (error instanceof Failure) return new Failure(error.code, error.message, { ...error, severity: 'FATAL' })
  return new Failure('58000', error instanceof Error ? error.message : String(error), { severity: 'FATAL' })
}
