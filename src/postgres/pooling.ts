import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

/**
 * For how long a connection is lent: `session` is as good as a direct one. `single`: there is only one connection, which one session of
 * ours would keep from the other.
 */
export type Pooling = 'session' | 'transaction' | 'statement' | 'single'

/** What is wrong with it, behind `a connection pooler at …`. */
export const poolingWords: Readonly<Record<Exclude<Pooling, 'session'>, string>> = {
  statement: 'lends its connections for one statement at a time; not even a transaction holds',
  transaction: 'changes backends between transactions; locks and settings of a session get lost',
  single: 'has one connection to lend; the guard needs several at a time',
}

/** A pooler that has no connection left lets a query wait, and PgBouncer does so for two minutes. */
const waitMs = 3_000
/** Of a pooler with other clients, the second session may get a backend that the first one never had. */
const rounds = 2
const nothing = Symbol('no answer')

/**
 * Finds out how connections are lent, by two sessions that get into each other's way: the second one begins a transaction and so
 * keeps the backend that the first one had, if it can. Nothing is set and nothing is read but the number of the backend.
 */
export async function findPooling(first: pg.Client, openSecond: () => Promise<pg.Client>): Promise<Pooling> {
  const before = await backendOf(first)
  const opening = openSecond()
  const second = await inTime(opening)
  if (second === nothing) {
    void opening.then((client) => client.end()).catch(() => undefined)
    return 'single'
  }
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const held = await inTime(begin(second))
      if (held === 'refused') return 'statement'
      // It waits for the connection that the first session has: for good, or only while that one is asked.
      if (held === nothing) return 'single'
      const after = await inTime(begin(first))
      if (after === 'refused') return 'statement'
      if (after === nothing) return 'single'
      await first.query('ROLLBACK')
      if (after !== before) return 'transaction'
      await second.query('ROLLBACK')
    }
    return 'session'
  } finally {
    cut(second)
  }
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_catalog.pg_backend_pid() AS pid')
  return rows[0].pid
}

/** A pooler in statement mode takes no transaction of several statements. */
async function begin(client: pg.Client): Promise<number | 'refused'> {
  try {
    await client.query('BEGIN')
    return await backendOf(client)
  } catch {
    return 'refused'
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T | typeof nothing> {
  answer.catch(() => undefined)
  return Promise.race([answer, sleep(waitMs, nothing, { ref: false })])
}

/** A session whose question is not answered does not end by being asked to; the server rolls back what it has begun. */
function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}
