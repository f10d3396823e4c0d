import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cleanEnv, makeProject, NODE, VITEST } from '../support/run-vitest.ts'

const FILES = {
  'tripwire.config.js': `export { default } from './rules.js'`,
  'rules.js': `export default { guard: 'error' }`,
  'a.test.js': `
    import { test } from 'vitest'
    test('a', async () => { await fetch('http://api.example.com/a').catch(() => {}) })`,
}

test('in watch mode the config is read again, with what it imports, and a broken one fails until it is mended', async () => {
  const root = makeProject(FILES)
  const vitest = spawn(NODE, [VITEST, 'watch'], { cwd: root, env: cleanEnv() as NodeJS.ProcessEnv })
  try {
    let output = ''
    let heard = () => {}
    for (const stream of [vitest.stdout, vitest.stderr])
      stream.on('data', (chunk) => {
        output += chunk
        heard()
      })
    /** Waits for a text, and for Vitest to wait for changes; the streams may come in any order. */
    const until = async (text: string) => {
      while (!output.includes(text) || !output.includes('for file changes...'))
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      output = ''
    }
    const change = (rules: string) => writeFileSync(join(root, 'rules.js'), `export default ${rules}`)
    await until('Tripwire: 1 call stopped')
    change(`{ refuse: 'http' }`)
    await until('Tripwire: 1 call refused')
    change(`{ gard: 'error' }`)
    await until('did you mean: guard?')
    change(`{ guard: 'error' }`)
    await until('Tripwire: 1 call stopped')
    expect(vitest.exitCode).toBe(null)
  } finally {
    vitest.kill()
    await once(vitest, 'exit')
    rmSync(root, { recursive: true, force: true })
  }
})
