/** Real addons, as npm installs them, which open files, programs, devices and sockets below everything that Node knows of. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'

const load = createRequire(import.meta.url)
const { into, out, stopped } = usePlaces()

describe('lmdb', () => {
  const { open } = load('lmdb') as { open(options: object): Store }
  interface Store {
    put(key: string, value: unknown): Promise<boolean>
    get(key: string): unknown
    close(): Promise<void>
  }

  test('is stopped outside, where it would make a folder, a file and a lock', async () => {
    for (const path of [out('store'), out('folder'), into('out/store')]) {
      const [trip] = await stopped(() => open({ path }))
      expect(trip?.callSite?.file).toContain('addons.test.ts')
    }
    const [trip] = await stopped(() => open({ path: out('folder/data.mdb') }))
    expect(trip).toMatchObject({
      protocol: 'db',
      facts: { driver: 'lmdb', product: 'lmdb', path: out('folder/data.mdb') },
    })
  })

  test('keeps what it is given below the temporary folder, and reads outside what it only reads', async () => {
    const store = open({ path: into('store') })
    await store.put('order', { id: 5 })
    expect(store.get('order')).toEqual({ id: 5 })
    await store.close()
    const path = out('there')
    await unguarded(async () => {
      const there = open({ path })
      await there.put('a', 1)
      await there.close()
    })
    const there = open({ path, readOnly: true, noMemInit: true })
    expect(there.get('a')).toBe(1)
    await there.close()
  })
})

describe('classic-level', () => {
  interface Level {
    open(): Promise<void>
    put(key: string, value: string): Promise<void>
    get(key: string): Promise<string>
    close(): Promise<void>
  }
  const { ClassicLevel } = load('classic-level') as { ClassicLevel: new (path: string, options?: object) => Level }

  test('is stopped outside, where it would make a folder, and in one that is there', async () => {
    await stopped(() => new ClassicLevel(out('level')).open())
    const [trip] = await stopped(() =>
      // What makes the folder is allowed: then it is the addon that is stopped.
      tripwire.allow('fs', () => new ClassicLevel(out('folder')).open()),
    )
    expect(trip).toMatchObject({ protocol: 'db', facts: { driver: 'classic-level', path: out('folder') } })
  })

  test('keeps what it is given below the temporary folder', async () => {
    const level = new ClassicLevel(into('level'))
    await level.put('a', '1')
    expect(await level.get('a')).toBe('1')
    await level.close()
    expect(existsSync(into('level'))).toBe(true)
  })
})

describe('node-pty', () => {
  interface Terminal {
    onData(listener: (data: string) => void): void
    onExit(listener: () => void): void
  }
  const { spawn } = load('@lydell/node-pty') as { spawn(file: string, args: string[], options: object): Terminal }
  const touch = (path: string) => spawn('sh', ['-c', `echo made > ${path}; echo done`], {})

  test('starts no program without a rule', async () => {
    const [trip] = await stopped(() => touch(out('made')))
    expect(trip).toMatchObject({ protocol: 'subprocess', facts: { program: 'sh' } })
    expect(trip?.callSite?.file).toContain('addons.test.ts')
  })

  test('works where a rule names the program', async () => {
    const said = await tripwire.allow('subprocess:sh', () => {
      return new Promise<string>((done) => {
        let text = ''
        const terminal = touch(into('made'))
        terminal.onData((data) => {
          text += data
        })
        terminal.onExit(() => done(text))
      })
    })
    expect(said).toContain('done')
    expect(existsSync(into('made'))).toBe(true)
  })
})

describe('zeromq', () => {
  interface Socket {
    bind(address: string): Promise<void>
    connect(address: string): void
    send(text: string): Promise<void>
    receive(): Promise<Buffer[]>
    close(): void
    readonly lastEndpoint: string
  }
  const { Push, Pull } = load('zeromq') as { Push: new (options?: object) => Socket; Pull: new () => Socket }

  test('is stopped on its way to another process', async () => {
    const push = new Push({ linger: 0 })
    for (const [address, facts] of [
      ['tcp://queue.example.com:5555', { host: 'queue.example.com', port: 5555 }],
      ['ipc:///run/queue.sock', { transport: 'unix', path: '/run/queue.sock' }],
    ] as const) {
      const [trip] = await stopped(() => push.connect(address))
      expect(trip).toMatchObject({ protocol: 'sockets', facts })
    }
    push.close()
  })

  test.for(['tcp://127.0.0.1:*', 'inproc://queue'])('speaks to what the test itself binds at %s', async (address) => {
    const [push, pull] = [new Push(), new Pull()]
    await pull.bind(address)
    push.connect(pull.lastEndpoint)
    await push.send('hello')
    expect(String(await pull.receive())).toBe('hello')
    push.close()
    pull.close()
  })

  test('reaches a server of the test that Node listens with', async () => {
    const server = createServer()
    const connected = new Promise((done) => server.once('connection', (socket) => done(socket.destroy())))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const push = new Push({ linger: 0 })
    push.connect(`tcp://127.0.0.1:${(server.address() as { port: number }).port}`)
    await connected
    push.close()
    server.close()
  })
})

describe('serialport', () => {
  const { autoDetect } = load('@serialport/bindings-cpp') as {
    autoDetect(): { open(options: object): Promise<object> }
  }
  const port = (path: string) => autoDetect().open({ path, baudRate: 9600 })

  test('opens no device without a rule, and tries the one that a rule names', async () => {
    const [trip] = await stopped(() => port('/dev/ttyTripwire'))
    expect(trip).toMatchObject({ operation: 'native:device', facts: { path: '/dev/ttyTripwire' } })
    await tripwire.allow('native:/dev/ttyTripwire', () =>
      expect(port('/dev/ttyTripwire')).rejects.toThrow('No such file or directory'),
    )
  })
})

test('an addon is told of as it is loaded, and may be', () => {
  load('lmdb')
  const file = Object.keys(load.cache).find((file) => /lmdb.*\.node$/.test(file)) as string
  const box = tripwire.sandbox((box) => {
    process.dlopen({ exports: {} }, file)
    return box
  })
  expect(box.interactions).toMatchObject([{ operation: 'native:load', facts: { path: file } }])
  expect(String(box.interactions[0]?.facts.package)).toMatch(/lmdb/)
})
