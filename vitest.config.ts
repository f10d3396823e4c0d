import { defineConfig } from 'vitest/config'
import { tripwire } from './dist/src/vite.js'

// The suite runs under its own guard, as built.
export default defineConfig({
  plugins: [tripwire()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fixtures/**', 'node_modules/**'],
    maxWorkers: 2,
    // Some tests are about time, and CI machines are busy; a trip is final whatever is tried again.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/results.json' }]] : ['default'],
  },
})
