import { LockedError } from '../domain/errors.js'
import { describeHolder, type LockHolder } from '../domain/lock-holder.js'
import type { TargetAddress } from '../domain/target.js'
import { formatDuration } from '../settings/duration.js'
import { openConnection, type Session } from './connection.js'
import { readLockHolders } from './lock-holders.js'
import { type Waiting, waitForTurn } from './wait-for-turn.js'

/**
 * Waits until nobody holds Prisma's own lock: a bare `prisma migrate deploy` is at work, or the engine of a guard that
 * was killed. Prisma itself waits ten seconds for it, and then fails with P1002.
 * @returns how long was waited, in milliseconds
 * @throws LockedError `prisma-locked` with the holder's process id, name, role, address, since when and state
 * @throws InterruptedError when the run is cancelled while it waits
 */
export async function waitForPrismaLock(
  address: TargetAddress,
  session: Session,
  waiting: Waiting,
): Promise<number> {
  const { client, waitedMs } = await waitForTurn(
    () => openConnection(address, session),
    async (asking) => {
      const heldBy = (await readLockHolders(asking)).filter(({ lock }) => lock === 'prisma')
      return heldBy.length > 0 ? { heldBy } : { value: undefined }
    },
    waiting,
    (holders, waited) => prismaLockedBy(holders, waited, address),
  )
  await client.end().catch(() => undefined)
  return waitedMs
}

function prismaLockedBy(
  [holder]: readonly LockHolder[],
  waitedMs: number,
  { database }: TargetAddress,
): LockedError {
  const who = holder
    ? `${describeHolder(holder)}, ${holder.state ?? 'in a state that cannot be seen'}`
    : 'a session that has ended in the meantime'
  const waited = waitedMs > 0 ? `; waited ${formatDuration(waitedMs)} for it` : ''
  return new LockedError(
    'prisma-locked',
    `another session holds Prisma's migration lock of "${database}": ${who}${waited}`,
    {
      hint: 'Wait for that prisma command to end and run the command again, or give --wait 5m; npx migrate-guard lock shows the holder.',
    },
  )
}
