import type { TargetAddress } from '../../src/domain/target.js'
import { type Client, openConnection } from '../../src/postgres/connection.js'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'

export function addressOf({ url }: { readonly url: string }): TargetAddress {
  return parseDatabaseUrl(url, 'DATABASE_URL')
}

/** A connection made by the code under test. The caller ends it. */
export function connectTo(database: { readonly url: string }, applicationName = 'test'): Promise<Client> {
  return openConnection(addressOf(database), { applicationName, runsUserSql: true })
}
