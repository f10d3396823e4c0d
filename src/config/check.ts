/** Checks a config in the main process, by the protocols that there are. */
import { builtins } from '../../plugins/index.ts'
import type { ResolvedConfig } from './resolved.ts'
import { validateConfig } from './validate.ts'

/** @param place where the config was read @throws ConfigError with all that is wrong with it */
export function checkConfig(raw: unknown, place: { file: string | undefined; dir: string }): ResolvedConfig {
  return validateConfig(raw, { ...place, builtins })
}
