import { hostname } from 'node:os'
import { RehearsalError } from '../../domain/errors.js'
import type { TargetIdentity } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/**
 * What says that a database is ours to fill and to drop: the comment on the database. A dump without --create neither
 * holds nor touches it, and every role on the server can read it from any database.
 * https://www.postgresql.org/docs/current/catalog-pg-shdescription.html
 */
export interface RehearsalMarker {
  readonly format: 1
  readonly runId: string
  /** The database that carries it: a comment that was copied or restored elsewhere is no marker. */
  readonly systemIdentifier: string
  readonly databaseOid: string
  /** What it is a copy of. */
  readonly target: Pick<TargetIdentity, 'host' | 'port' | 'database' | 'systemIdentifier' | 'databaseOid'>
  /** Who made it, for people. */
  readonly host: string
  readonly processId: number
  readonly createdAt: string
}

const opening = 'migrate-guard rehearsal database, dropped when its run is over: '

/** Two 32-bit keys ("mg", "rhrs"). Held by the session of the run that made the database; it vanishes with it. */
const lockKeys = [0x6d67, 0x72687273] as const

const readComment = `
  SELECT d.datname AS name, d.oid::text AS oid,
         (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system_identifier,
         pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
    FROM pg_catalog.pg_database d`

/**
 * Marks the database of this connection as ours, and takes the lock that says that its run is alive: first the lock,
 * so that nobody who sees the marker takes the run for dead.
 * @param holder a connection to the database that stays open as long as the run needs it.
 */
export async function markRehearsalDatabase(
  holder: Client,
  request: { readonly runId: string; readonly targetIdentity: TargetIdentity },
): Promise<void> {
  const { rows } = await holder.query(`${readComment} WHERE d.datname = pg_catalog.current_database()`)
  const { name, oid, system_identifier: systemIdentifier } = rows[0]
  const { host, port, database, systemIdentifier: targetSystem, databaseOid } = request.targetIdentity
  const marker: RehearsalMarker = {
    format: 1,
    runId: request.runId,
    systemIdentifier,
    databaseOid: oid,
    target: { host, port, database, systemIdentifier: targetSystem, databaseOid },
    host: hostname(),
    processId: process.pid,
    createdAt: new Date().toISOString(),
  }
  await effect('rehearsal.mark', async () => {
    await holder.query('SELECT pg_catalog.pg_advisory_lock($1, $2)', [...lockKeys])
    // COMMENT takes no parameters.
    const text = holder.escapeLiteral(opening + JSON.stringify(marker))
    await holder.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${text}`)
  })
}

/**
 * Makes sure that the database of this connection is one that we made; asked before every act that would hurt another.
 * @param runId when given, it must also be of this run.
 * @throws RehearsalError `not-a-rehearsal-database`
 */
export async function assertIsRehearsalDatabase(client: Client, runId?: string): Promise<RehearsalMarker> {
  const { rows } = await client.query(`${readComment} WHERE d.datname = pg_catalog.current_database()`)
  const row = rows[0]
  const refuse = (why: string) =>
    new RehearsalError('not-a-rehearsal-database', `the database "${row.name}" is not touched: ${why}`, {
      hint: 'Only a database that migrate-guard made itself is filled or dropped; look which database the connection names.',
    })
  const marker = parseMarker(row.comment)
  if (marker === undefined) throw refuse('it does not carry the marker of a rehearsal database')
  if (marker === 'other format') throw refuse('another version of migrate-guard made it')
  if (marker.databaseOid !== row.oid || marker.systemIdentifier !== row.system_identifier)
    throw refuse('its marker was made for another database')
  if (marker.target.databaseOid === row.oid && marker.target.systemIdentifier === row.system_identifier)
    throw refuse('its marker says that it is the target itself')
  if (runId !== undefined && marker.runId !== runId) throw refuse(`it belongs to the run ${marker.runId}`)
  return marker
}

/**
 * Takes over a rehearsal database from a dead run, so that it can be dropped: from now on nobody else can.
 * @param claim a connection to the database that stays open until it is dropped.
 * @returns false when a living run holds it.
 * @throws RehearsalError `not-a-rehearsal-database`
 */
export async function claimRehearsalDatabase(claim: Client): Promise<boolean> {
  await assertIsRehearsalDatabase(claim)
  const { rows } = await claim.query('SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS taken', [...lockKeys])
  return rows[0].taken
}

/** A rehearsal database on the server of the connection. */
export interface FoundRehearsalDatabase {
  readonly name: string
  readonly marker: RehearsalMarker
  /** Whether the session of the run that made it is still there. */
  readonly inUse: boolean
}

/** All databases on the server that carry a marker of ours that was made for them. */
export async function findRehearsalDatabases(client: Client): Promise<FoundRehearsalDatabase[]> {
  const { rows } = await client.query(
    `SELECT found.*, EXISTS (SELECT FROM pg_catalog.pg_locks l
                              WHERE l.locktype = 'advisory' AND l.database::text = found.oid
                                AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 AND l.granted) AS in_use
       FROM (${readComment}) AS found`,
    [...lockKeys],
  )
  return rows.flatMap((row) => {
    const marker = parseMarker(row.comment)
    if (marker === undefined || marker === 'other format') return []
    if (marker.databaseOid !== row.oid || marker.systemIdentifier !== row.system_identifier) return []
    return [{ name: row.name, marker, inUse: row.in_use }]
  })
}

function parseMarker(comment: string | null): RehearsalMarker | 'other format' | undefined {
  if (!comment?.startsWith(opening)) return undefined
  try {
    const marker = JSON.parse(comment.slice(opening.length)) as RehearsalMarker
    if (marker.format !== 1) return 'other format'
    const texts = [marker.runId, marker.databaseOid, marker.systemIdentifier, marker.target.databaseOid]
    return texts.every((text) => typeof text === 'string') ? marker : undefined
  } catch {
    return undefined
  }
}
