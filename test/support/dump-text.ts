import { execa } from 'execa'
import type { TargetAddress } from '../../src/domain/target.js'
import { withConnection } from '../../src/postgres/connection.js'

/**
 * What the real pg_dump writes of a database as SQL: by what it is of, in no order of its own. Knows nothing of our
 * fingerprints, so it can judge them.
 */
export async function readDumpText(
  address: TargetAddress,
  options: readonly string[] = [],
): Promise<Map<string, string>> {
  const { host, port, user, database, password } = address
  const { stdout } = await execa('pg_dump', ['--format=plain', '--no-password', ...options], {
    env: {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      PGPASSWORD: password?.reveal() ?? '',
    },
    maxBuffer: 500_000_000,
  })
  const parts = new Map<string, string>()
  for (const part of stdout.split(/^--\n-- /m)) {
    const [title = ''] = part.split('\n', 1)
    const lines = part.split('\n').filter((line) => !/^\\(un)?restrict /.test(line))
    parts.set(title, [...(parts.get(title)?.split('\n') ?? []), ...lines].sort().join('\n'))
  }
  return parts.set('Order of columns', await readColumnOrder(address))
}

/** Where a table inherits, pg_dump does not say at which place a column stands. */
async function readColumnOrder(address: TargetAddress): Promise<string> {
  return withConnection(address, { applicationName: 'test dump', readOnly: true }, async (client) => {
    const { rows } = await client.query({
      text: `SELECT attrelid::regclass::text, string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
              WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384 AND attrelid::regclass::text NOT LIKE 'pg_toast.%'
              GROUP BY 1 ORDER BY 1`,
      rowMode: 'array',
    })
    return rows.join('\n')
  })
}

/** What differs between the two, by what it is of. */
export function differingParts(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): string[] {
  const titles = [...new Set([...one.keys(), ...other.keys()])]
  return titles.filter((title) => one.get(title) !== other.get(title))
}
