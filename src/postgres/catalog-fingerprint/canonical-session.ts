import type { Client } from '../connection.js'

/** What the server's own words for expressions and values depend on. */
const canonicalSettings = {
  // Everything that is not the server's own is then written with its schema.
  search_path: '',
  quote_all_identifiers: 'off',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  standard_conforming_strings: 'on',
  // Compiling this one big query would take longer than running it.
  jit: 'off',
}

function setCanonical(searchPath: string): string {
  return `SELECT ${Object.entries({ ...canonicalSettings, search_path: searchPath })
    .map(([name, value]) => `pg_catalog.set_config('${name}', '${value.replaceAll("'", "''")}', true)`)
    .join(', ')}`
}

/**
 * Runs `work` with the settings under which equal objects have equal texts, and leaves the session as it was: inside the
 * caller's transaction a savepoint takes them back, otherwise there is a transaction for `work` alone, which sees one
 * instant and changes nothing.
 * @param searchPath what lies in these schemas is written without its schema; empty: nothing is
 */
export async function withCanonicalTexts<T>(
  client: Client,
  work: () => Promise<T>,
  searchPath = '',
): Promise<T> {
  const [begin, end] =
    client.getTransactionStatus() === 'T'
      ? ['SAVEPOINT canonical_texts', 'ROLLBACK TO canonical_texts; RELEASE canonical_texts']
      : ['BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', 'ROLLBACK']
  await client.query(begin)
  try {
    await client.query(setCanonical(searchPath))
    return await work()
  } finally {
    // On a broken connection there is nothing to take back; its own error is the one to report.
    await client.query(end).catch(() => undefined)
  }
}
