import { RehearsalError } from '../../domain/errors.js'
import type { Client } from '../connection.js'

/** Left out of every copy, so they need not be there. */
export const notRestored: readonly string[] = ['pg_cron']

/** They bring their schema along. */
export const schemasOfLeftOut: Readonly<Record<string, readonly string[]>> = { pg_cron: ['cron'] }

/**
 * Makes sure, before anything is restored, that the server of the copy can make the extensions of the target.
 * @returns what is different, in words: another version.
 * @throws RehearsalError `extension-missing`, which names them.
 */
export async function assertExtensionsAvailable(target: Client, copy: Client): Promise<string[]> {
  const { rows: wanted } = await target.query(
    'SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension WHERE extname <> ALL ($1) ORDER BY extname',
    [notRestored],
  )
  const { rows: available } = await copy.query(
    `SELECT a.name::text, a.default_version AS version,
            (SELECT pg_catalog.bool_or(NOT v.superuser OR v.trusted OR r.rolsuper)
               FROM pg_catalog.pg_available_extension_versions v, pg_catalog.pg_roles r
              WHERE v.name = a.name AND v.version = a.default_version AND r.rolname = CURRENT_USER) AS allowed
       FROM pg_catalog.pg_available_extensions a WHERE a.name = ANY ($1)`,
    [wanted.map(({ name }) => name)],
  )
  const found = new Map(available.map((extension) => [extension.name, extension]))
  const missing = wanted.filter(({ name }) => !found.has(name)).map(({ name }) => `"${name}"`)
  if (missing.length > 0) throw notAvailable(`${missing.join(', ')}, which the copy's server does not have`)
  // PostgreSQL itself makes plpgsql in every new database.
  const refused = wanted.filter(({ name }) => !found.get(name).allowed && name !== 'plpgsql')
  if (refused.length > 0) {
    const names = refused.map(({ name }) => `"${name}"`).join(', ')
    throw notAvailable(`${names}, which only a superuser may make on the copy's server`)
  }
  return wanted
    .filter(({ name, version }) => found.get(name).version !== version)
    .map(
      ({ name, version }) =>
        `the extension "${name}" is ${found.get(name).version} here and ${version} on the target`,
    )
}

function notAvailable(what: string): RehearsalError {
  return new RehearsalError('extension-missing', `the target uses the extension ${what}`, {
    hint: 'Install it there, or rehearse on a server that has it (--rehearsal same-server or a URL).',
  })
}
