import { defineConfig } from 'vitest-tripwire/config'
import { settings } from '../src/settings.ts'

export default defineConfig({
  // Sent at import and with every order: let them fail like an unreachable host, and keep them out of the way.
  refuse: [`${settings.telemetry}/**`, `sockets:${settings.metrics}`],
})
