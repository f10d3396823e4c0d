import type { Client } from './clients.ts'
import type { Held, Worked } from './clients-suite.ts'

/** What was measured of each client, as a table. */
export function figures(clients: readonly Client[], held: readonly Held[], worked: readonly Worked[]): string {
  const lines = clients.flatMap((client) => {
    const rows = held.filter(({ name }) => name === client.name)
    const work = worked.find(({ name }) => name === client.name)
    return rows.length === 2 && work ? [line(client, rows, work)] : []
  })
  const head = ['client', 'held', 'named', 'call site', 'settles', 'works when allowed', 'open connection']
  return ['', `| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...lines].join('\n')
}

function line(client: Client, rows: readonly Held[], { end, connects, warm, allowed, boxed }: Worked): string {
  const isHeld = rows.every(({ end, trips }) => end !== 'got out' && trips.length > 0)
  const sites = rows.map(({ place, trips: [first] }) => (first?.site === place ? 'line' : (first?.site ?? 'test only')))
  const [here] = rows
  const hangs = rows.some(({ end }) => end === 'hung')
  const cells = [
    client.name,
    isHeld ? 'yes' : 'NO',
    here?.trips[0]?.description.replace(/127\.0\.0\.1:\d+/, '127.0.0.1'),
    [...new Set(sites)].join(', '),
    hangs ? client.retries : `${Math.max(...rows.map(({ milliseconds }) => milliseconds))} ms`,
    end,
    warm === '-'
      ? '-'
      : `${connects > 0 ? 'new' : 'kept'}; guarded ${warm}; sandbox ${boxed}; allowed there ${allowed}`,
  ]
  return `| ${cells.join(' | ')} |`
}
