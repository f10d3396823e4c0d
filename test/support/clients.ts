/** Clients that people use, as code that a test would run against `at`: its `host` and `port` (none for the usual one) and its `origin`. */
import { DRIVERS } from './driver-clients.ts'

export interface Client {
  readonly name: string
  /** What has to be installed; its version stands in the docs. Node's own have none. */
  readonly pkg?: string
  /** What is imported from, where that is not the package itself. */
  readonly module?: string
  /** What is imported, as it is written between `import` and `from`. */
  readonly imports?: string
  /** The package that is nearest to the user's line, where that is another; one of these, as Node's stacks differ. */
  readonly via?: readonly string[]
  /** What the stand-in speaks. */
  readonly speaks:
    | 'http'
    | 'http2'
    | 'websocket'
    | 'postgres'
    | 'mysql'
    | 'redis'
    | 'mongodb'
    | 'smtp'
    | 'mqtt'
    | 'amqp'
    | 'kafka'
  /** Makes the client. */
  readonly make: string
  /** Connects it, where that is a step of its own. */
  readonly connect?: string
  /** Does what needs the other side. */
  readonly use: string
  readonly end?: string
  readonly protocol: string
  /** How a trip names it; `<place>` is the host and port, or the host and what is usual. */
  readonly named: string
  /** The rule of its remedy, when it is called by name. */
  readonly rule: string
  /** Whether opening is all it does. */
  readonly oneShot?: boolean
  /** When it settles, if its own retries keep it from doing so within a second; by its defaults, as measured. */
  readonly retries?: string
  /** It reaches the network on a later stack, and is an ES module that nothing can be hung on: the trip knows the test, not the line. */
  readonly siteless?: boolean
  /** It looks names up by itself, and connects to the address: that is a trip of its own, before the one named here. */
  readonly looksUp?: boolean
  /** It connects anew for everything it does. */
  readonly neverWarm?: boolean
  /** The oldest Node it runs on, where that is not the oldest of ours. */
  readonly node?: number
}

const own = (name: string, make: string, use: string, extra: Partial<Client> = {}): Client => ({
  name,
  speaks: 'http',
  make,
  use,
  protocol: 'http',
  named: 'GET <origin>/v1/items',
  rule: 'GET <origin>/v1/items',
  ...extra,
})

const web = (name: string, imports: string, make: string, use: string, extra: Partial<Client> = {}): Client =>
  own(name, make, use, { pkg: name, imports, ...extra })

/** A WebSocket as browsers have it. */
const socket = (name: string, make: string, extra: Partial<Client>): Client => ({
  name,
  speaks: 'websocket',
  make: `new ${make}(at.origin.replace('http', 'ws') + '/feed')`,
  connect: `event(c, 'open')`,
  use: `(c.send('x'), later(30))`,
  end: 'c.close()',
  protocol: 'ws',
  named: 'a WebSocket to <ws>/feed',
  rule: '<ws>/feed',
  ...extra,
})

const AWS = `region: 'us-east-1', endpoint: at.origin, forcePathStyle: true, credentials: { accessKeyId: 'app', secretAccessKey: 'secret-word' }`
const SOCKET_IO = `GET <origin>/socket.io/?EIO=4&transport=polling`

export const CLIENTS: readonly Client[] = [
  own('fetch', 'fetch', 'c(at.origin + "/v1/items").then(response => response.text())'),
  own(
    'http.get',
    'process.getBuiltinModule(at.origin.startsWith("https") ? "node:https" : "node:http")',
    `event(c.get(at.origin + '/v1/items'), 'response').then(response => event(response.resume(), 'end'))`,
  ),
  socket('WebSocket', 'WebSocket', { node: 22 }),
  web('axios', 'axios', 'axios.create({ baseURL: at.origin })', `c.get('/v1/items')`),
  web('got', 'got', 'got', 'c(at.origin + "/v1/items")', { siteless: true }),
  web('node-fetch', 'nodeFetch', 'nodeFetch', 'c(at.origin + "/v1/items")'),
  web('ky', 'ky', 'ky', 'c(at.origin + "/v1/items").text()', { retries: 'after 1 s (`retry`)' }),
  web('superagent', 'superagent', 'superagent', 'c.get(at.origin + "/v1/items")', { neverWarm: true }),
  web('needle', 'needle', 'needle', `c('get', at.origin + '/v1/items')`),
  web('supertest', 'supertest', 'supertest(at.origin)', `c.get('/v1/items').expect(200)`, {
    neverWarm: true,
    // Node 26 shows who awaits a thenable, and what that runs is superagent's.
    via: ['supertest', 'superagent'],
  }),
  web(
    '@elastic/elasticsearch',
    '{ Client as Elastic }',
    'new Elastic({ node: at.origin })',
    `c.search({ index: 'items' })`,
    {
      named: 'GET <origin>/items/_search',
      retries: 'after 9 s (`maxRetries`)',
      rule: 'GET <origin>/items/_search',
    },
  ),
  web(
    '@aws-sdk/client-s3',
    '{ S3Client, ListBucketsCommand }',
    `new S3Client({ ${AWS} })`,
    'c.send(new ListBucketsCommand({}))',
    {
      named: 'GET <origin>/?x-id=ListBuckets',
      rule: 'GET <origin>/',
      via: ['@aws-sdk/core'],
      end: 'c.destroy()',
    },
  ),
  web(
    '@aws-sdk/client-dynamodb',
    '{ DynamoDBClient, ListTablesCommand }',
    `new DynamoDBClient({ ${AWS} })`,
    'c.send(new ListTablesCommand({}))',
    { named: 'POST <origin>/', rule: 'POST <origin>/', via: ['@aws-sdk/core'], end: 'c.destroy()' },
  ),
  ...['undici6', 'undici', 'undici8'].flatMap((pkg) => [
    web(
      `${pkg} request`,
      `* as ${pkg}`,
      `new ${pkg}.Agent()`,
      `${pkg}.request(at.origin + '/v1/items', { dispatcher: c }).then(({ body }) => body.dump())`,
      {
        pkg,
        end: 'c.destroy()',
        ...(pkg === 'undici8' && { node: 22 }),
      },
    ),
    web(
      `${pkg} fetch`,
      `* as ${pkg}`,
      `new ${pkg}.Agent()`,
      `${pkg}.fetch(at.origin + '/v1/items', { dispatcher: c }).then(response => response.text())`,
      {
        pkg,
        end: 'c.destroy()',
        ...(pkg === 'undici8' && { node: 22 }),
      },
    ),
  ]),
  ...['undici6', 'undici', 'undici8'].flatMap((pkg) => {
    const known = { pkg, imports: `* as ${pkg}`, ...(pkg === 'undici8' && { node: 22 }) }
    return [
      socket(`${pkg} WebSocket`, `${pkg}.WebSocket`, known),
      own(`${pkg} EventSource`, `new ${pkg}.EventSource(at.origin + '/v1/items')`, `event(c, 'open')`, {
        ...known,
        end: 'c.close()',
        oneShot: true,
      }),
    ]
  }),
  web('eventsource', '{ EventSource as Events }', `new Events(at.origin + '/v1/items')`, `event(c, 'open')`, {
    end: 'c.close()',
    oneShot: true,
  }),
  web(
    '@grpc/grpc-js',
    '* as grpc',
    "new grpc.Client(at.place, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })",
    `callback(done => c.makeUnaryRequest('/shop.Items/List', same, same, Buffer.alloc(0), done))`,
    {
      speaks: 'http2',
      looksUp: true,
      end: 'c.close()',
      named: 'an HTTP/2 session with <443>',
      rule: 'http:<place>',
    },
  ),
  socket('ws', 'Ws', { pkg: 'ws', imports: 'Ws', use: `callback(done => c.send('x', done))`, end: 'c.terminate()' }),
  {
    name: 'socket.io-client',
    pkg: 'socket.io-client',
    imports: '{ io }',
    speaks: 'websocket',
    make: `io(at.origin, { transports: ['websocket'], forceNew: true })`,
    connect: `event(c, 'connect', 'connect_error')`,
    use: `(c.emit('x'), later(30))`,
    end: 'c.close()',
    protocol: 'ws',
    named: 'a WebSocket to <ws>/socket.io/?EIO=4&transport=websocket',
    rule: '<ws>/socket.io/',
  },
  web(
    'socket.io-client (polling)',
    '{ io as poll }',
    'poll(at.origin, { forceNew: true })',
    `event(c, 'connect', 'connect_error')`,
    {
      pkg: 'socket.io-client',
      named: SOCKET_IO,
      oneShot: true,
      rule: 'GET <origin>/socket.io/',
      end: 'c.close()',
    },
  ),
  ...DRIVERS,
]
