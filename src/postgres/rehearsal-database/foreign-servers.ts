import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Client } from '../connection.js'

/** Never resolves: https://www.rfc-editor.org/rfc/rfc2606#section-2 */
const nowhere = 'rehearsal.invalid'

/** How wrappers call the place of a server. */
const placeOptions =
  /^(host|hostaddr|address|addr|url|uri|endpoint|servername|server|dbserver|service|proxy)$/i

const secretOptions = /pass|secret|token|key|credential/i

/** Wrappers that take `host`, and without it connect to this machine. */
const wrappersWithHost = new Set(['postgres_fdw', 'dblink_fdw', 'mysql_fdw', 'tds_fdw'])

/**
 * Points foreign servers to a host that does not exist and overwrites the passwords of their user mappings. Both stay,
 * so that a migration may alter them.
 * @returns in words what was done.
 */
export async function disarmForeignServers(client: Client): Promise<string[]> {
  return [...(await pointServersNowhere(client)), ...(await overwritePasswords(client))]
}

interface Options {
  readonly server: string
  readonly wrapper: string
  readonly options: readonly { readonly name: string; readonly value: string }[]
}

async function pointServersNowhere(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT s.srvname::text AS server, w.fdwname::text AS wrapper, ${asJson('s.srvoptions')} AS options
      FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
     ORDER BY 1`)
  const done: string[] = []
  for (const { server, wrapper, options } of rows as Options[]) {
    const given = options.filter(({ name }) => placeOptions.test(name))
    if (given.length > 0 && given.every(({ value }) => value === nowhere)) continue
    const missing = given.length === 0 && wrappersWithHost.has(wrapper) ? ['host'] : []
    const changes = [
      ...given.map(({ name }) => `SET ${quoteIdentifier(name)} '${nowhere}'`),
      ...missing.map((name) => `ADD ${name} '${nowhere}'`),
    ]
    if (changes.length === 0) continue
    await effect('rehearsal.disarm', () =>
      client.query(`ALTER SERVER ${quoteIdentifier(server)} OPTIONS (${changes.join(', ')})`),
    )
    done.push(`the foreign server "${server}" points to ${nowhere}`)
  }
  return done
}

async function overwritePasswords(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT srvname::text AS server, usename::text AS role, ${asJson('umoptions')} AS options
      FROM pg_catalog.pg_user_mappings ORDER BY 1, 2`)
  const done: string[] = []
  for (const { server, role, options } of rows as (Options & { role: string })[]) {
    const secrets = options.filter(({ name, value }) => secretOptions.test(name) && value !== removed)
    if (secrets.length === 0) continue
    const changes = secrets.map(({ name }) => `SET ${quoteIdentifier(name)} '${removed}'`).join(', ')
    const subject = role === 'public' ? 'PUBLIC' : quoteIdentifier(role)
    await effect('rehearsal.disarm', () =>
      client.query(
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
