import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { settings } from './settings.ts'

/** What the euro will be worth, worked out beside the service; undefined when nobody knows. */
export async function forecast(): Promise<number | undefined> {
  const worker = new Worker(new URL('./forecast-worker.mjs', import.meta.url), { workerData: settings.rates })
  const [answer] = await once(worker, 'message')
  return answer
}
