import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/** One setting of ALTER DATABASE … SET or ALTER ROLE … SET, which a dump does not hold. */
export interface StoredSetting {
  /** null: for every role. */
  readonly role: string | null
  /** Only in this database; else in every one. */
  readonly inDatabase: boolean
  readonly name: string
  readonly value: string
}

/** Those that hold in the database of the connection. */
export async function readStoredSettings(client: Client): Promise<StoredSetting[]> {
  const { rows } = await client.query(`
    SELECT CASE WHEN s.setrole = 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(s.setrole)::text END AS role,
           s.setdatabase <> 0 AS in_database,
           pg_catalog.split_part(e.entry, '=', 1) AS name,
           pg_catalog.substr(e.entry, pg_catalog.strpos(e.entry, '=') + 1) AS value
      FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS e(entry, place)
     WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
     ORDER BY 2, 1 NULLS FIRST, e.place`)
  return rows.map(({ in_database: inDatabase, ...row }) => ({ ...row, inDatabase }))
}

/** Load libraries into every session, which would fail where the library is missing; and they need not be harmless. */
const notCarriedOver = new Set(['session_preload_libraries', 'local_preload_libraries', 'temp_tablespaces'])

/** Values that are lists of names: as one literal they would become one long name. */
const listsOfNames = new Set(['search_path'])

/**
 * Gives them to the database of the connection, on a cluster of our own or, with `onlyDatabase`, beside the target, where
 * what holds for a role in every database holds already.
 * @returns those that could not be given, in words.
 */
export async function applyStoredSettings(
  client: Client,
  database: string,
  settings: readonly StoredSetting[],
  { onlyDatabase }: { readonly onlyDatabase: boolean },
): Promise<string[]> {
  const differences: string[] = []
  for (const setting of settings.filter(({ inDatabase }) => inDatabase || !onlyDatabase)) {
    const why = notCarriedOver.has(setting.name)
      ? 'it is not carried over'
      : await applySetting(client, database, setting)
    if (why) differences.push(`${formatSetting(setting)} does not hold here: ${why}`)
  }
  return differences
}

/** Returns why it could not be set. */
async function applySetting(
  client: Client,
  database: string,
  { role, inDatabase, name, value }: StoredSetting,
): Promise<string | undefined> {
  const where = inDatabase ? ` IN DATABASE ${quoteIdentifier(database)}` : ''
  const subject =
    role === null && inDatabase
      ? `DATABASE ${quoteIdentifier(database)}`
      : `ROLE ${role === null ? 'ALL' : quoteIdentifier(role)}${where}`
  // Names with a dot belong to an extension; each part is quoted for itself.
  const setting = name.split('.').map(quoteIdentifier).join('.')
  try {
    await effect('rehearsal.setting', async () => {
      if (!listsOfNames.has(name)) {
        await client.query(`ALTER ${subject} SET ${setting} TO ${client.escapeLiteral(value)}`)
        return
      }
      await client.query('BEGIN')
      await client.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value])
      await client.query(`ALTER ${subject} SET ${setting} FROM CURRENT`)
      await client.query('COMMIT')
    })
    return undefined
  } catch (error) {
    await client.query('ROLLBACK')
    return (error as Error).message
  }
}

function formatSetting({ role, inDatabase, name, value }: StoredSetting): string {
  const where = [role === null ? '' : ` of the role "${role}"`, inDatabase ? ' in this database' : ''].join(
    '',
  )
  return `the setting ${name} = ${value}${where}`
}
