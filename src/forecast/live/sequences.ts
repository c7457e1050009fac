import type { Reader } from '../../domain/reader.js'
import { quoteRelation } from '../../sql/names.js'
import type { CatalogModel } from '../model.js'
import type { ColumnsByNumber } from './columns.js'
import { notOurs, rowsOf } from './rows.js'

interface SequenceRow {
  oid: number
  schema: string
  name: string
  increment: number
  start: number
  readable: boolean
  ownerRelation: number | null
  ownerColumn: number | null
}

const sequencesQuery = `
  SELECT s.seqrelid::int4 AS oid, n.nspname AS schema, c.relname AS name, s.seqincrement::float8 AS increment,
         s.seqstart::float8 AS start,
         pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS readable,
         d.refobjid::int4 AS "ownerRelation", d.refobjsubid AS "ownerColumn"
    FROM pg_catalog.pg_sequence s
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                                    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
   WHERE ${notOurs}
   ORDER BY d.deptype, s.seqrelid`

/**
 * The sequences, and the columns that own them; where they stand is not read. A column may own that of a serial and that of
 * an identity, which comes last and is the one that counts.
 */
export async function readSequences(
  reader: Reader,
  catalog: CatalogModel,
  columns: ColumnsByNumber,
): Promise<void> {
  const rows = await rowsOf<SequenceRow>(reader, sequencesQuery)
  for (const row of rows) {
    const owner = columns.get(row.ownerRelation ?? 0)?.get(row.ownerColumn ?? 0)
    const sequence = {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      live: quoteRelation(row.schema, row.name),
      increment: row.increment,
      start: row.start,
      isReadable: row.readable,
      taken: [],
      ...(owner ? { ownedBy: owner } : {}),
    }
    catalog.sequences.push(sequence)
    if (owner) owner.sequence = sequence
  }
}
