import type { TargetAddress } from '../domain/target.js'
import { openConnection, type Session } from './connection.js'
import { findPooling, type Pooling } from './pooling.js'

/**
 * Probes whether a pooler stands between us and the server that lends connections for less than a session: then advisory locks
 * and settings of the session get lost. A direct connection is like a pooler's in session mode.
 */
export async function findPooledConnection(
  address: TargetAddress,
  session: Session,
): Promise<Exclude<Pooling, 'session'> | undefined> {
  const first = await openConnection(address, session)
  try {
    const pooling = await findPooling(first, () => openConnection(address, session))
    return pooling === 'session' ? undefined : pooling
  } finally {
    await first.end().catch(() => undefined)
  }
}
