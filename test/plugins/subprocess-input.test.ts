import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { ProgramInput } from '../../plugins/subprocess/program-input.ts'

test('input is read once, whatever pieces it comes in, and characters are not cut', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), pieces, (text, junk) => {
      const input = new ProgramInput()
      input.ended = false
      let read = ''
      for (const piece of [...[...Buffer.from(text)].map((byte) => new Uint8Array([byte])), ...junk]) {
        input.push(piece)
        if (piece.length !== 2) read += input.nextText()
        expect(input.text.replace(/\uFFFD*$/, '').startsWith(read.replace(/\uFFFD*$/, ''))).toBe(true)
      }
      input.ended = true
      expect(read + input.nextText()).toBe(input.text)
    }),
  )
})

test('a signal of real time ends a program, and has no name', async () => {
  tripwire.subprocess.mock(['daemon'], { stays: true })
  const how = await tripwire.sandbox(async () => {
    const child = spawn('daemon')
    await once(child, 'spawn')
    process.kill(child.pid as number, 40)
    return once(child, 'close')
  })
  // As Node tells it of a process (20 to 26).
  expect(how).toEqual([0, null])
  expect(tripwire.calls()[0]?.facts.signal).toBeUndefined()
  tripwire.subprocess.assert(['daemon'])
})
