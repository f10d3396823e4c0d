/** Packages that only some mocks need, so that their users install them: loaded at the first such mock. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { MissingPeerError } from './errors/classes.ts'

/** As this package finds it, else as the project does: a strict package manager shows a package only what it asks for. */
const WAYS = [import.meta.filename, join(process.cwd(), 'package.json')]

/** What each package manager calls it to add a package for development. */
const INSTALL = { pnpm: 'pnpm add -D', yarn: 'yarn add -D', bun: 'bun add -d', npm: 'npm install -D' }

/** @param what needs it, as it is written: `tripwire.ws.mock` @throws MissingPeerError */
export function loadPeer(name: string, what: string): object {
  for (const way of WAYS) {
    const load = createRequire(way)
    try {
      return load(name)
    } catch (error) {
      if (!isMissing(error, name)) throw error
    }
  }
  throw missingPeer(name, what)
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`)
}

function missingPeer(name: string, what: string): MissingPeerError {
  const manager = Object.keys(INSTALL).find((word) => process.env.npm_config_user_agent?.startsWith(word)) ?? 'npm'
  const lines = [
    `${what}() needs the package '${name}', which is not installed.`,
    '',
    `  why    mocks of this protocol are served by it; nobody else has to install it`,
    '  fix    install it beside vitest-tripwire:',
    `           ${INSTALL[manager as keyof typeof INSTALL]} ${name}`,
    '  more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_MISSING_PEER.md',
  ]
  return new MissingPeerError(lines.join('\n'), { peer: name })
}
