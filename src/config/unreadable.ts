import { printFile } from '../errors/call-site.ts'
import { ConfigError } from '../errors/classes.ts'

const EXAMPLE = [
  "         import { defineConfig } from 'vitest-tripwire/config'",
  "         export default defineConfig({ guard: 'error' })",
]

/** A config file that throws, or that cannot be read as a module. */
export function failedConfig(file: string, cause: unknown): ConfigError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const text = [
    `${printFile(file)} could not be loaded: ${message}`,
    '',
    '  fix  the error is that of your config file, or of what it imports',
  ]
  return new ConfigError(text.join('\n'), { file }, { cause })
}

/** A config file that exports no object as default. */
export function emptyConfig(file: string): ConfigError {
  const text = [`${printFile(file)} exports no config object.`, '', '  fix  export one as default:', ...EXAMPLE]
  return new ConfigError(text.join('\n'), { file })
}
