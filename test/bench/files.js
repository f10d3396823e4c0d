/** A Vitest file that times files that a test looks at and reads; `run.mjs` runs it guarded and bare. */
import fs, { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'

const WARM_UP = 10
const BATCHES = 60
const IN_A_BATCH = { statSync: 5000, existsSync: 8000, 'readFileSync of 1 KB': 2000, 'promises.readFile of 1 KB': 300 }

const folder = mkdtempSync(join(tmpdir(), 'tripwire-files-'))
const file = join(folder, 'file')
writeFileSync(file, 'x'.repeat(1024))

const WAYS = {
  statSync: (times) => {
    for (let at = 0; at < times; at++) fs.statSync(file)
  },
  existsSync: (times) => {
    for (let at = 0; at < times; at++) fs.existsSync(file)
  },
  'readFileSync of 1 KB': (times) => {
    for (let at = 0; at < times; at++) fs.readFileSync(file, 'utf8')
  },
  'promises.readFile of 1 KB': async (times) => {
    for (let at = 0; at < times; at++) await fs.promises.readFile(file, 'utf8')
  },
}

/** Waits until the other run has done as many batches as this one (the guarded one goes first). */
async function turn(done) {
  if (done === 0 && process.env.MINE === 'guarded') return
  const theirs = join(process.env.TURNS, `${process.env.OTHERS}-${process.env.MINE === 'guarded' ? done - 1 : done}`)
  while (!existsSync(theirs)) await new Promise((resolve) => setTimeout(resolve, 2))
}

test('times files', async () => {
  const times = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]))
  for (let batch = 0; batch < WARM_UP + BATCHES; batch++) {
    await turn(batch)
    for (const [way, run] of Object.entries(WAYS)) {
      const start = performance.now()
      const cpu = process.cpuUsage()
      await run(IN_A_BATCH[way])
      const { user, system } = process.cpuUsage(cpu)
      if (batch >= WARM_UP)
        times[way].push({
          wall: ((performance.now() - start) * 1000) / IN_A_BATCH[way],
          cpu: (user + system) / IN_A_BATCH[way],
        })
    }
    writeFileSync(join(process.env.TURNS, `${process.env.MINE}-${batch}`), '')
  }
  writeFileSync(join(process.env.TURNS, `${process.env.MINE}.json`), JSON.stringify(times))
  rmSync(folder, { recursive: true })
}, 600_000)
