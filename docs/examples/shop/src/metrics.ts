import { createSocket } from 'node:dgram'
import { settings } from './settings.ts'

/** Counts an event by a packet that may get lost. */
export function count(event: string, to: string = settings.metrics): void {
  const { hostname, port } = new URL(to)
  const socket = createSocket('udp4')
  socket.send(`${event}:1|c`, Number(port), hostname, () => socket.close())
}
