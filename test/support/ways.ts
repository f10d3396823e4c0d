/** Ways out of the network, as code that a test would run. In scope: HTTP, HTTPS, TCP, UDP, UNIX of the world, and what `ways-suite.ts` imports. */
export interface Way {
  readonly name: string
  /** The protocol that a trip has to name. */
  readonly protocol: string
  /** An expression that gives a promise of what came of it; `m` is the built-in module, if one is named. */
  readonly code: string
  readonly module?: string
  /** Asks for names under example.com: never to be tried unguarded. */
  readonly byName?: boolean
  /** Its API tells its caller nothing of the cause; the trip is looked for in what the test was charged with. */
  readonly blind?: boolean
}

/** How a module may come by a function; each gives an expression for the module `node:name`. */
export const STYLES: Readonly<Record<string, (name: string) => string>> = {
  named: (name) => `named.${name}`,
  default: (name) => `(await import('node:${name}')).default`,
  namespace: (name) => `await import('node:${name}')`,
  require: (name) => `createRequire(import.meta.url)('node:${name}')`,
  getBuiltinModule: (name) => `process.getBuiltinModule('node:${name}')`,
  captured: (name) => `globalThis.captured['${name}']`,
}

/** What the ways take from each module, for the dependency that imports it by name and for the setup file that captures it. */
export const TAKEN: Readonly<Record<string, readonly string[]>> = {
  http: ['get', 'request', 'ClientRequest', 'Agent', 'globalAgent'],
  https: ['get', 'request', 'Agent'],
  http2: ['connect'],
  net: ['connect', 'createConnection', 'Socket', 'Stream'],
  tls: ['connect', 'TLSSocket'],
  dgram: ['createSocket', 'Socket'],
  dns: ['lookup', 'lookupService', 'resolve4', 'resolve', 'reverse', 'Resolver', 'setServers', 'promises'],
}

const of = (module: string, protocol: string, ways: Readonly<Record<string, string>>): Way[] =>
  Object.entries(ways).map(([name, code]) => ({
    name,
    module,
    protocol,
    code,
    byName: /example\.com|192\.0\.2/.test(code),
  }))
const other = (protocol: string, ways: Readonly<Record<string, string>>): Way[] =>
  Object.entries(ways).map(([name, code]) => ({ name, protocol, code, byName: /example\.com/.test(code) }))

const RESOLVES = ['4', '6', 'Any', 'Caa', 'Cname', 'Mx', 'Naptr', 'Ns', 'Ptr', 'Soa', 'Srv', 'Txt']

export const WAYS: readonly Way[] = [
  ...of('http', 'http', {
    'http.get': 'event(m.get(HTTP), "response")',
    'http.get by name': 'event(m.get("http://api.example.com"), "response")',
    'http.request': 'event(m.request(HTTP).end(), "response")',
    'http.request POST': 'event(m.request(HTTP, { method: "POST" }).end("x"), "response")',
    'http.request options': 'event(m.request({ host: "127.0.0.1", port: PORT }).end(), "response")',
    'http.request lookup': 'event(m.request({ host: "localhost", port: PORT, lookup: LOOKUP }).end(), "response")',
    'new http.ClientRequest': 'event(new m.ClientRequest(HTTP).end(), "response")',
    'http.get keep-alive agent': 'event(m.get(HTTP, { agent: new m.Agent({ keepAlive: true }) }), "response")',
    'http.get agent: false': 'event(m.get(HTTP, { agent: false }), "response")',
    'http.get createConnection':
      'event(m.get(HTTP, { createConnection: o => net.connect(o.port, o.host) }), "response")',
    'http socketPath': 'event(m.get({ socketPath: UNIX, path: "/" }), "response")',
    'http.get upgrade': 'event(m.get(HTTP, { headers: { connection: "upgrade", upgrade: "x" } }), "upgrade")',
  }),
  ...of('http', 'sockets', {
    'agent.createConnection': 'event(m.globalAgent.createConnection({ port: PORT, host: "127.0.0.1" }), "connect")',
  }),
  ...of('https', 'http', {
    'https.get': 'event(m.get(HTTPS), "response")',
    'https.request': 'event(m.request(HTTPS).end(), "response")',
    'https.get own agent': 'event(m.get(HTTPS, { agent: new m.Agent() }), "response")',
  }),
  ...of('http2', 'http', {
    'http2.connect': 'event(m.connect(HTTP), "connect")',
    'http2.connect tls': 'event(m.connect(HTTPS), "connect")',
  }),
  ...of('net', 'sockets', {
    'net.connect': 'event(m.connect(TCP, "127.0.0.1"), "connect")',
    'net.connect options': 'event(m.connect({ port: TCP, host: "localhost" }), "connect")',
    'net.connect text port': 'event(m.connect(String(TCP)), "connect")',
    'net.createConnection': 'event(m.createConnection(TCP), "connect")',
    'new net.Socket': 'event(new m.Socket().connect(TCP, "127.0.0.1"), "connect")',
    'new net.Stream': 'event(new m.Stream().connect(TCP, "127.0.0.1"), "connect")',
    'net subclass': 'event(new (class extends m.Socket {})().connect(TCP), "connect")',
    'net prototype': 'event(Reflect.apply(m.Socket.prototype.connect, new m.Socket(), [TCP]), "connect")',
    'net unix path': 'event(m.connect(UNIX), "connect")',
    'net by name': 'event(m.connect(443, "db.example.com"), "connect")',
  }),
  ...of('tls', 'sockets', {
    'tls port, host, options': 'event(m.connect(TCP, "127.0.0.1", { rejectUnauthorized: false }), "secureConnect")',
    'tls port, options': 'event(m.connect(TCP, { rejectUnauthorized: false }), "secureConnect")',
    'tls options': 'event(m.connect({ port: TCP, host: "127.0.0.1" }), "secureConnect")',
    'tls over a socket':
      'event(m.connect({ socket: net.connect(TCP, "127.0.0.1").on("error", ignore) }), "secureConnect")',
    'new tls.TLSSocket': 'event(new m.TLSSocket().connect(TCP, "127.0.0.1"), "secureConnect")',
  }),
  ...of('dgram', 'sockets', {
    'dgram send': 'packet(m, s => s.send("x", UDP, "127.0.0.1", s.done))',
    'dgram list': 'packet(m, s => s.send(["x", "y"], UDP, s.done))',
    'dgram sliced': 'packet(m, s => s.send(Buffer.from("xyz"), 0, 2, UDP, "127.0.0.1", s.done))',
    'dgram connect': 'packet(m, s => s.connect(UDP, "127.0.0.1", e => e ? s.done(e) : s.send("x", s.done)))',
    'new dgram.Socket': 'packet({ createSocket: type => new m.Socket(type) }, s => s.send("x", UDP, s.done))',
  }),
  ...of('dns', 'dns', {
    'dns.lookup': 'callback(done => m.lookup("a.example.com", done))',
    'dns.lookup all': 'callback(done => m.lookup("a.example.com", { all: true }, done))',
    'dns.resolve4': 'callback(done => m.resolve4("a.example.com", done))',
    'dns.resolve': 'callback(done => m.resolve("a.example.com", "MX", done))',
    'dns.reverse': 'callback(done => m.reverse("192.0.2.1", done))',
    'dns.lookupService': 'callback(done => m.lookupService("192.0.2.1", 80, done))',
    'dns promisified': 'promisify(m.lookup)("a.example.com")',
    'dns.Resolver': 'callback(done => new m.Resolver().resolve6("a.example.com", done))',
    'dns after setServers': 'callback(done => { m.setServers(["127.0.0.1:1"]); m.resolve4("a.example.com", done) })',
    'dns.promises': 'm.promises.lookup("a.example.com")',
    'dns.promises.Resolver': 'new m.promises.Resolver().resolveTxt("a.example.com")',
  }),
  ...RESOLVES.flatMap((kind) =>
    other('dns', {
      [`dns.resolve${kind}`]: `callback(done => dns.resolve${kind}("a.example.com", done))`,
      [`dns.promises.resolve${kind}`]: `dns.promises.resolve${kind}("a.example.com")`,
      [`Resolver.resolve${kind}`]: `callback(done => new dns.Resolver().resolve${kind}("a.example.com", done))`,
      [`promises.Resolver.resolve${kind}`]: `new dns.promises.Resolver().resolve${kind}("a.example.com")`,
    }),
  ),
  ...other('http', {
    fetch: 'fetch(HTTP)',
    'fetch by name': 'fetch("https://api.example.com/v1")',
    'fetch POST': 'fetch(HTTP, { method: "POST", body: "x" })',
    'fetch Request': 'fetch(new Request(HTTP, { method: "PUT", body: "x" }))',
    'fetch stream': 'fetch(HTTP, { method: "POST", body: ReadableStream.from(["x"]), duplex: "half" })',
    'fetch captured': 'globalThis.captured.fetch(HTTP)',
    'undici.request': 'undici.request(HTTP)',
    'undici.fetch': 'undici.fetch(HTTP)',
    'undici.stream': 'undici.stream(HTTP, {}, () => new PassThrough())',
    'undici.pipeline': 'event(undici.pipeline(HTTP, {}, ({ body }) => body).end(), "data")',
    'undici.Client': 'new undici.Client(HTTP).request({ path: "/", method: "GET" })',
    'undici.Pool': 'new undici.Pool(HTTP).request({ path: "/", method: "GET" })',
    'undici.Pool limited': 'new undici.Pool(HTTP, { connections: 1 }).request({ path: "/", method: "GET" })',
    'undici.BalancedPool': 'new undici.BalancedPool([HTTP]).request({ path: "/", method: "GET" })',
    'undici.RetryAgent':
      'undici.request(HTTP, { dispatcher: new undici.RetryAgent(new undici.Agent(), { maxRetries: 1 }) })',
    'undici.Agent dispatcher': 'fetch(HTTP, { dispatcher: new undici.Agent() })',
    'undici allowH2': 'undici.request(HTTPS, { dispatcher: new undici.Agent({ allowH2: true }) })',
    'undici socketPath': 'undici.request(HTTP, { dispatcher: new undici.Agent({ connect: { socketPath: UNIX } }) })',
    'undici.upgrade': 'new undici.Client(HTTP).upgrade({ path: "/", protocol: "x" })',
    'axios get': 'axios.get(HTTP)',
    'axios post': 'axios.post(HTTP, { x: 1 })',
    'axios over fetch': 'axios.get(HTTP, { adapter: "fetch" })',
    'axios instance': 'axios.create({ baseURL: HTTP }).get("/x")',
    'axios https': 'axios.get(HTTPS)',
  }),
  // A tunnel is asked of a proxy: what is judged is the connection to it.
  ...other('sockets', { 'undici.connect': 'new undici.Client(HTTP).connect({ path: "/" })' }),
  ...other('ws', {
    ws: 'event(new WebSocket(WS), "open")',
    'ws by name': 'event(new WebSocket("wss://feed.example.com/prices"), "open")',
    'ws over an agent': 'event(new WebSocket(WS, { agent: new http.Agent() }), "open")',
    'ws over a unix socket': 'event(new WebSocket("ws+unix:" + UNIX + ":/"), "open")',
    wss: 'event(new WebSocket(WS.replace("ws:", "wss:")), "open")',
  }),
  { name: 'undici.WebSocket', protocol: 'ws', code: 'shut(new undici.WebSocket(WS))', blind: true },
  { name: 'undici.EventSource', protocol: 'http', code: 'shut(new undici.EventSource(HTTP))', blind: true },
  {
    name: 'global WebSocket',
    protocol: 'ws',
    code: 'shut(new (globalThis.WebSocket ?? undici.WebSocket)(WS))',
    blind: true,
  },
  ...other('db', {
    'pg.Client': 'new pg.Client({ host: "127.0.0.1", port: TCP, user: "app", password: "secret-word" }).connect()',
    'pg.Client by address': 'new pg.Client("postgres://app:secret-word@127.0.0.1:" + TCP + "/shop").connect()',
    'pg.Client by name': 'new pg.Client("postgres://app:secret-word@db.example.com/shop").connect()',
    'pg.Client ssl': 'new pg.Client({ host: "127.0.0.1", port: TCP, user: "app", ssl: true }).connect()',
    'pg.Client callback':
      'callback(done => new pg.Client({ host: "127.0.0.1", port: TCP, user: "app" }).connect(done))',
    'pg.Pool query': 'new pg.Pool({ host: "127.0.0.1", port: TCP, user: "app" }).query("select 1")',
    'pg.Pool connect': 'new pg.Pool({ host: "127.0.0.1", port: TCP, user: "app" }).connect()',
  }),
]
