import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { DRIVERS } from '../../plugins/db/drivers.ts'
import { SPOKEN } from '../../plugins/sockets/clients.ts'
import { CLIENTS, type Client } from '../support/clients.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs/compatibility-clients.md')
const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages

/** Cells hold backticks and pipes of nobody's rule. */
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly string[]) => [row(head), row(head.map(() => '---')), ...rows]

function tried(client: Client): string {
  const { name, pkg, named, rule, siteless, retries, looksUp } = client
  const filled = (text: string) =>
    text
      .replace('<origin>', 'https://api.example.com')
      .replace('<ws>', 'wss://api.example.com')
      .replace('<place>', 'api.example.com')
      .replace(/<(\d+)>/, 'api.example.com:$1')
  return row([
    name,
    pkg === undefined ? 'of Node' : locked[`node_modules/${pkg}`].version,
    `\`${filled(named)}\`${looksUp ? ', after its own lookup' : ''}`,
    `\`${filled(rule)}\``,
    siteless ? 'unknown: an ES module that connects on a later stack' : 'your line',
    retries ?? 'within a second',
    kept(client),
  ])
}

function kept({ protocol, oneShot, neverWarm }: Client): string {
  if (oneShot) return 'one request'
  if (neverWarm) return 'connects anew for each'
  return protocol === 'http' ? 'each request is judged' : 'passes; judged in a sandbox that did not see it open'
}

test('the page of clients says what the tests try and the plugins know (UPDATE_DOCS=1 rewrites it)', () => {
  const head = [
    'client',
    'version',
    'reads in the error',
    'rule that is offered',
    'call site',
    'settles',
    'open connection',
  ]
  const names = [
    ...Object.entries(DRIVERS).map(([pkg, { name = pkg, product, port }]) => row([name, 'db', product, String(port)])),
    ...Object.entries(SPOKEN).map(([pkg, { protocol, port }]) => row([pkg, 'sockets', protocol, String(port)])),
  ]
  const lines = [
    '<!-- clients -->',
    ...table(head, CLIENTS.map(tried)),
    '<!-- /clients -->',
    '',
    '## Names',
    '',
    'Connections of these packages carry their name, by the package that stands on the stack when they connect.',
    '',
    '<!-- names -->',
    ...table(['client', 'protocol', 'speaks', 'usual port'], [...new Set(names)]),
    '<!-- /names -->',
    '',
  ].join('\n')
  const page = readFileSync(PAGE, 'utf8')
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      PAGE,
      page.replace(/<!-- clients -->[\s\S]*$/, () => lines),
    )
  expect(readFileSync(PAGE, 'utf8')).toContain(lines)
})
