import type { Finding } from '../../domain/finding.js'
import { isConflict, lockModeOf } from '../../domain/lock-mode.js'
import { formatMs } from '../../domain/quantities.js'
import type { Check, CheckContext, ConcernedTable } from '../check.js'
import { nameOf, wantedLock } from './concerned-tables.js'

/** A transaction manager commits within seconds; after a minute it has lost the transaction. */
export const preparedForMs = 60_000

interface PreparedTransaction {
  readonly gid: string
  readonly owner: string
  readonly ageMs: number
  readonly locks: readonly HeldLock[]
}

interface HeldLock {
  readonly schema: string
  readonly name: string
  /** As in pg_locks, e.g. `RowExclusiveLock`. */
  readonly mode: string
}

/**
 * Transactions of PREPARE TRANSACTION that nobody has ended. They hold their locks without a session, also over a
 * restart of the server: https://www.postgresql.org/docs/current/sql-prepare-transaction.html
 * Their locks are those without a pid beside the lock on their own transaction id.
 */
export function preparedTransactionsCheck(limitMs: number): Check {
  return {
    code: 'prepared-transaction',
    title: 'no prepared transaction is left over',
    steps: ['check'],
    find: async (reader, context) => {
      const { rows } = await reader.query(`
        SELECT p.gid, p.owner, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared) * 1000 AS "ageMs",
               (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname, 'mode', l.mode)
                                                    ORDER BY n.nspname, c.relname), '[]')
                  FROM pg_catalog.pg_locks l
                  JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE l.locktype = 'relation' AND l.pid IS NULL
                   AND l.virtualtransaction = (SELECT own.virtualtransaction FROM pg_catalog.pg_locks own
                                                WHERE own.locktype = 'transactionid' AND own.transactionid = p.transaction AND own.pid IS NULL)) AS locks
          FROM pg_catalog.pg_prepared_xacts p
         WHERE p.database = pg_catalog.current_database()
         ORDER BY p.prepared`)
      return (rows as unknown as PreparedTransaction[]).flatMap((one) => judge(one, context, limitMs))
    },
  }
}

export const preparedTransactions = preparedTransactionsCheck(preparedForMs)

/** A young one is at work, unless it stands in the way right now. */
function judge(prepared: PreparedTransaction, context: CheckContext, limitMs: number): Finding[] {
  const { gid, owner, ageMs, locks } = prepared
  const inTheWay = locks.flatMap((lock) => {
    const table = context.concerned?.tables.find((one) => isInTheWay(lock, one))
    return table ? [{ lock, table }] : []
  })
  const isOld = ageMs >= limitMs
  if (!isOld && inTheWay.length === 0) return []
  const holds =
    inTheWay.length > 0
      ? inTheWay.map(({ lock, table }) => `${describe(lock, context)}, ${conflictOf(table)}`)
      : locks.map((lock) => describe(lock, context))
  return [
    {
      code: 'prepared-transaction',
      kind: 'health',
      // Nobody else ends it, so the deploy would wait for its lock in vain.
      verdict: isOld && inTheWay.length > 0 ? 'block' : 'warn',
      step: context.step,
      object: gid,
      message: `transaction "${gid}" of "${owner}" was prepared ${formatMs(ageMs)} ago and ${holds.length === 0 ? 'is not ended' : `holds ${holds.join('; ')}`}`,
      hint: 'Ask the transaction manager that prepared it, then run COMMIT PREPARED or ROLLBACK PREPARED with its name.',
    },
  ]
}

function isInTheWay(lock: HeldLock, table: ConcernedTable): boolean {
  return (
    lock.schema === table.schema &&
    lock.name === table.name &&
    isConflict(wantedLock(table), lockModeOf(lock.mode))
  )
}

function describe(lock: HeldLock, context: CheckContext): string {
  return `${lockModeOf(lock.mode)} on "${nameOf(lock, context)}"`
}

function conflictOf(table: ConcernedTable): string {
  return `which ${table.strongestLock ? `the deploy's ${table.strongestLock}` : wantedLock(table)} conflicts with`
}
