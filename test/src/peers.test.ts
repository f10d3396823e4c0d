import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadPeer } from '../../src/peers.ts'

const refused = (): { code: string; message: string } => {
  try {
    loadPeer('a-package-that-is-not-there', 'tripwire.ws.mock')
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('it is there')
}

describe('a package that mocks need', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('is loaded where it is installed', () => {
    expect(loadPeer('ws', 'tripwire.ws.mock')).toHaveProperty('WebSocketServer')
  })

  test('is asked for where it is not, as the package manager is asked', () => {
    vi.stubEnv('npm_config_user_agent', 'pnpm/9.1.0 npm/? node/v20.19.0 linux x64')
    expect(refused().code).toBe('TRIPWIRE_MISSING_PEER')
    expect(refused().message).toMatchInlineSnapshot(`
      "[TRIPWIRE_MISSING_PEER] tripwire.ws.mock() needs the package 'a-package-that-is-not-there', which is not installed.

        why    mocks of this protocol are served by it; nobody else has to install it
        fix    install it beside vitest-tripwire:
                 pnpm add -D a-package-that-is-not-there
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_MISSING_PEER.md"
    `)
    vi.stubEnv('npm_config_user_agent', undefined)
    expect(refused().message).toContain('npm install -D a-package-that-is-not-there')
  })
})
