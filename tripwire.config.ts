import { defineConfig } from './dist/src/config.js'

export default defineConfig({ guard: 'error' })
