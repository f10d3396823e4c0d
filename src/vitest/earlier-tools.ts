/**
 * What a setup file that stands alone must not come after: tools that answer calls. Installed above them the guard would stop what they
 * answer, and go with them when they put back what was there before.
 */

import { vi } from 'vitest'
import { builtIn } from '../built-in.ts'
import { cameLate } from '../errors/install-errors.ts'

/** @throws InstallError that names them */
export function refuseEarlierTools(): void {
  const found = [...fakeTimers(), ...interceptors(), ...spies()]
  if (found.length > 0) throw cameLate(found)
}

/** The guard lets stopped calls fail a turn later, by the timers that it finds when it is loaded. */
function fakeTimers(): string[] {
  return vi.isFakeTimers() ? ['fake timers (vi.useFakeTimers)'] : []
}

function interceptors(): string[] {
  const net = builtIn('node:net')
  const { ClientRequest } = builtIn('node:http')
  return [
    ...(Object.hasOwn(ClientRequest.prototype, 'onSocket') ? [] : [`http.${ClientRequest.name} (nock)`]),
    ...(answersConnections(net) ? ['an interceptor of net.Socket.prototype.connect (msw, nock)'] : []),
  ]
}

/** What they take over gets a `connect` of its own (interceptors 0.44 and 0.45). The lookup never answers, so nothing leaves. */
function answersConnections(net: typeof import('node:net')): boolean {
  const socket = new net.Socket()
  socket.on('error', () => {})
  socket.connect({ host: 'probe.invalid', port: 1, lookup: () => {} })
  socket.destroy()
  return Object.hasOwn(socket, 'connect')
}

function spies(): string[] {
  const net = builtIn('node:net')
  const http = builtIn('node:http')
  const dns = builtIn('node:dns')
  const children = builtIn('node:child_process')
  const dgram = builtIn('node:dgram')
  const { spawnSync, execSync, execFileSync } = children
  const owners: Readonly<Record<string, object>> = {
    'net.Socket.prototype': net.Socket.prototype,
    'net.Server.prototype': net.Server.prototype,
    'http.Agent.prototype': http.Agent.prototype,
    'http.ClientRequest.prototype': http.ClientRequest.prototype,
    'dgram.Socket.prototype': dgram.Socket.prototype,
    'ChildProcess.prototype': children.ChildProcess.prototype,
    child_process: { spawnSync, execSync, execFileSync },
    dns,
    'dns.promises': dns.promises,
  }
  return Object.entries(owners).flatMap(([name, owner]) =>
    Object.entries(Object.getOwnPropertyDescriptors(owner))
      .filter(([, { value }]) => isSpy(value))
      .map(([key]) => `a spy on ${name}.${key}`),
  )
}

function isSpy(value: unknown): boolean {
  return typeof value === 'function' && (vi.isMockFunction(value) || 'isSinonProxy' in value)
}
