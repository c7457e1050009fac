import type { LockHolder, LockingRun } from '../domain/lock-holder.js'
import type { Client } from './connection.js'

/**
 * Our advisory lock, two 32-bit keys ("mg", "deploy"). Not Prisma's own 72707369: whoever holds that one makes
 * `migrate deploy` wait for us and time out (https://github.com/prisma/prisma/issues/12999).
 */
export const deployLockKeys = [0x6d67, 0x6465706c] as const

/** One 64-bit key: https://github.com/prisma/prisma-engines, sql-schema-connector, flavour/postgres */
export const prismaLockKey = 72707369

/** Who holds the deploy lock of this database, and who holds Prisma's. Nobody: an empty list. */
export async function readLockHolders(client: Client): Promise<LockHolder[]> {
  const { rows } = await client.query(
    `SELECT CASE WHEN l.objsubid = 2 THEN 'migrate-guard' ELSE 'prisma' END AS lock,
            a.pid, a.usename, a.application_name, pg_catalog.host(a.client_addr) AS client, a.state, a.query,
            pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        AND (l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 OR l.classid = 0 AND l.objid = $3 AND l.objsubid = 1)
      ORDER BY l.objsubid DESC, a.pid`,
    [...deployLockKeys, prismaLockKey],
  )
  return rows.map((row) => {
    const run = row.lock === 'migrate-guard' ? parseMark(row.query) : undefined
    return {
      lock: row.lock,
      pid: row.pid,
      applicationName: row.application_name ?? '',
      user: row.usename,
      client: row.client,
      since: run?.since ?? row.since,
      state: row.state,
      ...(run ? { run } : {}),
    }
  })
}

/** The other sessions of a run on this database, by application_name, each with what the server says of it. */
export async function readSessionsOfRun(
  client: Client,
  runId: string,
): Promise<{ applicationName: string; state: string | null }[]> {
  const { rows } = await client.query(
    `SELECT application_name, state FROM pg_catalog.pg_stat_activity
      WHERE datname = pg_catalog.current_database() AND application_name LIKE 'migrate-guard %'
        AND application_name NOT LIKE 'migrate-guard lock %'
        AND pg_catalog.strpos(application_name, pg_catalog.left($1, 40)) > 0
      ORDER BY application_name, pid`,
    [runId],
  )
  return rows.map((row) => ({ applicationName: row.application_name, state: row.state }))
}

/**
 * A comment that tells who runs a statement. The 63 bytes of an application_name are too few for run, user and host;
 * of the query text pg_stat_activity keeps 1024 (track_activity_query_size).
 */
export function formatMark(run: LockingRun): string {
  // No slash: it could end the comment.
  return `/* migrate-guard ${JSON.stringify(run).replaceAll('/', '\\/')} */ `
}

/** Anybody may write such a comment, and it is printed on a terminal. */
function printable(value: unknown): string {
  return String(value).replace(/\p{C}/gu, '?')
}

function parseMark(query: string | null): LockingRun | undefined {
  const json = /^\/\* migrate-guard (\{.*?\}) \*\//.exec(query ?? '')?.[1]
  if (json === undefined) return undefined
  try {
    const { runId, by, processId, since } = JSON.parse(json) as Record<string, unknown>
    return {
      runId: printable(runId),
      by: printable(by),
      processId: Number(processId),
      ...(since === undefined ? {} : { since: printable(since) }),
    }
  } catch {
    return undefined
  }
}
