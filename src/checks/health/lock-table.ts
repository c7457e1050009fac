import type { Finding } from '../../domain/finding.js'
import { formatCount } from '../../domain/quantities.js'
import type { Reader } from '../../domain/reader.js'
import type { Check } from '../check.js'

/** A lock table that is this full leaves others little. */
const fullShare = 0.8

/** What the lock table of the server has room for, and what a dump needs of it. */
export interface LockTableUse {
  /** `max_locks_per_transaction` × (`max_connections` + `max_prepared_transactions`), as the manual counts. */
  readonly room: number
  readonly locksPerTransaction: number
  readonly connections: number
  readonly preparedTransactions: number
  /** Tables and partitions, each of which pg_dump locks from its beginning to its end. */
  readonly tables: number
  /** Other relations that somebody holds a lock on now. */
  readonly used: number
}

/**
 * pg_dump locks every table that it dumps, partitions and partitioned tables too, and keeps all these locks in the one
 * table of locks that all sessions of the server share. Where that is full, any session may be refused (SQLSTATE 53200):
 * https://www.postgresql.org/docs/current/runtime-config-locks.html#GUC-MAX-LOCKS-PER-TRANSACTION
 * Locks by the fast path take no room there, but each session has only a few of them.
 */
export async function readLockTableUse(reader: Reader): Promise<LockTableUse> {
  const { rows } = await reader.query(`
    SELECT pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.float8 AS "locksPerTransaction",
           pg_catalog.current_setting('max_connections')::pg_catalog.float8 AS connections,
           pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.float8 AS "preparedTransactions",
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
               AND n.nspname NOT IN ('pg_catalog', 'information_schema')
               AND n.nspname OPERATOR(pg_catalog.!~) '^pg_toast')::pg_catalog.float8 AS tables,
           (SELECT pg_catalog.count(*)
              FROM (SELECT DISTINCT l.database, l.relation FROM pg_catalog.pg_locks l
                     WHERE NOT l.fastpath AND l.locktype OPERATOR(pg_catalog.=) 'relation'
                       AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()) AS held)::pg_catalog.float8 AS used`)
  const [row] = rows as unknown as Omit<LockTableUse, 'room'>[]
  if (!row) throw new Error('the server gives no answer about its lock table')
  return { ...row, room: row.locksPerTransaction * (row.connections + row.preparedTransactions) }
}

/** Whether a backup finds room in the lock table; undefined where it does. */
export function judgeLockTable(
  use: LockTableUse,
): { verdict: 'block' | 'warn'; message: string; hint: string } | undefined {
  const { room, tables, used, locksPerTransaction, connections, preparedTransactions } = use
  const needed = tables + used
  if (needed <= room * fullShare) return undefined
  const sum = `max_locks_per_transaction × (max_connections + max_prepared_transactions) = ${locksPerTransaction} × (${connections} + ${preparedTransactions})`
  const enough = Math.ceil(needed / fullShare / (connections + preparedTransactions) / 64) * 64
  return {
    verdict: needed > room ? 'block' : 'warn',
    message: `a backup locks ${formatCount(tables)} tables at once, ${formatCount(used)} relations are locked already, and the server's lock table has room for ${formatCount(room)} (${sum}), which the application shares`,
    hint: `Set max_locks_per_transaction to ${enough} or more and restart the server; the setting takes some hundred bytes of shared memory a lock.`,
  }
}

/** Asked before the backup: pg_dump would find it out in the middle, and so might the application. */
export const lockTable: Check = {
  code: 'lock-table-full',
  title: 'the lock table of the server has room for the locks of a backup',
  steps: ['check'],
  find: async (reader) => {
    const judged = judgeLockTable(await readLockTableUse(reader))
    if (!judged) return []
    const finding: Finding = {
      code: lockTable.code,
      kind: 'health',
      step: 'check',
      object: 'max_locks_per_transaction',
      ...judged,
    }
    return [finding]
  },
}
