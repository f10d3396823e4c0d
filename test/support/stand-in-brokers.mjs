/** Brokers that say as much of AMQP and Kafka as a client needs for one operation; see `stand-ins.mjs`. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const load = createRequire(import.meta.url)

/** AMQP 0-9-1: opens the connection and whatever channel is asked for, in amqplib's own words. */
export function amqp(tcp, tell) {
  const defs = load(join(dirname(load.resolve('amqplib')), 'lib/defs.js'))
  const limits = { channelMax: 100, frameMax: 4096, heartbeat: 0 }
  const start = {
    versionMajor: 0,
    versionMinor: 9,
    serverProperties: {},
    mechanisms: Buffer.from('PLAIN'),
    locales: Buffer.from('en_US'),
  }
  const answers = {
    [defs.ConnectionStartOk]: [defs.ConnectionTune, limits],
    [defs.ConnectionOpen]: [defs.ConnectionOpenOk, {}],
    [defs.ConnectionClose]: [defs.ConnectionCloseOk, {}],
    [defs.ChannelOpen]: [defs.ChannelOpenOk, {}],
  }
  return tcp((data, socket, state) => {
    if (!state.started) {
      if (data.length < 8) return 0
      state.started = true
      socket.write(defs.encodeMethod(defs.ConnectionStart, 0, start))
      return 8
    }
    if (data.length < 7) return 0
    const size = data.readUInt32BE(3) + 8
    if (data.length < size) return 0
    const method = data[0] === 1 ? data.readUInt32BE(7) : undefined
    if (method !== undefined) tell(`method ${method >> 16}.${method & 0xffff}`)
    const [id, fields] = answers[method] ?? []
    if (id !== undefined) socket.write(defs.encodeMethod(id, data.readUInt16BE(1), fields))
    return size
  })
}

const METADATA = 3
const SASL_HANDSHAKE = 17
const API_VERSIONS = 18
const SASL_AUTHENTICATE = 36

/** Kafka, each request in its first version: this broker is the cluster, and has no topics. */
export function kafka(tcp, tell) {
  const int16 = (number) => Buffer.from([number >> 8, number & 0xff])
  const int32 = (number) => Buffer.concat([int16(number >> 16), int16(number & 0xffff)])
  const text = (string) => Buffer.concat([int16(string.length), Buffer.from(string)])
  const list = (items) => Buffer.concat([int32(items.length), ...items])
  const ok = int16(0)
  const answers = {
    [API_VERSIONS]: () => {
      const known = [METADATA, SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE]
      // The newer handshake wraps the secret in requests; the old one would send it bare.
      const versions = known.map((key) => Buffer.concat([int16(key), int16(0), int16(key === SASL_HANDSHAKE ? 1 : 0)]))
      return [ok, list(versions)]
    },
    [SASL_HANDSHAKE]: () => [ok, list([text('PLAIN')])],
    [SASL_AUTHENTICATE]: () => [ok, int16(0xffff), int32(0)],
    [METADATA]: (port) => [list([Buffer.concat([int32(1), text('127.0.0.1'), int32(port)])]), list([])],
  }
  return tcp((data, socket) => {
    if (data.length < 4) return 0
    const size = data.readInt32BE(0) + 4
    if (data.length < size) return 0
    const [key, version, id] = [data.readInt16BE(4), data.readInt16BE(6), data.subarray(8, 12)]
    tell(`request ${key}`)
    const isKnown = version === 0 || key === SASL_HANDSHAKE
    const body = Buffer.concat([id, ...(isKnown ? answers[key](socket.localPort) : [int16(35), list([])])])
    socket.write(Buffer.concat([int32(body.length), body]))
    return size
  })
}
