import WebSocket from 'ws'
import { settings } from './settings.ts'

const FALLBACK = 1999

/** The latest price of an article in cents; the list price while the feed is down. */
export function latestPrice(article: string, url: string = settings.feed): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url}?article=${article}`)
    socket.on('message', (data) => {
      resolve(Number(JSON.parse(String(data)).cents))
      socket.close()
    })
    socket.on('error', () => resolve(FALLBACK))
  })
}

export function discounted(cents: number, percent: number): number {
  return Math.round(cents * (1 - percent / 100))
}
