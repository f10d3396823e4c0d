import { defineConfig } from 'vitest/config'

/** The suite as it was, for comparison. */
export default defineConfig({})
