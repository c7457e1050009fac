import type { Reader } from '../../domain/reader.js'

/** How values are written, whatever role, database and server have set, so that two databases write the same one alike. */
const settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  lc_monetary: 'C',
  // Names of regclass and the like are written with their schema, and nobody's operator comes before the server's.
  search_path: 'pg_catalog',
  quote_all_identifiers: 'off',
  // A policy that hides rows is an error then, and not a smaller table.
  row_security: 'off',
  // Compiling the many expressions of a wide table takes longer than most scans.
  jit: 'off',
}

/**
 * Does `work` while the session writes every value in one fixed form and refuses to read a table of which row-level security
 * hides rows. Puts the session's own settings back.
 */
export async function withFixedOutput<T>(reader: Reader, work: () => Promise<T>): Promise<T> {
  const own = await readSettings(reader)
  try {
    await set(reader, settings)
    return await work()
  } finally {
    // When a statement has failed in a transaction nothing can be set, and its end will undo our settings.
    await set(reader, own).catch(() => undefined)
  }
}

async function readSettings(reader: Reader): Promise<Record<string, string>> {
  const { rows } = await reader.query(
    'SELECT name, pg_catalog.current_setting(name) AS value FROM pg_catalog.unnest($1::text[]) name',
    [Object.keys(settings)],
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value as string]))
}

async function set(reader: Reader, values: Readonly<Record<string, string>>): Promise<void> {
  await reader.query(
    `SELECT pg_catalog.set_config(s.name, s.value, false)
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) s(name, value)`,
    [Object.keys(values), Object.values(values)],
  )
}
