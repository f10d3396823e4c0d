import { isA } from '../../src/plugin.ts'

/** What a WebSocket carries. */
export type Frame = string | Uint8Array | ArrayBuffer | Blob

/** Keeps the order of what is sent while a blob is being read, or the connection is not open yet. */
export class Turn {
  #last: Promise<void> | undefined

  /** @returns lets what was kept go */
  hold(): () => void {
    let go = () => {}
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    this.#last = held
    void held.then(() => this.#end(held))
    return go
  }

  give(frame: Frame, send: (data: string | Uint8Array) => unknown): void {
    if (isBlob(frame)) {
      const bytes = frame.arrayBuffer()
      this.#after(async () => send(new Uint8Array(await bytes)))
    } else this.take(() => send(frame as string | Uint8Array))
  }

  take(act: () => unknown): void {
    if (this.#last === undefined) act()
    else this.#after(act)
  }

  #after(act: () => unknown): void {
    const turn = (async (before) => {
      await before
      await act()
    })(this.#last)
    this.#last = turn
    void turn.finally(() => this.#end(turn))
  }

  #end(turn: Promise<void>): void {
    if (this.#last === turn) this.#last = undefined
  }
}

/** Also one of a browser's environment. */
function isBlob(frame: Frame): frame is Blob {
  return isA(frame, 'Blob') || isA(frame, 'File')
}
