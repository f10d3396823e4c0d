import { type RuleFields, RuleSyntaxError, suggest } from '../../src/plugin.ts'

const TRANSPORTS = ['tcp', 'tls', 'udp', 'unix', 'listen']
const EXPECTED = "'sockets:host[:port]', 'sockets:tcp://host[:port]', 'sockets:unix:/path' or 'sockets:listen:port'"
const ENDPOINT = /^(\[[^\]]+\]|[^/:?#\s]+)(\/\d{1,3})?(?::(\d{1,5}|\*))?$/

/**
 * Reads what follows `sockets:`. No port means any, since TCP has no port of its own; `tcp://` covers TLS, which rides on it.
 * @throws RuleSyntaxError
 */
export function parseSocketRule(text: string): RuleFields {
  if (text.startsWith('unix:')) return unixRule(text.slice('unix:'.length))
  if (text.startsWith('listen:')) return listenRule(text.slice('listen:'.length))
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1]
  if (scheme !== undefined && !['tcp', 'tls', 'udp'].includes(scheme)) {
    throw new RuleSyntaxError(`'${scheme}://' is no transport`, EXPECTED, suggest(scheme, TRANSPORTS))
  }
  const endpoint = ENDPOINT.exec(scheme === undefined ? text : text.slice(scheme.length + 3))
  if (endpoint === null) throw new RuleSyntaxError('it names no endpoint', EXPECTED)
  const [, host, block = '', port] = endpoint
  return {
    operation: scheme === undefined || scheme === 'udp' ? ['connect', 'send', 'join'] : 'connect',
    ...(scheme !== undefined && { transport: scheme === 'tcp' ? ['tcp', 'tls'] : scheme }),
    ...(host !== '*' && { host: `${host}${block}` }),
    ...(port !== undefined && port !== '*' && { port: Number(port) }),
  }
}

function unixRule(path: string): RuleFields {
  if (path === '') throw new RuleSyntaxError('the path is missing', "'sockets:unix:/path', with * and **")
  return { transport: 'unix', path }
}

function listenRule(port: string): RuleFields {
  if (port === '*') return { operation: 'listen' }
  if (!/^\d{1,5}$/.test(port))
    throw new RuleSyntaxError(`'${port}' is no port`, "'sockets:listen:4000' or 'sockets:listen:*'")
  return { operation: 'listen', port: Number(port) }
}
