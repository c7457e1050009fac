import { CheckError } from '../../domain/errors.js'
import type { LargeObjectsFingerprint } from '../../domain/fingerprint.js'
import type { Reader } from '../../domain/reader.js'
import { withFixedOutput } from './fixed-output.js'
import { hashOf } from './hash.js'

/** A large object may be 4 TB and a value only 1 GB, so it is read piece by piece. */
const pieceBytes = 1024 * 1024

const seed = `pg_catalog.hashoidextended(loid, "from")`
const pieceHash = hashOf({ sql: 'data', baseType: 'bytea' }, seed)

/**
 * lo_get() and not the rows of pg_largeobject, which only a superuser may read, and which differ after a restore when an object has
 * holes. The recursion keeps hash and length of a piece, not the piece.
 */
const statement = `
  WITH RECURSIVE piece AS (
    SELECT loid, "from", ${pieceHash} AS hash, pg_catalog.octet_length(data) AS size
      FROM (SELECT oid AS loid, '0'::pg_catalog.int8 AS "from", pg_catalog.lo_get(oid, 0, ${pieceBytes}) AS data
              FROM pg_catalog.pg_largeobject_metadata OFFSET 0) first
    UNION ALL
    SELECT loid, "from", ${pieceHash}, pg_catalog.octet_length(data)
      FROM (SELECT loid, "from" + ${pieceBytes} AS "from",
                   pg_catalog.lo_get(loid, "from" + ${pieceBytes}, ${pieceBytes}) AS data
              FROM piece WHERE size = ${pieceBytes} OFFSET 0) next
  )
  SELECT pg_catalog.count(*) FILTER (WHERE "from" = 0)::text AS objects,
         COALESCE(pg_catalog.sum(hash), 0)::text AS sum
    FROM piece`

/**
 * Fingerprints all large objects by their number and contents; their owners are the catalog's.
 * @throws CheckError when the role may not read all of them.
 */
export async function fingerprintLargeObjects(reader: Reader): Promise<LargeObjectsFingerprint> {
  try {
    const { rows } = await withFixedOutput(reader, () => reader.query(statement))
    const [{ objects, sum }] = rows as [{ objects: string; sum: string }]
    return { objects: Number(objects), sum }
  } catch (error) {
    // insufficient_privilege: https://www.postgresql.org/docs/current/errcodes-appendix.html
    if ((error as { code?: string }).code !== '42501') throw error
    throw new CheckError(
      'large-objects-not-readable',
      `the role cannot read all large objects: ${(error as Error).message}`,
      {
        hint: 'Use a superuser, or GRANT SELECT ON LARGE OBJECT on each of them; pg_read_all_data does not cover them.',
        cause: error,
      },
    )
  }
}
