import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/** Never resolves: https://www.rfc-editor.org/rfc/rfc2606#section-2 */
const nowhere = 'rehearsal.invalid'

/** How wrappers call the place of a server. */
const placeOptions =
  /^(host|hostaddr|address|addr|url|uri|endpoint|servername|server|dbserver|service|proxy)$/i

/** Not `password_required`, which says yes or no. */
const secretOptions = /pass(?!word_required)|secret|token|key|credential/i

/** Wrappers that take `host`, and without it connect to this machine. */
const wrappersWithHost = new Set(['postgres_fdw', 'dblink_fdw', 'mysql_fdw', 'tds_fdw'])

/** SQL over a wrapper `w`: what checks its options is not code of the server or of an extension in C. */
const hasOwnValidator = `
  COALESCE((SELECT p.oid >= 16384 AND l.lanname <> 'c' FROM pg_catalog.pg_proc p
              JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.oid = w.fdwvalidator), false)`

/**
 * Points foreign servers to a host that does not exist and overwrites the passwords of their user mappings. Both stay,
 * so that a migration may alter them.
 * @param plain alters where a validator that somebody has written is called
 * @returns in words what was done.
 */
export async function disarmForeignServers(client: Client, plain: Client): Promise<string[]> {
  return [...(await pointServersNowhere(client, plain)), ...(await overwritePasswords(client, plain))]
}

interface Options {
  readonly server: string
  readonly wrapper: string
  readonly isOwn: boolean
  readonly options: readonly { readonly name: string; readonly value: string }[]
}

async function pointServersNowhere(client: Client, plain: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT s.srvname::text AS server, w.fdwname::text AS wrapper, ${hasOwnValidator} AS "isOwn",
           ${asJson('s.srvoptions')} AS options
      FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
     ORDER BY 1`)
  const done: string[] = []
  for (const { server, wrapper, isOwn, options } of rows as Options[]) {
    const given = options.filter(({ name }) => placeOptions.test(name))
    if (given.length > 0 && given.every(({ value }) => value === nowhere)) continue
    const missing = given.length === 0 && wrappersWithHost.has(wrapper) ? ['host'] : []
    const changes = [
      ...given.map(({ name }) => `SET ${quoteIdentifier(name)} '${nowhere}'`),
      ...missing.map((name) => `ADD ${name} '${nowhere}'`),
    ]
    if (changes.length === 0) continue
    await effect('rehearsal.disarm', () =>
      (isOwn ? plain : client).query(
        `ALTER SERVER ${quoteIdentifier(server)} OPTIONS (${changes.join(', ')})`,
      ),
    )
    done.push(`the foreign server "${server}" points to ${nowhere}`)
  }
  return done
}

async function overwritePasswords(client: Client, plain: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT m.srvname::text AS server, m.usename::text AS role, ${hasOwnValidator} AS "isOwn",
           ${asJson('m.umoptions')} AS options
      FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
      JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw ORDER BY 1, 2`)
  const done: string[] = []
  for (const { server, role, isOwn, options } of rows as (Options & { role: string })[]) {
    const secrets = options.filter(({ name, value }) => secretOptions.test(name) && value !== removed)
    if (secrets.length === 0) continue
    const changes = secrets.map(({ name }) => `SET ${quoteIdentifier(name)} '${removed}'`).join(', ')
    const subject = role === 'public' ? 'PUBLIC' : quoteIdentifier(role)
    await effect('rehearsal.disarm', () =>
      (isOwn ? plain : client).query(
        `ALTER USER MAPPING FOR ${subject} SERVER ${quoteIdentifier(server)} OPTIONS (${changes})`,
      ),
    )
    done.push(`the password of "${role}" for the foreign server "${server}" was removed`)
  }
  return done
}

const removed = 'removed'

function asJson(column: string): string {
  return `COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', o.option_name, 'value', o.option_value))
                      FROM pg_catalog.pg_options_to_table(${column}) o), '[]'::json)`
}
