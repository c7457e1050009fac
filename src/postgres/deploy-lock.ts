import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { LockedError } from '../domain/errors.js'
import { describeHolder, type LockHolder, type LockingRun } from '../domain/lock-holder.js'
import type { TargetAddress } from '../domain/target.js'
import { effect } from '../effects/effect.js'
import { formatDuration } from '../settings/duration.js'
import { type Client, cutConnection, openConnection } from './connection.js'
import { deployLockKeys, formatMark, readLockHolders } from './lock-holders.js'
import { assertNotStopped, type Turn, type Waiting, waitForTurn } from './wait-for-turn.js'

/** The lock that lets only one guard deploy to a database at a time. It vanishes with the session that holds it. */
export interface DeployLock {
  /** The process id of the session on the server. */
  readonly pid: number
  /** How long others were waited for; 0 when it was free at once. */
  readonly waitedMs: number
  /** True while the session that holds the lock is alive. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** A wire that swallows everything must not keep a run from its end. */
const answerTimeoutMs = 5_000
const endTimeoutMs = 2_000

const notAtAll: Waiting = { waitMs: 0 }

/**
 * Takes the lock, waits for it, or says who holds it.
 * @throws LockedError `locked` with the holder's run, user, host, process id and since when.
 * @throws InterruptedError when the run is cancelled while it waits
 */
export async function takeDeployLock(
  address: TargetAddress,
  runId: string,
  waiting: Waiting = notAtAll,
): Promise<DeployLock> {
  const self: LockingRun = { runId, by: `${userInfo().username}@${hostname()}`, processId: process.pid }
  const { client, value, waitedMs } = await waitForTurn(
    () => openLockSession(address, self),
    (session) => tryToTake(session, self),
    waiting,
    (holders, waited) => lockedBy(holders, waited, address),
  )
  const holding = formatMark({ ...self, since: value.since })
  const isHeld = async () => {
    const held = client.query(
      `${holding}SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'advisory'
         AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted) AS held`,
      [...deployLockKeys],
    )
    // A session that cannot be asked is gone, and the lock with it; one that does not answer is of no use to us.
    const answered = held.then(
      ({ rows }) => rows[0].held as boolean,
      () => false,
    )
    return Promise.race([answered, sleep(answerTimeoutMs, false, { ref: false })])
  }
  const release = () => effect('lock.release', () => endSession(client))
  // Now the session says since when.
  await isHeld()
  // Whoever was cancelled does not wait for us any more, and so would not release it.
  if (waiting.signal?.aborted) await release()
  assertNotStopped(waiting.signal)
  return { pid: value.pid, waitedMs, isHeld, release }
}

/**
 * Makes sure of the lock once more: its connection may have broken while a person thought.
 * @throws LockedError
 */
export async function assertStillLocked(lock: DeployLock): Promise<void> {
  if (!(await lock.isHeld())) throw makeLockLostError()
}

/** What is said when the lock is gone and nothing was changed. */
export function makeLockLostError(): LockedError {
  return new LockedError(
    'lock-lost',
    'the session that held the deploy lock has ended; another run may have begun',
    { hint: 'Run the command again.' },
  )
}

function openLockSession(address: TargetAddress, { runId, by }: LockingRun): Promise<Client> {
  return openConnection(address, {
    applicationName: `migrate-guard lock ${runId} ${by}`.slice(0, 63),
    // The lock must live as long as a person thinks about the question.
    parameters: {
      idle_session_timeout: '0',
      idle_in_transaction_session_timeout: '0',
      tcp_keepalives_idle: '60',
    },
  })
}

async function endSession(client: Client): Promise<void> {
  const ended = client.end().catch(() => undefined)
  await Promise.race([ended, sleep(endTimeoutMs, undefined, { ref: false })])
  cutConnection(client)
}

async function tryToTake(client: Client, self: LockingRun): Promise<Turn<{ pid: number; since: string }>> {
  const [{ taken, ...value }] = await effect('lock.take', async () => {
    const { rows } = await client.query(
      `${formatMark(self)}SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS taken, pg_catalog.pg_backend_pid() AS pid,
         pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since`,
      [...deployLockKeys],
    )
    return rows as [{ taken: boolean; pid: number; since: string }]
  })
  if (taken) return { value }
  return { heldBy: (await readLockHolders(client)).filter(({ lock }) => lock === 'migrate-guard') }
}

function lockedBy(
  [holder]: readonly LockHolder[],
  waitedMs: number,
  { database }: TargetAddress,
): LockedError {
  const who = holder ? describeHolder(holder) : 'a session that has ended in the meantime'
  const waited = waitedMs > 0 ? `; waited ${formatDuration(waitedMs)} for it` : ''
  return new LockedError('locked', `another run holds the deploy lock of "${database}": ${who}${waited}`, {
    hint: 'Wait for that run to end and run the command again, or give --wait 5m; npx migrate-guard lock shows what it does.',
  })
}
