import { BackupError, GuardError } from '../../domain/errors.js'
import type { TargetAddress, TargetIdentity } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import { type Client, withConnection } from '../connection.js'
import { findOwner } from '../rehearsal-database/beside-place.js'
import { createDatabaseStatement, readDatabaseProperties } from '../rehearsal-database/database-properties.js'
import { withPatience } from '../rehearsal-database/owner-session.js'
import { dropSubscriptions } from '../rehearsal-database/subscriptions.js'
import { backSession } from './back-session.js'
import { findUnfinished, formatMarker } from './marker.js'

/** What is asked for when a database for a backup is made beside the target. */
export interface BesideRequest {
  /** Another database of the target's server, as the target's role. */
  readonly server: TargetAddress
  readonly target: TargetAddress
  readonly targetIdentity: TargetIdentity
  /** A read-only connection to the target. */
  readonly targetClient: Client
  readonly name: string
  readonly runId: string
  /** Told when a database that failed could not be removed, with the reason. */
  readonly onLeft: (reason: string) => void
}

/** An empty database like the target, in which nobody but its owner may log in yet. */
export interface DatabaseBeside {
  readonly name: string
  readonly address: TargetAddress
}

/**
 * Makes a database with the owner, locale and tablespace of the target, lends it to `work`, and removes it when `work`
 * fails. It stays when `work` ends well: then the caller has taken the mark of the unfinished away.
 * @throws BackupError `database-not-made`
 */
export async function withDatabaseBeside<T>(
  request: BesideRequest,
  work: (database: DatabaseBeside) => Promise<T>,
): Promise<T> {
  const { server, name } = request
  const oid = await make(request)
  try {
    await mark(request, oid)
    return await work({ name, address: withPatience({ ...server, database: name }) })
  } catch (error) {
    await remove(request, oid).catch(({ message }: Error) => request.onLeft(message))
    throw error
  }
}

/** Gives the OID of the new database: a name alone does not tell later that it is this one. */
async function make(request: BesideRequest): Promise<string> {
  const { server, targetClient, name, runId } = request
  return withConnection(server, backSession(runId), async (client) => {
    const properties = await readDatabaseProperties(targetClient)
    const owner = await findOwner(client, properties)
    const { rows: at } = await targetClient.query(`
      SELECT t.spcname::text AS tablespace FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
       WHERE d.datname = pg_catalog.current_database()`)
    const statement = createDatabaseStatement(client, name, properties, owner === undefined ? {} : { owner })
    const { tablespace } = at[0]
    // Naming the default one takes a right to it, which an ordinary role does not have.
    const where = tablespace === 'pg_default' ? '' : ` TABLESPACE ${quoteIdentifier(tablespace)}`
    await effect('back.create-database', () => client.query(`${statement}${where}`)).catch((cause: Error) => {
      throw cause instanceof GuardError ? cause : notMade(name, cause)
    })
    return readOid(client, name)
  })
}

async function readOid(client: Client, name: string): Promise<string> {
  const { rows } = await client.query(
    'SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  return rows[0]?.oid
}

/** Its rows are nobody's business yet, and an application that takes every database for its own must not find it. */
async function mark(
  { server, targetIdentity, name, runId }: BesideRequest,
  databaseOid: string,
): Promise<void> {
  const { systemIdentifier, databaseOid: targetOid } = targetIdentity
  const marker = formatMarker({ systemIdentifier, databaseOid, targetOid, runId })
  await withConnection(server, backSession(runId), (client) =>
    effect('back.mark', async () => {
      // COMMENT takes no parameters.
      await client.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${client.escapeLiteral(marker)}`)
      await client.query(`REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`)
    }),
  )
}

/** Only the very database that was made; one that somebody has put in its place stays. */
async function remove({ server, name, runId }: BesideRequest, oid: string): Promise<void> {
  await withConnection(server, backSession(runId), async (client) => {
    if ((await readOid(client, name)) === oid) await dropDatabase(client, server, name, runId)
  })
}

/** WITH (FORCE), because a pg_restore that was stopped may have left a statement running there. */
async function dropDatabase(
  client: Client,
  server: TargetAddress,
  name: string,
  runId: string,
): Promise<void> {
  const drop = () =>
    effect('back.drop-database', () =>
      client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`),
    )
  await drop().catch(async () => {
    // A subscription keeps it; it was restored switched off.
    await withConnection({ ...server, database: name }, backSession(runId), dropSubscriptions)
    await drop()
  })
}

/**
 * Drops what earlier runs, which were killed, have left half restored for this target. The caller holds the deploy lock,
 * so none of them is at work.
 * @returns the names
 */
export async function sweepUnfinished({
  server,
  targetIdentity,
  runId,
}: Pick<BesideRequest, 'server' | 'targetIdentity' | 'runId'>): Promise<string[]> {
  return withConnection(server, backSession(runId), async (client) => {
    const names = await findUnfinished(client, targetIdentity)
    for (const name of names) await dropDatabase(client, server, name, runId)
    return names
  })
}

function notMade(name: string, cause: Error): BackupError {
  return new BackupError('database-not-made', `the database "${name}" cannot be made: ${cause.message}`, {
    hint: 'Fix the cause, then run the command again; nothing was changed.',
    cause,
  })
}
