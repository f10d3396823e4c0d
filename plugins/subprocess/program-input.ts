import { originals } from '../../src/plugin.ts'

// Taken before tests replace them.
const { Buffer, TextDecoder } = originals

/** What is written to a mocked program. */
export class ProgramInput {
  readonly #chunks: Uint8Array[] = []
  /** How many of them `nextText` gave out. */
  #told = 0
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  /** Whether nothing more will be written. */
  ended = true

  push(chunk: Uint8Array): void {
    this.#chunks.push(Uint8Array.from(chunk))
  }

  /** All of it until now. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }

  /** That as text. */
  get text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes)
  }

  /** What was written since this was asked last, as text; a character of which some bytes are missing waits for them. */
  nextText(): string {
    const chunks = this.#chunks.slice(this.#told)
    this.#told = this.#chunks.length
    return this.#decoder.decode(Buffer.concat(chunks), { stream: !this.ended })
  }
}
