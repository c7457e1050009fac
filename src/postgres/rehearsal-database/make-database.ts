import type { TargetAddress, TargetIdentity } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import { type Client, openConnection, withConnection } from '../connection.js'
import { assertIsRehearsalDatabase, markRehearsalDatabase } from './marker.js'
import { ownerSession } from './owner-session.js'
import { dropSubscriptions } from './subscriptions.js'
import { announceMaking } from './unmarked.js'

export interface NewDatabase {
  /** As the one who made it, on the new database. */
  readonly ownerAddress: TargetAddress
  /** Holds the lock that says that the run is alive; for one question at a time. */
  readonly holder: Client
  /** Drops it, after a look at its marker. */
  drop(): Promise<void>
}

export interface MakeRequest {
  /** Any database of the server; only connected to. */
  readonly server: TargetAddress
  readonly name: string
  readonly runId: string
  readonly targetIdentity: TargetIdentity
  /** Sends CREATE DATABASE; throws in words when it is refused. */
  create(client: Client): Promise<void>
}

/** Makes a database on a server and marks it as ours. What it has made when it fails is removed. */
export async function makeMarkedDatabase(request: MakeRequest): Promise<NewDatabase> {
  const { server, name, runId } = request
  const session = ownerSession(runId)
  const ownerAddress = { ...server, database: name }
  return withConnection(server, session, async (maker) => {
    await announceMaking(maker)
    await effect('rehearsal.create-database', () => request.create(maker))
    let holder: Client | undefined
    try {
      holder = await openConnection(ownerAddress, session)
      await markRehearsalDatabase(holder, request)
      const marked = holder
      return { ownerAddress, holder, drop: () => dropMarked(request, ownerAddress, marked) }
    } catch (error) {
      await holder?.end().catch(() => undefined)
      await dropDatabase(server, name, runId).catch(() => undefined)
      throw error
    }
  })
}

async function dropMarked(request: MakeRequest, ownerAddress: TargetAddress, holder: Client): Promise<void> {
  const { server, name, runId } = request
  try {
    await withConnection(ownerAddress, ownerSession(runId), async (client) => {
      await assertIsRehearsalDatabase(client, runId)
      await dropSubscriptions(client)
    })
  } finally {
    await holder.end().catch(() => undefined)
  }
  await dropDatabase(server, name, runId)
}

/** WITH (FORCE), because a killed client may have left a statement running there. */
async function dropDatabase(server: TargetAddress, name: string, runId: string): Promise<void> {
  await withConnection(server, ownerSession(runId), (client) =>
    effect('rehearsal.drop-database', () =>
      client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`),
    ),
  )
}
