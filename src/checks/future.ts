import type { Evidence } from '../domain/finding.js'
import type { Reader } from '../domain/reader.js'
import { answerForUser } from './answer.js'
import type { LiveTable } from './live-schema.js'
import { countOffendingRows } from './offending-rows.js'

/** The tables as the pending migrations will leave them, where that can be told. */
export interface FutureTables {
  /** The schema in which the migrations look for names that have none. */
  readonly schema: string
  /** What to read for the rows of a table; undefined where it or a column is not there then, or its rows are not known. */
  find(schema: string, table: string, columns: readonly string[]): LiveTable | undefined
  /** A query over what `find` gave, as today's server takes it. */
  complete(query: string): string
}

/**
 * Whether the pending migrations put right what is wrong today: a duplicate that they merge, an orphan that they remove.
 * False where that cannot be told.
 *
 * @param makeQuery the question, over the table as the migrations will leave it
 */
export async function isMendedByMigrations(
  reader: Reader,
  future: FutureTables | undefined,
  makeQuery: (future: FutureTables) => string | undefined,
): Promise<boolean> {
  const query = future && makeQuery(future)
  if (!future || query === undefined) return false
  const evidence = await answerForUser<Evidence>(reader, future.schema, () =>
    countOffendingRows(reader, future.complete(query)),
  )
  return !('error' in evidence) && evidence.count === 0
}
