/**
 * The demo: an order service whose tests quietly use the network. Its suite runs bare, then under tripwire with nothing but the one line,
 * then repaired; the outside world, a process of its own, says what reached it. Exits 0 only if all went as told.
 */
import { startWorld } from './outside.mjs'
import { lineOf, runSuite } from './suite.mjs'

const MOST_LINES = 45
const BEFORE = { root: '.', dir: 'before' }
/** The ledger by its real name, as on a new colleague's machine: a name that must not even be looked up. */
const REAL_NAME = { unset: ['LEDGER_URL'] }

/** Node 22.5 and newer. */
const hasSqlite = process.getBuiltinModule?.('node:sqlite') !== undefined

/** What nobody asked for, by the test (or, for imports and late calls, the file) that has to pay. */
const EXPECTED_TO_FAIL = [
  'api.test.ts',
  'api.test.ts: the api > refuses an order of nothing',
  'api.test.ts: the api > takes an order',
  'disk.test.ts: a forecast is a number or nothing',
  'disk.test.ts: an invoice is written',
  'disk.test.ts: prices are remembered',
  ...(hasSqlite ? ['disk.test.ts: stock is counted'] : []),
  'disk.test.ts: the version is that of the checkout or unknown',
  'orders.test.ts: saving an order gives its number',
  'payments.test.ts',
  'payments.test.ts: booking names the entry or fails',
  'payments.test.ts: charging > gives a charge',
  'payments.test.ts: charging > is pending while the payment service is down',
  'prices.test.ts: the latest price is a number of cents',
  'rates.test.ts: CHF are a number too',
  'rates.test.ts: GBP are a number too',
  'rates.test.ts: dollars are a number',
  'shipping.test.ts: a parcel costs something',
]

const problems = []
function check(fine, text, got = '') {
  console.log(`${fine ? '  ok    ' : '  WRONG '} ${text}`)
  if (!fine) problems.push(text)
  if (!fine && got) console.log(got)
}
const title = (text) => console.log(`\n=== ${text} ===\n`)
const list = (lines) => console.log(lines.map((line) => `    ${line}`).join('\n'))

function counted(lines) {
  const times = new Map()
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1)
  return [...times].map(([line, number]) => `${number} × ${line}`)
}

const world = await startWorld()

title('1. The suite as it was')
const bare = await runSuite({ ...BEFORE, config: 'vitest.bare.config.ts' }, world)
console.log(bare.summary)
console.log('  and this reached the outside world meanwhile:')
list(counted(bare.arrived))
check(bare.code === 0, 'it passes', bare.output)
const silent = [...world.names].filter((name) => !bare.arrived.some((line) => line.startsWith(`${name}:`)))
check(silent.length === 0, `and uses everything there is: ${world.names.join(', ')}`, silent.join(', '))
check(bare.asked.includes('de.zones.example.com'), 'the witness sees the names that are asked for')

title('2. The same suite with one line: plugins: [tripwire()]')
const guarded = await runSuite({ ...BEFORE, ...REAL_NAME, config: 'vitest.config.ts' }, world)
const lines = guarded.output.split('\n')
const from = lines.findIndex((line) => / FAIL /.test(line))
console.log(lines.slice(from, from + MOST_LINES).join('\n'))
console.log(`  … (${lines.length - from - MOST_LINES} more lines; then the report at the end)\n`)
console.log(guarded.report)
console.log(guarded.summary)
check(guarded.code !== 0, 'the guarded suite fails')
check(
  JSON.stringify(guarded.failed) === JSON.stringify(EXPECTED_TO_FAIL),
  'exactly those fail that made a call, or whose file did; all others pass',
  guarded.failed.join('\n'),
)
for (const [call, file, text] of [
  ['/v1/charges', 'payments.ts', 'await request(`'],
  ['POST https://ledger.example.com/entries', 'payments.ts', 'await axios.post'],
  ['GET http://127.0.0.1', 'payments.ts', '/v1/charges/${'],
  ['/v1/latest', 'rates.ts', 'await fetch('],
  ['/v1/hello', 'telemetry.ts', '/v1/hello'],
  ['/v1/events', 'telemetry.ts', '/v1/events'],
  ['a WebSocket to ', 'prices.ts', 'new WebSocket('],
  ['pg to ', 'orders.ts', 'await pool.connect('],
  ['TXT records of de.zones.example.com', 'shipping.ts', 'resolver.resolveTxt('],
  ['UDP', 'metrics.ts', 'socket.send('],
  ['making the folder', 'invoice.ts', 'mkdirSync(folder'],
  ['making the folder', 'cache.ts', 'await mkdir('],
  ['running `git rev-parse --short HEAD`', 'version.ts', 'return execFileSync('],
  ['/v1/history', 'forecast-worker.mjs', 'await fetch('],
  ...(hasSqlite ? [['opening the sqlite database', 'stock.ts', 'new sqlite.DatabaseSync(']] : []),
]) {
  const place = lineOf(file, text)
  check(guarded.places(call, place), `names ${call.trim()} at ${place}`)
}
check(guarded.output.includes('after test "refresh does not throw" had ended'), 'names who left a request running')
check(!/hunter2|sk_live_4242/.test(guarded.output), 'tells no secret')
check(guarded.arrived.length === 0, 'nothing reached the outside world', guarded.arrived.join('\n'))
check(guarded.asked.length === 0, 'and no name was looked up', guarded.asked.join('\n'))

title('3. The repaired suite')
const repaired = await runSuite({ ...REAL_NAME, root: 'after', config: 'vitest.config.ts' }, world)
console.log(repaired.summary)
check(repaired.code === 0, 'it passes', repaired.output)
console.log(
  '  its files go to a volume and its orders to an embedded Postgres; two of its tests print what came there:',
)
for (const { test, lines } of repaired.shown) list([test, ...lines.map((line) => `  ${line}`)])
const shown = repaired.shown.flatMap(({ lines }) => lines)
for (const [what, line] of [
  ['a file that was made', 'created 7.txt'],
  ['a line that was added', '  +7;1499'],
  ['a statement with its parameters', 'insert into orders (article, quantity) values ($1, $2) returning id  ["mug",2]'],
  ['and the end of its transaction', 'commit'],
])
  check(shown.includes(line), `${what}: ${line.trim()}`, shown.join('\n'))
check(!/hunter2|sk_live_4242/.test(repaired.output), 'tells no secret')
console.log('  and this reached the outside world meanwhile:')
list(counted(repaired.arrived))
check(
  repaired.arrived.length === 3 && repaired.arrived.every((line) => line === 'rates: GET /v1/latest'),
  'just what three tests asked for: no file, and nothing at the real database',
  repaired.arrived.join('\n'),
)
check(repaired.asked.length === 0, 'and no name was looked up', repaired.asked.join('\n'))

world.end()
console.log(problems.length === 0 ? '\nAll as told.' : `\n${problems.length} things went wrong.`)
process.exitCode = problems.length === 0 ? 0 : 1
