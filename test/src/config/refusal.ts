import { resolve } from 'node:path'
import { expect } from 'vitest'
import { builtins } from '../../../plugins/index.ts'
import type { ResolvedConfig } from '../../../src/config/resolved.ts'
import { validateConfig } from '../../../src/config/validate.ts'
import { ConfigError } from '../../../src/errors/classes.ts'

/** Reads a config as if it stood in `tripwire.config.ts` here. */
export const read = (raw: unknown): ResolvedConfig =>
  validateConfig(raw, { file: resolve('tripwire.config.ts'), dir: process.cwd(), builtins })

/** The whole message of what a config is refused with. */
export function refusal(raw: unknown): string {
  try {
    read(raw)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('the config was taken')
}
