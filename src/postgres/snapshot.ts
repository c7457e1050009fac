import { CheckError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import type { TableWrites } from '../domain/write-counts.js'
import { type Client, openConnection, type Session } from './connection.js'
import { readTableWrites } from './write-counts.js'

/**
 * One instant of the target that several connections and pg_dump can look at together, held open by a transaction:
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
 */
export interface Snapshot {
  readonly id: string
  /** Write-ahead log position when it was taken. */
  readonly lsn: string
  /** The server's counters when it was taken; who writes later shows in them. */
  readonly tableWrites: readonly TableWrites[]
  /** A connection inside the snapshot, which holds it; for one question at a time. */
  readonly client: Client
  /** Aborted when the session that holds it ends before it is let go: nobody can join it then. */
  readonly lost: AbortSignal
  /** Opens one more connection inside the snapshot. */
  open(): Promise<Client>
  /** Lets the snapshot go and ends its connections. */
  release(): Promise<void>
}

/** PostgreSQL 17 and newer can also end a transaction for its age; older servers refuse the setting. */
const withoutTransactionTimeout = `
  SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'`

/**
 * Takes a snapshot in a REPEATABLE READ, READ ONLY transaction.
 * The server must not end that transaction for being idle while pg_dump works, so its idle time-outs are off.
 */
export async function takeSnapshot(address: TargetAddress, session: Session): Promise<Snapshot> {
  const patient: Session = {
    ...session,
    readOnly: true,
    parameters: { ...session.parameters, idle_in_transaction_session_timeout: '0' },
  }
  const holder = await openConnection(address, patient)
  const others: Client[] = []
  const lost = new AbortController()
  let isReleased = false
  holder.once('end', () => {
    if (!isReleased) lost.abort()
  })
  try {
    await holder.query(withoutTransactionTimeout)
    await holder.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const { rows } = await holder.query(`
      SELECT pg_catalog.pg_export_snapshot() AS id,
             CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                  ELSE pg_catalog.pg_current_wal_lsn() END::text AS lsn`)
    const { id, lsn } = rows[0] as { id: string; lsn: string }
    return {
      id,
      lsn,
      tableWrites: await readTableWrites(holder),
      client: holder,
      lost: lost.signal,
      open: async () => {
        const client = await openConnection(address, patient)
        others.push(client)
        if (isReleased) {
          await client.end()
          throw new Error('the snapshot was let go')
        }
        await client.query(withoutTransactionTimeout)
        await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
        // The id is our own server's answer; SET TRANSACTION takes no parameters.
        await client.query(`SET TRANSACTION SNAPSHOT '${id}'`)
        return client
      },
      release: async () => {
        isReleased = true
        for (const client of [...others, holder]) await client.end().catch(() => undefined)
      },
    }
  } catch (error) {
    await holder.end().catch(() => undefined)
    throw new CheckError(
      'snapshot-failed',
      `no snapshot of the target could be taken: ${(error as Error).message}`,
      {
        hint: 'Run the command again; if it fails again, look at the server log.',
        cause: error,
      },
    )
  }
}
