/**
 * Many sandboxes at once in one test, each with mocks of its own of every protocol and delays by chance: whether any is answered by, or has
 * written down, what belongs to another.
 *
 *   node test/bench/interleaved.mjs [--sandboxes 500] [--seeds 20]
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createProject, VITEST } from './project.mjs'

const { values } = parseArgs({
  options: { sandboxes: { type: 'string', default: '500' }, seeds: { type: 'string', default: '20' } },
})
const { root, remove } = createProject({
  'interleaved.test.js': readFileSync(new URL('./interleaved.js', import.meta.url), 'utf8'),
})
try {
  const { stdout, stderr, status } = spawnSync(process.execPath, [VITEST, 'run', '--config', 'guarded.config.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, SANDBOXES: values.sandboxes, SEEDS: values.seeds },
  })
  if (status !== 0) throw new Error(`${stdout}\n${stderr}`)
  const { calls, wrong, seconds } = JSON.parse(readFileSync(join(root, 'figures.json'), 'utf8'))
  console.log(
    `${values.sandboxes} sandboxes at once, ${values.seeds} seeds: ${calls} calls, ${wrong} in the wrong sandbox or with another's answer (${seconds.toFixed(1)} s)`,
  )
  if (wrong > 0) process.exitCode = 1
} finally {
  remove()
}
