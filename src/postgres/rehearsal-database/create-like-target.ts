import { RehearsalError } from '../../domain/errors.js'
import type { Client } from '../connection.js'
import {
  createDatabaseStatement,
  type DatabaseProperties,
  formatLocale,
  withPortableLocale,
} from './database-properties.js'

/** SQLSTATE: duplicate_database, insufficient_privilege, disk_full, read_only_sql_transaction, too_many_connections. */
const notTheLocale = new Set(['42P04', '42501', '53100', '25006', '53300'])

/**
 * Makes the database with the properties of the target.
 * @returns what is different when the server does not have the locale, in words.
 * @throws RehearsalError `rehearsal-database-not-made`
 */
export async function createLikeTarget(
  client: Client,
  name: string,
  properties: DatabaseProperties,
  options: { readonly owner?: string; readonly connectionLimit?: number },
): Promise<string[]> {
  const create = (like: DatabaseProperties) =>
    client.query(createDatabaseStatement(client, name, like, options))
  const portable = withPortableLocale(properties)
  try {
    await create(properties)
    return []
  } catch (error) {
    const madeAfterAll =
      !notTheLocale.has((error as { code?: string }).code ?? '') &&
      (await create(portable).then(
        () => true,
        () => false,
      ))
    if (!madeAfterAll) throw notMade(error as Error)
  }
  return [
    `the locale ${formatLocale(properties)} is not on the server of the copy: text is ordered, and the case of letters changed, by ${formatLocale(portable)}`,
  ]
}

function notMade(cause: Error): RehearsalError {
  return new RehearsalError(
    'rehearsal-database-not-made',
    `the rehearsal database cannot be made: ${cause.message}`,
    { hint: 'Fix the cause, or rehearse elsewhere: --rehearsal local, same-server or a URL.', cause },
  )
}
