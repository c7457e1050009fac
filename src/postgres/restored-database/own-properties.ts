import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'
import { readDatabaseGrants } from '../rehearsal-database/database-grants.js'
import { readStoredSettings, type StoredSetting } from '../rehearsal-database/stored-settings.js'

/** What became of the properties of a database that no dump carries. */
export interface OwnProperties {
  /** Statements that were run. */
  readonly copied: readonly string[]
  /** Statements that were refused, with the reason. */
  readonly refused: readonly { readonly statement: string; readonly why: string }[]
}

/**
 * Gives a new database what belongs to the target's database itself and is in no dump without --create: settings, privileges,
 * limit of connections, owner, comment. https://www.postgresql.org/docs/current/app-pgdump.html
 * @param target a connection to the target
 * @param client a connection to the new database, as its owner
 */
export async function copyOwnProperties(
  target: Client,
  client: Client,
  name: string,
): Promise<OwnProperties> {
  const copied: string[] = []
  const refused: { statement: string; why: string }[] = []
  for (const statement of await readStatements(target, client, name)) {
    try {
      await effect('back.database-property', () => client.query(statement))
      copied.push(statement)
    } catch (error) {
      if (!(error instanceof Error && 'severity' in error)) throw error
      refused.push({ statement, why: error.message })
    }
  }
  return { copied, refused }
}

/** The owner last: afterwards the others could be refused. */
async function readStatements(target: Client, client: Client, name: string): Promise<string[]> {
  const { rows } = await target.query(`
    SELECT d.datconnlimit AS "connectionLimit", pg_catalog.pg_get_userbyid(d.datdba)::text AS owner,
           d.datacl IS NULL AS "hasDefaultGrants"
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
  const { connectionLimit, owner, hasDefaultGrants } = rows[0]
  const { rows: here } = await client.query(
    'SELECT pg_catalog.pg_get_userbyid(datdba)::text AS owner FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  const database = quoteIdentifier(name)
  const settings = (await readStoredSettings(target)).filter(({ inDatabase }) => inDatabase)
  return [
    ...settings.map((setting) => settingStatement(client, database, setting)),
    ...(hasDefaultGrants
      ? [`GRANT CONNECT, TEMPORARY ON DATABASE ${database} TO PUBLIC`]
      : await readDatabaseGrants(target, name)),
    ...(connectionLimit === -1 ? [] : [`ALTER DATABASE ${database} CONNECTION LIMIT ${connectionLimit}`]),
    ...(here[0].owner === owner ? [] : [`ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(owner)}`]),
  ]
}

/**
 * Takes the mark of the unfinished away and gives the comment of the target instead: from now on the database is
 * the user's own.
 */
export async function markFinished(target: Client, client: Client, name: string): Promise<void> {
  const { rows } = await target.query(`
    SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
  const comment = rows[0].comment === null ? 'NULL' : client.escapeLiteral(rows[0].comment)
  await effect('back.finished', () =>
    client.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${comment}`),
  )
}

/** Values that are lists of names, stored with each name quoted where it needs it; as one literal they would be one name. */
const listsOfNames = new Set([
  'search_path',
  'local_preload_libraries',
  'session_preload_libraries',
  'temp_tablespaces',
])

function settingStatement(client: Client, database: string, { role, name, value }: StoredSetting): string {
  const subject =
    role === null ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`
  // Names with a dot belong to an extension; each part is quoted for itself.
  const setting = name.split('.').map(quoteIdentifier).join('.')
  const values = listsOfNames.has(name) ? readNames(value) : [value]
  return `ALTER ${subject} SET ${setting} TO ${values.map((one) => client.escapeLiteral(one)).join(', ')}`
}

/** `"$user", public` → `$user`, `public` */
function readNames(list: string): string[] {
  return (list.match(/"(?:[^"]|"")*"|[^\s,"]+/g) ?? ['']).map((name) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name,
  )
}
