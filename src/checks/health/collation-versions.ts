import type { Finding } from '../../domain/finding.js'
import { formatCount } from '../../domain/quantities.js'
import type { Reader } from '../../domain/reader.js'
import { quoteIdentifier, quoteRelation } from '../../sql/names.js'
import type { Check } from '../check.js'

interface Outdated {
  /** Null for the collation of the database itself. */
  readonly schema: string | null
  readonly name: string
  readonly recorded: string
  /** Null when the operating system no longer says. */
  readonly actual: string | null
  /** Valid indexes that are sorted by it, as `{schema, name}`. */
  readonly indexes: readonly { readonly schema: string; readonly name: string }[]
}

/** Since PostgreSQL 15 a database knows the version of its own collation; before, only other collations do. */
const databaseKnowsVersion = 150000

/**
 * Collations that sort otherwise than when their indexes were built, as after an upgrade of the operating system: a unique
 * index over text then lets duplicates in, which come to light when one is built anew.
 * https://www.postgresql.org/docs/current/sql-altercollation.html#SQL-ALTERCOLLATION-NOTES
 */
export const collationVersions: Check = {
  code: 'collation-version',
  title: 'every collation sorts as when its indexes were built',
  steps: ['check', 'verify'],
  find: async (reader, { step }) => {
    const { rows } = await reader.query(
      `SELECT pg_catalog.current_setting('server_version_num')::int AS version`,
    )
    const ofDatabase = Number(rows[0]?.version) >= databaseKnowsVersion ? await readDatabase(reader) : []
    return [...ofDatabase, ...(await readCollations(reader))].map((outdated) => findingFor(outdated, step))
  },
}

/** Of a user's indexes; `oid` is the collation. */
const indexesSortedBy = (oid: string) => `
  (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname) ORDER BY n.nspname, c.relname), '[]')
     FROM pg_catalog.pg_index i
     JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpersistence <> 't'
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
    WHERE ${oid} = ANY (i.indcollation))`

/** 100 is the collation "default", which stands for that of the database. */
async function readDatabase(reader: Reader): Promise<Outdated[]> {
  const { rows } = await reader.query(`
    SELECT NULL AS schema, d.datname AS name, d.datcollversion AS recorded, v.actual, ${indexesSortedBy('100')} AS indexes
      FROM pg_catalog.pg_database d, pg_catalog.pg_database_collation_actual_version(d.oid) AS v (actual)
     WHERE d.datname = pg_catalog.current_database() AND d.datcollversion IS NOT NULL AND d.datcollversion IS DISTINCT FROM v.actual`)
  return rows as unknown as Outdated[]
}

/** Only those by which an index is sorted: an operating system brings hundreds. */
async function readCollations(reader: Reader): Promise<Outdated[]> {
  const { rows } = await reader.query(`
    WITH used AS MATERIALIZED (
      SELECT l.oid, n.nspname, l.collname, l.collversion, ${indexesSortedBy('l.oid')} AS indexes
        FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
       WHERE l.collversion IS NOT NULL
         AND l.oid IN (SELECT pg_catalog.unnest(i.indcollation::oid[]) FROM pg_catalog.pg_index i))
    SELECT nspname AS schema, collname AS name, collversion AS recorded, v.actual, indexes
      FROM used, pg_catalog.pg_collation_actual_version(used.oid) AS v (actual)
     WHERE collversion IS DISTINCT FROM v.actual ORDER BY 1, 2`)
  return rows as unknown as Outdated[]
}

function findingFor({ schema, name, recorded, actual, indexes }: Outdated, step: Finding['step']): Finding {
  const what = schema === null ? `the collation of database "${name}"` : `collation "${name}"`
  const refresh =
    schema === null
      ? `ALTER DATABASE ${quoteIdentifier(name)} REFRESH COLLATION VERSION;`
      : `ALTER COLLATION ${quoteRelation(schema, name)} REFRESH VERSION;`
  const rebuild = indexes.map(
    (index) => `REINDEX INDEX CONCURRENTLY ${quoteRelation(index.schema, index.name)};`,
  )
  return {
    code: collationVersions.code,
    kind: 'health',
    verdict: 'warn',
    step,
    object: name,
    message: `${what} was version ${recorded} and is now ${actual ?? 'of no known version'}: ${formatCount(indexes.length)} ${indexes.length === 1 ? 'index' : 'indexes'} may be out of order`,
    hint: 'Look for duplicates, build the indexes again, and only then record the new version; until then pg_restore may fail on them.',
    fixSql: [...rebuild, refresh].join('\n'),
  }
}
