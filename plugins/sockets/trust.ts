import type { TLSSocket } from 'node:tls'
import type { Tap } from '../../src/plugin.ts'

/** Undocumented: what `tls.connect` calls last for a client on a socket that is there already (Node 0.12 to 26). */
interface Internals {
  _start(): void
  readonly _parent?: object | null
}

/** A TLS client that is put on a connection to a mock, in the middle of it too (STARTTLS), takes the mock's certificate for good. */
export function trustMocks(tap: Tap, tls: typeof import('node:tls')): void {
  tap.patch(tls.TLSSocket.prototype as unknown as Internals & TLSSocket, '_start', (original) => {
    return function _start(this: TLSSocket & Internals) {
      if (this._parent) tap.hub.trust(this, this._parent)
      Reflect.apply(original, this, [])
    }
  })
}
