import { createHash } from 'node:crypto'
import { readDatabaseGrants } from './database-grants.js'
import { readDatabaseProperties } from './database-properties.js'
import { readSessionUser } from './facts.js'
import type { RehearsalRequest } from './request.js'
import { withoutJobs } from './restorable.js'
import { readBootstrapSuperuser, readRoleStatements } from './roles.js'
import type { ServerSettings } from './server-settings.js'
import { readStoredSettings } from './stored-settings.js'
import { readTablespaceStatements } from './tablespaces.js'
import { readExtensionOwners, readSuperusers } from './two-roles.js'

/**
 * A hash over all that goes into a rehearsal database of a local cluster: what is restored into it, and what is read of the
 * target to make roles, settings and the database itself.
 */
export async function hashLocalContent(
  { content, target, targetClient: client, targetIdentity }: RehearsalRequest,
  settings: ServerSettings,
): Promise<string> {
  const parts = [
    content,
    [target.database, targetIdentity.serverVersion],
    settings,
    await readSessionUser(client),
    await readRoleStatements(client),
    await readTablespaceStatements(client),
    await readDatabaseProperties(client),
    await readDatabaseGrants(client, target.database),
    await readStoredSettings(client),
    await withoutJobs(client),
    await readSuperusers(client),
    await readBootstrapSuperuser(client),
    await readExtensionOwners(client),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
