import type { TargetAddress } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import { type Client, withConnection } from '../connection.js'
import { claimRehearsalDatabase, findRehearsalDatabases } from './marker.js'
import { ownerSession } from './owner-session.js'
import { dropSubscriptions } from './subscriptions.js'
import { findUnmarked, isUnmarkedAndEmpty } from './unmarked.js'

/**
 * Drops the rehearsal databases on a server whose run is dead: the session that held the lock of the run is gone.
 * Those of living runs stay, and so does everything without a marker of ours, unless it has our name and is still as empty
 * as it was made. A throw-away cluster is swept by the next start of one.
 * @param server any database of it; only connected to.
 * @returns the names of those that were dropped.
 */
export async function sweepRehearsalDatabases(server: TargetAddress, runId: string): Promise<string[]> {
  const session = ownerSession(runId)
  return withConnection(server, session, async (client) => {
    const dead = (await findRehearsalDatabases(client)).filter(({ inUse }) => !inUse)
    const dropped: string[] = []
    for (const { name } of dead) {
      // One of another role cannot be dropped, or even entered, by us; that is his to sweep.
      const wasDropped = await withConnection({ ...server, database: name }, session, async (claim) => {
        if (!(await claimRehearsalDatabase(claim))) return false
        await dropSubscriptions(claim)
        await effect('rehearsal.sweep', () =>
          client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`),
        )
        return true
      }).catch(() => false)
      if (wasDropped) dropped.push(name)
    }
    for (const name of await findUnmarked(client)) {
      const wasDropped = await withConnection({ ...server, database: name }, session, isUnmarkedAndEmpty)
        // Not by force: whoever is in it keeps it.
        .then((isOurs) => isOurs && dropEmpty(client, name))
        .catch(() => false)
      if (wasDropped) dropped.push(name)
    }
    return dropped
  })
}

async function dropEmpty(client: Client, name: string): Promise<true> {
  await effect('rehearsal.sweep', () => client.query(`DROP DATABASE ${quoteIdentifier(name)}`))
  return true
}
