/** Connections that are open already: in a sandbox that did not see one open, what is written to it is judged. */
import type { Socket } from 'node:net'
import type { Tap } from '../../src/plugin.ts'
import { reset } from './unreachable.ts'

type Net = typeof import('node:net')

/** Where all writes of a socket end, single or gathered (undocumented, Node 0.12 to 26). */
interface Writer {
  _writeGeneric(writev: boolean, data: unknown, encoding: string, done: (error?: Error) => void): void
}

/** Gives a function to call before there is a connection to watch: most suites never have one, and pay nothing for their writes. */
export function guardReuse(tap: Tap, net: Net): () => void {
  let watching = false
  tap.onUndo(() => {
    watching = false
  })
  return () => {
    if (watching) return
    watching = true
    guardWrites(tap, net)
  }
}

function guardWrites(tap: Tap, net: Net): void {
  tap.patch(net.Socket.prototype as unknown as Writer, '_writeGeneric', (original) => {
    return function _writeGeneric(this: Socket & { _parent?: Socket | null }, writev, data, encoding, done) {
      let outcome = tap.use(this)
      if (outcome.kind === 'pass' && this._parent) outcome = tap.use(this._parent)
      if (outcome.kind === 'pass') return Reflect.apply(original, this, [writev, data, encoding, done])
      const error = outcome.kind === 'block' ? outcome.error : reset()
      this.destroy(error)
      done(error)
    }
  })
}
