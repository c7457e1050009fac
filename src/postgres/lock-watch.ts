import type { QueryConfig } from 'pg'
import { type LockMode, lockModeOf } from '../domain/lock-mode.js'
import type { TargetAddress } from '../domain/target.js'
import type { LockWait, OtherSession } from '../domain/traffic.js'
import { effect } from '../effects/effect.js'
import { type Client, openConnection } from './connection.js'
import { relationName } from './named-relations.js'

/** A transaction of the watched sessions, as it was at one look. */
export interface WatchedTransaction {
  readonly pid: number
  /** As the server writes it, to the microsecond; null outside a transaction. */
  readonly begunAt: string | null
}

/** Who waits for whom at one moment. */
export interface TrafficLook {
  /** Whom the watched sessions wait for. */
  readonly blockers: readonly (LockWait & { readonly blocks: WatchedTransaction })[]
  /** Who waits for the watched sessions, also behind others that do. */
  readonly waiters: readonly (LockWait & { readonly behind: WatchedTransaction })[]
}

export interface LockWatch {
  look(): Promise<TrafficLook>
  /** Cancels the statement of exactly this transaction; false when it is over, or idle. */
  cancel(transaction: WatchedTransaction): Promise<boolean>
  /**
   * Ends an idle session that blocks the transaction and has been idle for so long; false when that is not so any more.
   * @throws the server's error 42501 when the role may not.
   */
  terminate(pid: number, blocked: WatchedTransaction, idleForMs: number): Promise<boolean>
  end(): Promise<void>
}

export interface LockWatchOptions {
  readonly applicationName: string
  /** application_name of the sessions that are watched. */
  readonly watched: string
  /** Read what others run. */
  readonly showsQueries: boolean
}

/**
 * Opens a connection of its own from which the waits of other sessions are seen. It never waits for a lock itself.
 * @throws TargetError
 */
export async function openLockWatch(address: TargetAddress, options: LockWatchOptions): Promise<LockWatch> {
  const client = await openConnection(address, {
    applicationName: options.applicationName,
    readOnly: true,
    parameters: { lock_timeout: '100', statement_timeout: '2000', idle_session_timeout: '0', jit: 'off' },
  })
  try {
    const sessions = await sessionsQuery(client, options.watched)
    return {
      look: () => look(client, sessions, options.showsQueries),
      cancel: (transaction) => cancel(client, transaction),
      terminate: (pid, blocked, idleForMs) => terminate(client, pid, blocked, idleForMs),
      end: () => endWithin(client, endTimeoutMs),
    }
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

const endTimeoutMs = 1_000

/** Over a wire that swallows everything the end would never be confirmed. */
async function endWithin(client: Client, timeoutMs: number): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection
  const late = setTimeout(() => stream.destroy(), timeoutMs)
  await client.end().catch(() => undefined)
  clearTimeout(late)
}

/**
 * Asks for the sessions that are watched, and for those that wait for a lock. It is asked ten times a second: nothing is
 * joined, and as long as nobody waits, nothing else is asked.
 */
async function sessionsQuery(client: Client, watched: string): Promise<QueryConfig> {
  const { rows } = await client.query(
    `SELECT d.oid AS database, pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') OR r.rolsuper AS "seesOthers"
       FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
      WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user`,
  )
  const waits = "(wait_event_type IS NOT DISTINCT FROM 'Lock')"
  // https://www.postgresql.org/docs/current/monitoring-stats.html: of other roles' sessions hardly anything is shown.
  // pg_locks is open to every role, but reading it costs more.
  const isWaiting = rows[0]?.seesOthers
    ? waits
    : `(${waits} OR pid IN (SELECT l.pid FROM pg_catalog.pg_locks l WHERE NOT l.granted))`
  return {
    name: 'sessions',
    text: `
      SELECT pid, application_name = $1 AND leader_pid IS NULL AS watched, xact_start::text AS "begunAt",
             ${isWaiting} AS waits
        FROM pg_catalog.pg_stat_get_activity(NULL)
       WHERE datid = $2 AND pid <> pg_catalog.pg_backend_pid() AND (application_name = $1 OR ${isWaiting})`,
    values: [watched, rows[0]?.database],
  }
}

interface Active extends WatchedTransaction {
  readonly watched: boolean
  readonly waits: boolean
  readonly blockedBy: readonly number[]
}

async function look(client: Client, sessions: QueryConfig, showsQueries: boolean): Promise<TrafficLook> {
  const { rows: seen } = await client.query<Omit<Active, 'blockedBy'>>(sessions)
  const isAtWork = seen.some(({ watched, begunAt }) => watched && begunAt !== null)
  if (!isAtWork || !seen.some(({ waits }) => waits)) return { blockers: [], waiters: [] }
  const active = await withBlockers(client, seen)
  const ours = active.filter((session) => session.watched)
  const blocks = new Map(ours.flatMap((one) => one.blockedBy.map((pid) => [pid, one] as const)))
  for (const { pid } of ours) blocks.delete(pid)
  const behind = sessionsBehind(ours, active)
  if (blocks.size === 0 && behind.size === 0) return { blockers: [], waiters: [] }
  const pids = [...new Set([...blocks.keys(), ...behind.keys(), ...ours.map(({ pid }) => pid)])]
  const details = new Map(
    (await readDetails(client, pids, showsQueries)).map((one) => [one.session.pid, one]),
  )
  const sessionOf = (pid: number) => details.get(pid)?.session ?? goneSession(pid)
  return {
    blockers: [...blocks].map(([pid, one]) => ({
      ...waitOf(details.get(one.pid)),
      session: sessionOf(pid),
      blocks: transactionOf(one),
    })),
    waiters: [...behind].map(([pid, one]) => ({
      ...waitOf(details.get(pid)),
      session: sessionOf(pid),
      behind: transactionOf(one),
    })),
  }
}

/** pg_blocking_pids() stops the lock manager for a moment, so it is asked only for sessions that wait. */
async function withBlockers(client: Client, seen: readonly Omit<Active, 'blockedBy'>[]): Promise<Active[]> {
  const { rows } = await client.query<Pick<Active, 'pid' | 'blockedBy'>>({
    name: 'blockers',
    text: 'SELECT pid, pg_catalog.pg_blocking_pids(pid) AS "blockedBy" FROM pg_catalog.unnest($1::int[]) AS pid',
    values: [seen.filter(({ waits }) => waits).map(({ pid }) => pid)],
  })
  const blockedBy = new Map(rows.map((row) => [row.pid, row.blockedBy]))
  return seen.map((session) => ({ ...session, blockedBy: blockedBy.get(session.pid) ?? [] }))
}

function transactionOf({ pid, begunAt }: Active): WatchedTransaction {
  return { pid, begunAt }
}

/** For each session that waits for a watched one, also through others, which one that is. */
function sessionsBehind(ours: readonly Active[], active: readonly Active[]): Map<number, Active> {
  const found = new Map(ours.map((one) => [one.pid, one]))
  const others = active.filter(({ watched, blockedBy }) => !watched && blockedBy.length > 0)
  for (let before = 0; before !== found.size; ) {
    before = found.size
    for (const { pid, blockedBy } of others) {
      const through = blockedBy.find((blocker) => found.has(blocker))
      if (through !== undefined && !found.has(pid)) found.set(pid, found.get(through) as Active)
    }
  }
  for (const { pid } of ours) found.delete(pid)
  return found
}

interface Details extends LockWait {
  readonly session: OtherSession
}

function waitOf(details: Details | undefined): LockWait {
  return details ?? { session: goneSession(0), waitedMs: 0 }
}

/** It has ended between two questions. A prepared transaction was never one. */
function goneSession(pid: number): OtherSession {
  const applicationName = pid === 0 ? 'a prepared transaction' : ''
  return {
    pid,
    applicationName,
    user: '',
    client: null,
    state: null,
    transactionAgeMs: null,
    stateAgeMs: null,
  }
}

const ageMs = (since: string) =>
  `(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - ${since}) * 1000)::float8`

/** A session that waits for a row waits for a transaction, and holds a lock on the row meanwhile: that names the table. */
const detailsQuery = `
  WITH locks AS MATERIALIZED (
    SELECT l.pid, l.locktype, l.granted, l.mode, l.waitstart, l.relation
      FROM pg_catalog.pg_locks l WHERE (NOT l.granted OR l.locktype = 'tuple') AND l.pid = ANY($1))
  SELECT a.pid, coalesce(nullif(a.application_name, ''), a.backend_type, '') AS "applicationName",
         coalesce(a.usename, '') AS "user", pg_catalog.host(a.client_addr) AS client, a.state,
         ${ageMs('a.xact_start')} AS "transactionAgeMs", ${ageMs('a.state_change')} AS "stateAgeMs", a.query,
         CASE WHEN w.locktype = 'relation' THEN w.mode END AS mode,
         ${ageMs('coalesce(w.waitstart, pg_catalog.clock_timestamp())')} AS "waitedMs",
         (SELECT ${relationName}
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
            JOIN pg_catalog.pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
            JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
           WHERE c.oid = coalesce(w.relation, (SELECT l.relation FROM locks l WHERE l.pid = a.pid AND l.granted LIMIT 1))
         ) AS relation
    FROM pg_catalog.pg_stat_activity a
    LEFT JOIN locks w ON w.pid = a.pid AND NOT w.granted
   WHERE a.pid = ANY($1)`

async function readDetails(
  client: Client,
  pids: readonly number[],
  showsQueries: boolean,
): Promise<Details[]> {
  const { rows } = await client.query({ name: 'details', text: detailsQuery, values: [pids] })
  return rows.map(({ mode, relation, waitedMs, query, ...session }) => ({
    session: { ...session, ...(showsQueries && query ? { query } : {}) },
    ...(relation === null ? {} : { relation }),
    ...(mode === null ? {} : { mode: lockModeOf(mode) as LockMode }),
    waitedMs: Math.max(0, Math.round(waitedMs)),
  }))
}

/** Who and when are compared in the server: a process id alone may be somebody else's by now. */
async function cancel(client: Client, { pid, begunAt }: WatchedTransaction): Promise<boolean> {
  return effect('deploy.give-way', async () => {
    const { rows } = await client.query(
      `SELECT pg_catalog.pg_cancel_backend(pid) AS done FROM pg_catalog.pg_stat_activity
        WHERE pid = $1 AND xact_start = $2::timestamptz AND state = 'active'`,
      [pid, begunAt],
    )
    return rows[0]?.done === true
  })
}

async function terminate(
  client: Client,
  pid: number,
  blocked: WatchedTransaction,
  idleForMs: number,
): Promise<boolean> {
  return effect('deploy.terminate-blocker', async () => {
    const { rows } = await client.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) AS done FROM pg_catalog.pg_stat_activity
        WHERE pid = $1 AND pid = ANY(pg_catalog.pg_blocking_pids($2))
          AND state IN ('idle in transaction', 'idle in transaction (aborted)')
          AND pg_catalog.clock_timestamp() - state_change > $3 * interval '1 millisecond'`,
      [pid, blocked.pid, idleForMs],
    )
    return rows[0]?.done === true
  })
}
