/** Clients that speak a protocol of their own over a socket, and are no databases: what connects is named by them. */
import { type Layer, packageOf, type StackFrame, type Tap } from '../../src/plugin.ts'

/** What is known of a client by its package. */
export interface Spoken {
  /** What it speaks, as people write it. */
  readonly protocol: string
  /** The usual port. */
  readonly port: number
}

export const SPOKEN: Readonly<Record<string, Spoken>> = {
  amqplib: { protocol: 'AMQP', port: 5672 },
  kafkajs: { protocol: 'Kafka', port: 9092 },
  mqtt: { protocol: 'MQTT', port: 1883 },
  nodemailer: { protocol: 'SMTP', port: 587 },
}

interface Cluster {
  connect(...args: unknown[]): unknown
}

/** kafkajs connects in a queue of its own, some ticks after it is asked to, and again and again. */
export function rememberClients(tap: Tap): void {
  tap.onceLoaded(['/kafkajs/src/cluster/index.js'], (exported) => {
    const { prototype } = exported as { prototype?: Cluster }
    if (typeof prototype?.connect !== 'function') return
    tap.patch(prototype, 'connect', (original) => {
      return function connect(this: Cluster, ...args) {
        return tap.here()(() => Reflect.apply(original, this, args))
      }
    })
  })
}

/** The connection with the name of its client, by the stack of the connect. */
export function nameClient(lower: Layer, stack: () => readonly StackFrame[]): Layer | undefined {
  const { operation, facts } = lower
  if (operation !== 'sockets:connect' || facts.transport === 'udp' || facts.transport === 'unix') return undefined
  for (const { file } of stack()) {
    const client = packageOf(file)
    if (client !== undefined && Object.hasOwn(SPOKEN, client)) return { ...lower, facts: { client, ...facts } }
  }
  return undefined
}
