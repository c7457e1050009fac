import { withServerNames } from '../../forecast/server-names.js'
import { deployLockKeys } from '../../postgres/lock-holders.js'
import { RefusedScript } from './run-script.js'
import type { ScriptClient } from './script-client.js'

/**
 * Makes sure that the guard's session still holds the deploy lock. The engine holds Prisma's own lock by now: a guard
 * that took the deploy lock after ours was lost finds Prisma's taken, waits, and then looks at what is pending again.
 * So two never deploy at once, even when the lock is lost between this look and the end.
 * @throws RefusedScript when it does not
 */
export async function assertLockedBy(client: ScriptClient, pid: number): Promise<void> {
  const question = withServerNames(
    `SELECT FROM pg_catalog.pg_locks
      WHERE locktype = 'advisory' AND granted AND pid = ${pid} AND objsubid = 2
        AND classid = ${deployLockKeys[0]} AND objid = ${deployLockKeys[1]}
        AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  )
  const { rows } = await client.query(question)
  if (rows.length > 0) return
  throw new RefusedScript('the session that held the deploy lock has ended, so nothing was begun')
}
