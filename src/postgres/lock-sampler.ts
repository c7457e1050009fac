import { setTimeout as sleep } from 'node:timers/promises'
import { type LockMode, lockModeOf } from '../domain/lock-mode.js'
import type { Client } from './connection.js'
import { namedRelations, relationName } from './named-relations.js'

/** A lock that was seen from another session; the times are milliseconds since the epoch. */
export interface SeenLock {
  /** Schema and table as they were called when the watch began; for an index, its table. */
  readonly relation: string
  readonly mode: LockMode
  readonly firstSeenAt: number
  readonly lastSeenAt: number
}

export interface SeenLocks {
  readonly seen: readonly SeenLock[]
  /** Why the watch ended too early; absent when it was stopped. */
  readonly brokenBy?: string
}

/** How often is looked; a lock may have been held that much longer than it was seen. */
export const sampleEveryMs = 20

/**
 * Looks at the locks of the sessions with this application_name until it is stopped. A statement that commits by itself
 * lets its locks go before its own session can be asked for them.
 * @param client lent to the watch until `stop` has answered
 */
export async function sampleLocks(
  client: Client,
  applicationName: string,
): Promise<{ stop(): Promise<SeenLocks> }> {
  const names = await readNames(client)
  const seen = new Map<string, SeenLock>()
  let isStopped = false
  const watching = (async () => {
    while (!isStopped) {
      const { rows } = await client.query({ name: 'locks', text: locksQuery, values: [applicationName] })
      for (const row of rows) note(seen, names, row, Date.now())
      await sleep(sampleEveryMs)
    }
  })()
  // A watch that breaks must not end the rehearsal; that it did is told with what was seen.
  const ended = watching.then(
    () => undefined,
    (error: Error) => error.message,
  )
  return {
    stop: async () => {
      isStopped = true
      const brokenBy = await ended
      return { seen: [...seen.values()], ...(brokenBy === undefined ? {} : { brokenBy }) }
    },
  }
}

const locksQuery = `
  SELECT DISTINCT l.pid, l.virtualtransaction AS transaction, l.relation::text AS oid, l.mode
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
   WHERE a.application_name = $1 AND l.locktype = 'relation' AND l.granted AND l.mode <> 'SIReadLock'
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`

async function readNames(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query(`SELECT c.oid::text AS oid, ${relationName} AS name ${namedRelations}`)
  return new Map(rows.map(({ oid, name }) => [oid, name]))
}

function note(
  seen: Map<string, SeenLock>,
  names: ReadonlyMap<string, string>,
  { pid, transaction, oid, mode }: Record<string, string>,
  now: number,
): void {
  const relation = names.get(oid ?? '')
  if (relation === undefined || mode === undefined) return
  const key = `${pid} ${transaction} ${relation} ${mode}`
  const firstSeenAt = seen.get(key)?.firstSeenAt ?? now
  seen.set(key, { relation, mode: lockModeOf(mode) as LockMode, firstSeenAt, lastSeenAt: now })
}
