import { BackupError } from '../domain/errors.js'
import type { Snapshot } from '../postgres/snapshot.js'

/**
 * Does `work` and makes sure that the snapshot was held all the time. Who joined it in time still sees it, but whoever
 * opens a connection later cannot join any more, and that all were in time is not known.
 * @throws BackupError `snapshot-lost`, also when the work failed because of it.
 */
export async function whileHeld<T>(snapshot: Snapshot, work: () => Promise<T>): Promise<T> {
  const result = await work().catch(async (error: unknown) => {
    throw (await isHeld(snapshot)) ? error : snapshotLost(error)
  })
  if (await isHeld(snapshot)) return result
  throw snapshotLost()
}

/** Asks, because the end of a session may not have been told yet. */
async function isHeld({ lost, client }: Snapshot): Promise<boolean> {
  if (lost.aborted) return false
  return client.query('SELECT').then(
    () => true,
    // A transaction that has failed holds its snapshot all the same.
    (error) => error.severity === 'ERROR',
  )
}

function snapshotLost(cause?: unknown): BackupError {
  return new BackupError(
    'snapshot-lost',
    'the session that held the snapshot ended while the backup was made',
    {
      hint: 'Look in the server log who ended it, then run the command again; the unfinished dump was removed.',
      ...(cause === undefined ? {} : { cause }),
    },
  )
}
