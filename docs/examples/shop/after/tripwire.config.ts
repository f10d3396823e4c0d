import { defineConfig } from 'vitest-tripwire/config'

const telemetry = process.env.TELEMETRY_URL ?? 'https://telemetry.example.com'

export default defineConfig({
  // Telemetry is sent at import: let it fail like an unreachable host, and keep it out of the way.
  refuse: [`${telemetry}/**`],
})
