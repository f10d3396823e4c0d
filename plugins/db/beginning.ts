/** How a connection begins on which the client speaks first: by TLS, where it wants that. */
import type { Socket } from 'node:net'
import type { Redirected, Tap } from '../../src/plugin.ts'

/** What no message of a database begins with. */
const TLS_HANDSHAKE = 0x16

/** @param ready is given the socket that the protocol is spoken on, with nothing of it read */
export function begin(peer: Socket, { reply }: Redirected, tap: Tap, ready: (socket: Socket) => void): void {
  const look = () => {
    const first: Buffer | null = peer.read()
    if (first === null) return
    peer.off('readable', look)
    peer.unshift(first)
    if (first[0] !== TLS_HANDSHAKE) return ready(peer)
    tap.hub.secure(peer, String(reply?.facts.host ?? 'localhost'), [], (secured) => {
      secured.on('error', () => {})
      ready(secured)
    })
  }
  peer.on('readable', look)
}
