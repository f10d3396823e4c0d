/**
 * The setup file. The Vite plugin adds it; alone (`setupFiles: ['vitest-tripwire/setup']`) it installs the guard itself, and says what was
 * loaded before it and may hold unpatched functions.
 */
import { vi } from 'vitest'
import { keepCode } from './code-cache.ts'
import { workerConfig } from './config/worker-config.ts'
import { install } from './install.ts'
import { readSlot } from './patch/slot.ts'
import { attach, provided } from './vitest/attach.ts'
import { warnOfEarlierModules, warnOfStaleImports } from './vitest/earlier.ts'
import { refuseEarlierTools } from './vitest/earlier-tools.ts'
import { presentState } from './vitest/worker.ts'

const isAlone = readSlot() === undefined
if (isAlone) {
  refuseEarlierTools()
  warnOfEarlierModules()
}
const installation = install()
if (isAlone) await warnOfStaleImports()

async function attachToFile(): Promise<void> {
  const { raw, file, dir } = await workerConfig(provided(), presentState().config.root, (path) => vi.importActual(path))
  attach(installation, installation.resolve(raw, { file, dir }), attachToFile)
}

await attachToFile()
keepCode('start')
