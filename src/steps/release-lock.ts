// lock release: ends the sessions that hold the locks of a deploy. The only command that ends somebody else's session
// when asked to; never part of a run.
import { setTimeout as sleep } from 'node:timers/promises'
import { LockedError } from '../domain/errors.js'
import { describeHolder, type LockHolder } from '../domain/lock-holder.js'
import { effect } from '../effects/effect.js'
import type { Client } from '../postgres/connection.js'
import { readLockHolders } from '../postgres/lock-holders.js'

const freeTimeoutMs = 15_000
const pollMs = 100

/**
 * Ends these sessions, and waits until none of them holds a lock. What they were running is rolled back by the server.
 * @throws LockedError `lock-not-released` when the role may not end a session, or the server does not end it in time
 */
export async function releaseLocks(client: Client, holders: readonly LockHolder[]): Promise<void> {
  // The engine first: a deploy must not go on without the lock of its guard.
  const inOrder = [...holders].sort(
    (one, other) => Number(other.lock === 'prisma') - Number(one.lock === 'prisma'),
  )
  for (const holder of inOrder) await terminate(client, holder)
  const pids = new Set(holders.map(({ pid }) => pid))
  for (const giveUpAt = Date.now() + freeTimeoutMs; ; await sleep(pollMs)) {
    const left = (await readLockHolders(client)).filter(({ pid }) => pids.has(pid))
    if (left[0] === undefined) return
    if (Date.now() > giveUpAt) {
      throw notReleased(
        `the session still holds the lock ${freeTimeoutMs / 1000} s after it was told to end: ${describeHolder(left[0])}`,
        'Look at the log of the server: a session ends only where it looks for interrupts.',
      )
    }
  }
}

async function terminate(client: Client, holder: LockHolder): Promise<void> {
  try {
    await effect('lock.terminate', () =>
      // The process id may belong to another session by now: only one that still holds an advisory lock is ended.
      client.query(
        `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
          WHERE pid = $1 AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = $1 AND l.locktype = 'advisory' AND l.granted)`,
        [holder.pid],
      ),
    )
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    throw notReleased(
      `your role may not end the session of "${holder.user}" (pid ${holder.pid}): ${(error as Error).message}`,
      `Use the role "${holder.user}" or a superuser, or let one grant yours: GRANT pg_signal_backend.`,
    )
  }
}

function notReleased(message: string, hint: string): LockedError {
  return new LockedError('lock-not-released', message, { hint })
}
