import { defineConfig } from './dist/src/config.js'

// The suite starts Vitest, and the world outside, as processes of their own.
const node = ['subprocess:node', 'subprocess:**/bin/node']
const allow = node.flatMap((node) => [`${node} *vitest.mjs *`, `${node} *world-process.mjs *`])

export default defineConfig({ guard: 'error', allow })
