import type { TestDatabase } from './test-database.js'

/** What clients at full speed had to bear. */
export interface Borne {
  readonly queries: number
  /** Milliseconds, of one query. */
  readonly longestWaitMs: number
  readonly errors: readonly string[]
}

/** Starts clients that send their statement over and over, each on a session of its own. */
export async function startTraffic(
  database: TestDatabase,
  statements: readonly string[],
): Promise<{ stop(): Promise<Borne> }> {
  let isStopped = false
  let queries = 0
  let longestWaitMs = 0
  const errors: string[] = []
  const clients = await Promise.all(statements.map(() => database.client()))
  const working = clients.map(async (client, i) => {
    while (!isStopped) {
      const started = performance.now()
      await client.query(statements[i] ?? '').catch((error: Error) => errors.push(error.message))
      longestWaitMs = Math.max(longestWaitMs, performance.now() - started)
      queries += 1
    }
  })
  return {
    stop: async () => {
      isStopped = true
      await Promise.all(working)
      await Promise.all(clients.map((client) => client.end()))
      return { queries, longestWaitMs: Math.round(longestWaitMs), errors }
    },
  }
}
