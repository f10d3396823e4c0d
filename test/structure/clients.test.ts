import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'vitest'
import { DRIVERS } from '../../plugins/db/drivers.ts'
import { SPOKEN } from '../../plugins/sockets/clients.ts'
import { CLIENTS, type Client } from '../support/clients.ts'
import { expectInDocs, table } from '../support/docs.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = 'docs/compatibility-clients.md'
const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages

function tried(client: Client): string[] {
  const { name, pkg, named, rule, siteless, retries, looksUp } = client
  const filled = (text: string) =>
    text
      .replace('<origin>', 'https://api.example.com')
      .replace('<ws>', 'wss://api.example.com')
      .replace('<place>', 'api.example.com')
      .replace(/<(\d+)>/, 'api.example.com:$1')
  return [
    name,
    pkg === undefined ? 'of Node' : locked[`node_modules/${pkg}`].version,
    `\`${filled(named)}\`${looksUp ? ', after its own lookup' : ''}`,
    `\`${filled(rule)}\``,
    siteless ? 'unknown: an ES module that connects on a later stack' : 'your line',
    retries ?? 'within a second',
    kept(client),
  ]
}

function kept({ protocol, oneShot, neverWarm }: Client): string {
  if (oneShot) return 'one request'
  if (neverWarm) return 'connects anew for each'
  return protocol === 'http' ? 'each request is judged' : 'passes; judged in a sandbox that did not see it open'
}

test('the page of clients says what the tests try (UPDATE_DOCS=1 rewrites it)', () => {
  const head = [
    'client',
    'version',
    'reads in the error',
    'rule that is offered',
    'call site',
    'settles',
    'open connection',
  ]
  expectInDocs(PAGE, 'clients', table(head, CLIENTS.map(tried)))
})

test('the page of clients lists the names that connections carry (UPDATE_DOCS=1 rewrites it)', () => {
  const names = [
    ...Object.entries(DRIVERS).map(([pkg, { name = pkg, product, port }]) => [name, 'db', product, String(port)]),
    ...Object.entries(SPOKEN).map(([pkg, { protocol, port }]) => [pkg, 'sockets', protocol, String(port)]),
  ]
  const lines = new Set(table(['client', 'protocol', 'speaks', 'usual port'], names))
  expectInDocs(PAGE, 'names', [...lines])
})
