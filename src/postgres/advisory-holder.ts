import type { Client } from './connection.js'

/**
 * `prisma`: what every `prisma migrate` command takes (https://pris.ly/d/migrate-advisory-locking). `deploy`: the lock of the
 * guard's own deploys. One key of 64 bits and two of 32 lie in the same columns:
 * https://www.postgresql.org/docs/current/view-pg-locks.html
 */
const keys = { prisma: [0, 72707369, 1], deploy: [0x6d67, 0x6465706c, 2] } as const

/** The session that holds an advisory lock on this database. */
export interface LockHolder {
  readonly pid: number
  readonly applicationName: string
  readonly user: string
  /** null for a local socket. */
  readonly client: string | null
  /** When the session began, in UTC. */
  readonly since: string
  /** null where the role may not see it. */
  readonly state: string | null
}

/** Who holds the lock on this database now; undefined when nobody does. */
export async function readLockHolder(
  client: Client,
  lock: keyof typeof keys,
): Promise<LockHolder | undefined> {
  const { rows } = await client.query(
    `SELECT a.pid, a.application_name AS "applicationName", a.usename AS "user", a.state,
            pg_catalog.host(a.client_addr) AS client,
            pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = $3 AND l.granted
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [...keys[lock]],
  )
  return rows[0] as LockHolder | undefined
}

/** e.g. `"psql" as "shop" from a local socket (pid 4711, idle in transaction), since 2026-11-20 04:34:00 UTC`. */
export function formatLockHolder({ pid, applicationName, user, client, since, state }: LockHolder): string {
  const name = applicationName || 'a session without a name'
  return `"${name}" as "${user}" from ${client ?? 'a local socket'} (pid ${pid}${state ? `, ${state}` : ''}), since ${since}`
}
