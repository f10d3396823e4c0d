/** Tries again until it works, and gives up quietly. */
export async function retry<T>(times: number, fn: () => Promise<T>): Promise<T | undefined> {
  for (let attempt = 0; attempt < times; attempt++) {
    try {
      return await fn()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  return undefined
}
