/** Where psql connects to, without a password: it asks for one, or finds it as it always does. */
export interface PsqlAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** Parameters that libpq knows, e.g. `sslmode`. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * A psql command that works when it is copied into a shell: the statements one after the other, stopping at the first that
 * fails. With `together`, all of them take effect or none.
 */
export function formatPsql(
  { host, port, user, database, parameters }: PsqlAddress,
  statements: readonly string[],
  { together = false } = {},
): string {
  const entries = { host, port: String(port), user, dbname: database, ...parameters }
  const address = Object.entries(entries)
    .map(([name, value]) => `${name}=${quoteValue(value)}`)
    .join(' ')
  return [
    'psql',
    quoteForShell(address),
    '--no-psqlrc --set=ON_ERROR_STOP=1',
    ...(together ? ['--single-transaction'] : []),
    ...statements.map((statement) => `--command=${quoteForShell(statement)}`),
  ].join(' ')
}

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE */
function quoteValue(value: string): string {
  return /^[\w./@:%+-]+$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`
}

/** As one word for a POSIX shell; only what it would read otherwise is put in quotes. */
export function quoteForShell(word: string): string {
  return /^[\w:.,/@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
