import { defineConfig } from './dist/src/config.js'

// The suite starts Vitest, and the world outside, as processes of their own.
const node = ['subprocess:node', 'subprocess:**/bin/node']
const run = ['*vitest.mjs *', '*world-process.mjs *', '*stand-ins.mjs *', '-p process.versions.node']
const allow = node.flatMap((node) => run.map((line) => `${node} ${line}`))

// The config is read, and the package built, by what Vite brings; the others are those whose openings are tested.
const read = ['@rolldown/*']
const tried = ['@lmdb/*', '@msgpackr-extract/*', 'classic-level', '@libsql/*', '@lydell/*', 'zeromq']
const addons = [...read, ...tried, 'better-sqlite3', 'sqlite3', '**/bindings-cpp/prebuilds/**'].map(
  (name) => `native:${name}`,
)
// Projects of the integration tests stand below the repository, where they find its node_modules.
const fs = { write: ['.vitest'] }

export default defineConfig({ guard: 'error', allow: [...allow, ...addons], fs })
