import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'

export default defineConfig({ plugins: [tripwire()] })
