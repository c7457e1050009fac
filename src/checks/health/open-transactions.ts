import type { Finding } from '../../domain/finding.js'
import { formatMs } from '../../domain/quantities.js'
import type { Reader } from '../../domain/reader.js'
import type { Check, CheckContext } from '../check.js'
import {
  formatOwner,
  formatPids,
  isOwnSession,
  notVisible,
  objectOf,
  type Session,
  sessionColumns,
  sessionsThat,
} from './sessions.js'

export interface OpenTransactionLimits {
  readonly openMs: number
  readonly idleMs: number
}

/**
 * No ordinary request takes a minute; and an application that has been thinking for ten seconds inside a transaction
 * has forgotten it.
 */
export const openTransactionLimits: OpenTransactionLimits = { openMs: 60_000, idleMs: 10_000 }

interface OpenTransaction extends Session {
  readonly openMs: number
  /** Null while a statement runs. */
  readonly idleMs: number | null
}

/**
 * Transactions of this database that have been open for long. Each keeps every lock that it has taken, and CREATE INDEX
 * CONCURRENTLY waits for all that are older than itself, whatever they do:
 * https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export function openTransactionsCheck(limits: OpenTransactionLimits): Check {
  return {
    code: 'long-transaction',
    title: 'no transaction has been open or idle for long',
    steps: ['check'],
    find: async (reader, { step }) => {
      const transactions = await readOpenTransactions(reader)
      const seen = transactions.filter(({ hidden }) => !hidden)
      const idle = seen.filter(({ idleMs }) => (idleMs ?? 0) >= limits.idleMs)
      const long = seen.filter((one) => one.openMs >= limits.openMs && !idle.includes(one))
      return [
        ...byOwner(long).map((sessions) => longFinding(sessions, step)),
        ...byOwner(idle).map((sessions) => idleFinding(sessions, step)),
        ...(await hiddenFindings(transactions.length - seen.length, step, reader)),
      ]
    },
  }
}

export const openTransactions = openTransactionsCheck(openTransactionLimits)

/**
 * An autovacuum worker holds no index up and gives way to a statement that wants its table. Of a session that is hidden
 * from this role, the lock on its own virtual transaction tells that it is in a transaction.
 */
async function readOpenTransactions(reader: Reader): Promise<OpenTransaction[]> {
  const { rows } = await reader.query(`
    SELECT ${sessionColumns},
           CASE WHEN a.state LIKE 'idle in transaction%'
                THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change) * 1000 END AS "idleMs"
      FROM pg_catalog.pg_stat_activity a
     WHERE a.datname = pg_catalog.current_database() AND NOT ${isOwnSession}
       AND CASE WHEN a.backend_type IS NOT NULL
                THEN a.xact_start IS NOT NULL AND a.backend_type NOT IN ('autovacuum worker', 'parallel worker')
                ELSE a.usesysid IS NOT NULL
                     AND a.pid IN (SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock') END
     ORDER BY a.xact_start, a.pid`)
  return rows as unknown as OpenTransaction[]
}

/** A pool that leaks has many sessions with the same trouble: one finding for all of them. */
function byOwner(transactions: readonly OpenTransaction[]): OpenTransaction[][] {
  const groups = new Map<string, OpenTransaction[]>()
  for (const one of transactions) {
    const owner = formatOwner(one)
    groups.set(owner, [...(groups.get(owner) ?? []), one])
  }
  return [...groups.values()]
}

function longFinding(sessions: readonly OpenTransaction[], step: CheckContext['step']): Finding {
  const longestMs = Math.max(...sessions.map(({ openMs }) => openMs))
  return {
    ...about(sessions, step),
    code: 'long-transaction',
    message: `${sessionsThat(sessions.length, 'has', 'have')} been in a transaction for ${formatMs(longestMs)}: ${describe(sessions)}`,
    hint: 'Wait until it has ended, or end it with pg_cancel_backend(pid); the deploy waits for its locks, and CREATE INDEX CONCURRENTLY for its end.',
  }
}

function idleFinding(sessions: readonly OpenTransaction[], step: CheckContext['step']): Finding {
  const longestMs = Math.max(...sessions.map(({ idleMs }) => idleMs ?? 0))
  return {
    ...about(sessions, step),
    code: 'idle-in-transaction',
    message: `${sessionsThat(sessions.length, 'has', 'have')} been idle in a transaction for ${formatMs(longestMs)}: ${describe(sessions)}`,
    hint: 'Have the application end its transaction, or end the session with pg_terminate_backend(pid): it keeps its locks until then.',
  }
}

function about(sessions: readonly OpenTransaction[], step: CheckContext['step']) {
  const [first] = sessions
  return { kind: 'health', verdict: 'warn', step, ...(first ? { object: objectOf(first) } : {}) } as const
}

function describe(sessions: readonly OpenTransaction[]): string {
  const owner = sessions[0] ? formatOwner(sessions[0]) : ''
  return `${owner}, ${formatPids(sessions.map(({ pid }) => pid))}`
}

async function hiddenFindings(count: number, step: CheckContext['step'], reader: Reader): Promise<Finding[]> {
  if (count === 0) return []
  const message = `${sessionsThat(count, 'of another role is', 'of other roles are')} in a transaction, and this role may not see for how long`
  return [await notVisible('pg_stat_activity', message, step, reader)]
}
