import { VERSION } from '../version.ts'

const say = (what: string) => `vitest-tripwire ${VERSION} does not guard ${what} yet`

/** Protocols of later versions: refused, so that a config never promises what is not kept. */
export const RESERVED: Readonly<Record<string, string>> = {
  fs: say('files'),
}
