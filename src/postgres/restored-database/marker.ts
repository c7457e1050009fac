import type { TargetIdentity } from '../../domain/target.js'
import type { Client } from '../connection.js'

/**
 * What says that a database is not complete and ours to drop: the comment on it, until it is proven. It names the
 * database that carries it, so that a comment that was copied elsewhere says nothing.
 */
export interface UnfinishedMarker {
  readonly systemIdentifier: string
  readonly databaseOid: string
  /** What it is restored for. */
  readonly targetOid: string
  readonly runId: string
}

const opening = 'migrate-guard is restoring a backup into this database, which is not complete: '

/** The text of the comment. */
export function formatMarker(marker: UnfinishedMarker): string {
  return opening + JSON.stringify(marker)
}

/** Databases that a dead run has left half restored for this target: the caller holds the lock that keeps others out. */
export async function findUnfinished(client: Client, target: TargetIdentity): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT d.datname::text AS name, d.oid::text AS oid,
           pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
      FROM pg_catalog.pg_database d`)
  return rows
    .filter(({ oid, comment }) => {
      const marker = parseMarker(comment)
      return (
        marker?.databaseOid === oid &&
        marker?.systemIdentifier === target.systemIdentifier &&
        marker?.targetOid === target.databaseOid &&
        oid !== target.databaseOid
      )
    })
    .map(({ name }) => name)
}

function parseMarker(comment: string | null): UnfinishedMarker | undefined {
  if (!comment?.startsWith(opening)) return undefined
  try {
    return JSON.parse(comment.slice(opening.length)) as UnfinishedMarker
  } catch {
    return undefined
  }
}
