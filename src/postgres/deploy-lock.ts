import { hostname, userInfo } from 'node:os'
import { LockedError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import { effect } from '../effects/effect.js'
import { type Client, openConnection } from './connection.js'

/**
 * Our advisory lock, two 32-bit keys ("mg", "deploy"). Not Prisma's own 72707369: whoever holds that one makes
 * `migrate deploy` wait for us and time out (https://github.com/prisma/prisma/issues/12999).
 */
const lockKeys = [0x6d67, 0x6465706c] as const

/** The lock that lets only one guard deploy to a database at a time. It vanishes with the session that holds it. */
export interface DeployLock {
  /** True while the session that holds the lock is alive. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/**
 * Takes the lock or says who holds it.
 * @throws LockedError with the holder's process id, user, host, run and since when.
 */
export async function takeDeployLock(address: TargetAddress, runId: string): Promise<DeployLock> {
  const client = await openConnection(address, {
    applicationName: `migrate-guard lock ${runId} ${userInfo().username}@${hostname()}`.slice(0, 63),
    // The lock must live as long as a person thinks about the question.
    parameters: {
      idle_session_timeout: '0',
      idle_in_transaction_session_timeout: '0',
      tcp_keepalives_idle: '60',
    },
  })
  try {
    const taken = await effect('lock.take', async () => {
      const { rows } = await client.query('SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS taken', [
        ...lockKeys,
      ])
      return rows[0].taken as boolean
    })
    if (!taken) throw await lockedBy(client, address)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
  return {
    isHeld: async () => {
      const held = client.query(
        `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'advisory'
           AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted) AS held`,
        [...lockKeys],
      )
      // A session that cannot be asked is gone, and the lock with it.
      return held.then(
        ({ rows }) => rows[0].held,
        () => false,
      )
    },
    release: () => effect('lock.release', () => client.end().catch(() => undefined)),
  }
}

/**
 * Makes sure of the lock once more: its connection may have broken while a person thought.
 * @throws LockedError
 */
export async function assertStillLocked(lock: DeployLock): Promise<void> {
  if (await lock.isHeld()) return
  throw new LockedError(
    'lock-lost',
    'the session that held the deploy lock has ended; another run may have begun',
    {
      hint: 'Run the command again.',
    },
  )
}

async function lockedBy(client: Client, address: TargetAddress): Promise<LockedError> {
  const { rows } = await client.query(
    `SELECT a.pid, a.usename, a.application_name, pg_catalog.host(a.client_addr) AS client,
            pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 AND l.granted
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [...lockKeys],
  )
  const holder = rows[0]
  const who = holder
    ? `"${holder.application_name}" as "${holder.usename}" from ${holder.client ?? 'a local socket'} (pid ${holder.pid}), since ${holder.since}`
    : 'a session that has ended in the meantime'
  return new LockedError('locked', `another run holds the deploy lock of "${address.database}": ${who}`, {
    hint: 'Wait for that run to end, then run the command again.',
  })
}
