import { defineConfig } from 'vitest/config'
import { tripwire } from './dist/src/vite.js'

// The suite runs under its own guard, as built.
export default defineConfig({
  plugins: [tripwire()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fixtures/**', 'node_modules/**'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/results.json' }]] : ['default'],
  },
})
