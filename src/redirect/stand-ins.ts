/** Addresses for mocked hosts: clients that look a name up by themselves connect to an address, and the mock names the host. */
import { SafeMap } from '../core/collections.ts'

const IN_BLOCK = 254

export interface StandIns {
  addressOf(host: string, family: 4 | 6): string
  hostAt(address: string): string | undefined
}

export function createStandIns(): StandIns {
  const numbers = new SafeMap<string, number>()
  const hosts = new SafeMap<string, string>()
  return {
    addressOf(host, family) {
      const number = numbers.get(host) ?? numbers.size
      numbers.set(host, number)
      const high = Math.floor(number / IN_BLOCK)
      const low = (number % IN_BLOCK) + 1
      // Blocks that are nobody's: for benchmarks of networks (RFC 2544), and local ones of our own (RFC 4193).
      const address =
        family === 4
          ? `198.${18 + (high >> 8)}.${high & 0xff}.${low}`
          : `fd74:7269:7077::${high.toString(16)}:${low.toString(16)}`
      hosts.set(address, host)
      return address
    },
    hostAt: (address) => hosts.get(address),
  }
}
