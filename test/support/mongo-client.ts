import { MongoClient, type MongoClientOptions } from 'mongodb'
import { tripwire } from 'vitest-tripwire'

export const MONGO_URL = 'mongodb://localhost:27017/app'

/** Runs `fn` with a client of MongoDB, and closes that. */
export async function withMongo<T>(
  fn: (client: MongoClient) => Promise<T>,
  url: string = MONGO_URL,
  options: MongoClientOptions = {},
): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 3000, ...options })
  try {
    return await fn(client)
  } finally {
    await client.close()
  }
}

export function inSandboxWithMongo<T>(
  fn: (client: MongoClient) => Promise<T>,
  url?: string,
  options?: MongoClientOptions,
): Promise<T> {
  return tripwire.sandbox(() => withMongo(fn, url, options))
}
