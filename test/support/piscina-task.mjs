import { parentPort } from 'node:worker_threads'

/** The task of the pool of workers: comes back later, and may send a message of its own before. */
export default async function ({ tell } = {}) {
  await new Promise((resolve) => setTimeout(resolve, 5))
  if (tell) parentPort.postMessage('news')
}
