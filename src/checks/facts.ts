import { formatCount } from '../domain/quantities.js'
import type { Reader } from '../domain/reader.js'
import { rowAsJson, sha256 } from './row-as-json.js'

/** What a query gave: its only row, or all rows. */
export type Facts = Readonly<Record<string, unknown>>

/** What a before-check read, kept for the after-checks that must find the same again. */
export type MeasuredFacts = ReadonlyMap<string, Facts>

/** So much of an answer is kept, in the memory of this process and in the run record. */
const mostRows = 1_000
const mostBytes = 10 * 1024 * 1024

/**
 * Reads the rows of a query as facts, in the order in which they come. The server counts all of them and sends the first
 * ones; the others stand there as their number and a hash of all rows, so that facts are equal only when all rows are.
 * One statement, no cursor: so its time-out holds for all of it, and the planner does not prefer a plan for the first rows.
 */
export async function readFacts(reader: Reader, query: string): Promise<{ facts: Facts; note?: string }> {
  const { rows: answers } = await reader.query(`
    WITH facts AS MATERIALIZED (
${query}
    ), start AS (
      SELECT ${rowAsJson('fact')} AS values FROM (SELECT * FROM facts LIMIT ${mostRows}) AS fact
    ), measured AS (
      SELECT start.values, pg_catalog.sum(pg_catalog.octet_length(start.values::text)) OVER (ROWS UNBOUNDED PRECEDING) AS bytes
        FROM start
    ), kept AS (
      SELECT pg_catalog.count(*) AS count, pg_catalog.json_agg(measured.values) AS rows FROM measured
       WHERE bytes OPERATOR(pg_catalog.<=) ${mostBytes}
    ), total AS (
      SELECT pg_catalog.count(*) AS count FROM facts
    )
    SELECT total.count::float8 AS count, kept.rows,
           CASE WHEN total.count OPERATOR(pg_catalog.>) kept.count THEN (
             SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.string_agg(${sha256('pg_catalog.row_to_json(fact.*)::text')}, '')), 'hex')
               FROM facts AS fact) END AS hash
      FROM total, kept`)
  const { count, rows, hash } = answers[0] as { count: number; rows: Facts[] | null; hash: string | null }
  const kept = rows ?? []
  if (hash !== null) {
    return {
      facts: { rows: kept, rowCount: String(count), sha256: hash },
      note: `only the first ${formatCount(kept.length)} of ${formatCount(count)} rows are kept, and a hash of all of them`,
    }
  }
  return { facts: kept.length === 1 && kept[0] ? kept[0] : { rows: kept } }
}
