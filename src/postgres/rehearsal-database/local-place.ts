import { randomBytes } from 'node:crypto'
import { Secret, type TargetAddress } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import { type Client, withConnection } from '../connection.js'
import type { ThrowAwayCluster } from '../throw-away-cluster.js'
import { createLikeTarget } from './create-like-target.js'
import { readDatabaseGrants } from './database-grants.js'
import { readDatabaseProperties } from './database-properties.js'
import { assertEnoughDisk } from './disk.js'
import { assertExtensionsAvailable } from './extensions.js'
import { readServerVersion, readSessionUser } from './facts.js'
import { hashLocalContent } from './local-content.js'
import { makeMarkedDatabase, type NewDatabase } from './make-database.js'
import { ownerSession, withPatience } from './owner-session.js'
import { findPreloadedLibraries } from './preloaded-libraries.js'
import type { RehearsalDatabase, RehearsalRequest } from './request.js'
import { withoutJobs } from './restorable.js'
import { createRoles, readBootstrapSuperuser, readProviderDifferences, readRoleStatements } from './roles.js'
import { findServerBinariesOf } from './server-binaries.js'
import { applyLocales, readServerSettings, type ServerSettings } from './server-settings.js'
import { startClusterLike } from './start-cluster.js'
import { applyStoredSettings, readStoredSettings } from './stored-settings.js'
import { readTablespaceStatements } from './tablespaces.js'
import { makeRestorer, makerName, readExtensionOwners, readSuperusers, restorerName } from './two-roles.js'

/** A restore is one great write, and nobody needs its checkpoints; what it must know of the rows it is told by ANALYZE. */
const settingsForRestore = { max_wal_size: '4GB', checkpoint_timeout: '1h', autovacuum: 'off' }
const mostLogBytes = 4 * 1024 ** 3

/**
 * A rehearsal database in a throw-away cluster on this machine: same major version, same name, locale, roles, grants
 * and settings as the target. It listens on 127.0.0.1 only.
 */
export async function openLocalDatabase(request: RehearsalRequest): Promise<RehearsalDatabase> {
  const { targetClient, targetIdentity, onProgress } = request
  const binaries = await findServerBinariesOf(Math.floor(targetIdentity.serverVersionNum / 10_000))
  const { databaseSizeBytes } = targetIdentity
  if (!request.isSchemaOnly)
    await assertEnoughDisk(databaseSizeBytes + Math.min(databaseSizeBytes, mostLogBytes))
  const serverSettings = await readServerSettings(targetClient)
  onProgress?.('starting a server of our own')
  const libraries = await findPreloadedLibraries(targetClient, binaries)
  const settings = {
    ...settingsForRestore,
    ...serverSettings.settings,
    ...(libraries ? { shared_preload_libraries: libraries } : {}),
  }
  const content =
    request.content && (await hashLocalContent(request, { settings, locales: serverSettings.locales }))
  const options = {
    binaries,
    superuser: makerName,
    settings,
    isSmall: request.isSchemaOnly === true,
    ...(content ? { content } : {}),
  }
  const { cluster, differences } = await startClusterLike(options)
  try {
    const database = await (cluster.isKept
      ? reopen(cluster, request)
      : furnish(cluster, serverSettings, request))
    return {
      ...database,
      differences: [...differences, ...database.differences],
      isFilled: cluster.isKept,
      ...(content ? { keep: () => cluster.keep(content) } : {}),
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

async function furnish(
  cluster: ThrowAwayCluster,
  { locales }: ServerSettings,
  request: RehearsalRequest,
): Promise<RehearsalDatabase> {
  const { target, targetClient, targetIdentity, runId, onProgress } = request
  const server = makerAddress(cluster, target)
  const password = newPassword()
  const role = await readSessionUser(targetClient)
  const properties = await readDatabaseProperties(targetClient)
  const restorable = await withoutJobs(targetClient)
  const differences = [...restorable.differences]

  onProgress?.('making the roles of the target')
  await withConnection(server, ownerSession(runId), async (client) => {
    differences.push(...(await assertExtensionsAvailable(targetClient, client)))
    differences.push(...(await applyLocales(client, locales)))
    await createRoles(client, await readRoleStatements(targetClient))
    for (const statement of await readTablespaceStatements(targetClient))
      await effect('rehearsal.tablespace', () => client.query(statement))
    differences.push(...(await readProviderDifferences(targetClient)))
    await givePassword(client, role, password)
  })
  const database = await makeMarkedDatabase({
    server,
    name: target.database,
    runId,
    targetIdentity,
    create: async (client) => {
      // initdb makes one of the name "postgres", empty.
      await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(target.database)}`)
      const options = { owner: properties.owner }
      differences.push(...(await createLikeTarget(client, target.database, properties, options)))
    },
  })
  differences.push(...(await giveSettings(database, request)))
  const restorer = await makeRestorer(database.holder, target.database)
  const serverVersion = await readServerVersion(database.holder)
  differences.push(...versionDifference(serverVersion, targetIdentity.serverVersion))
  return {
    ...(await describe(request, database.ownerAddress, { role, password, restorer: restorer.password })),
    serverVersion,
    differences,
    restorable,
    remove: async () => {
      await database.holder.end().catch(() => undefined)
      await cluster.stop()
    },
  }
}

/** A cluster that was kept with all that is asked for. Only the passwords are new. */
async function reopen(cluster: ThrowAwayCluster, request: RehearsalRequest): Promise<RehearsalDatabase> {
  const { target, targetClient, targetIdentity, runId } = request
  const server = makerAddress(cluster, target)
  const role = await readSessionUser(targetClient)
  const [password, restorer] = [newPassword(), newPassword()]
  const found = await withConnection(server, ownerSession(runId), async (client) => {
    await givePassword(client, role, password)
    await givePassword(client, restorerName, restorer)
    return {
      differences: await assertExtensionsAvailable(targetClient, client),
      serverVersion: await readServerVersion(client),
    }
  })
  const restorable = await withoutJobs(targetClient)
  return {
    ...(await describe(request, { ...server, database: target.database }, { role, password, restorer })),
    serverVersion: found.serverVersion,
    differences: [
      ...restorable.differences,
      ...found.differences,
      ...versionDifference(found.serverVersion, targetIdentity.serverVersion),
    ],
    restorable,
    remove: () => cluster.stop(),
  }
}

interface Passwords {
  readonly role: string
  readonly password: Secret
  readonly restorer: Secret
}

/** What there is to tell of the database, however it was made. */
async function describe(
  { target, targetClient, targetIdentity }: RehearsalRequest,
  maker: TargetAddress,
  { role, password, restorer }: Passwords,
) {
  return {
    place: 'local',
    address: { ...maker, user: role, password, parameters: localParameters(target) },
    ownerAddress: withPatience({ ...maker, user: restorerName, password: restorer }),
    twoRoles: {
      maker: withPatience(withoutEventTriggers(maker, targetIdentity.serverVersionNum)),
      restorer: restorerName,
      superusers: await readSuperusers(targetClient),
      extensionOwners: await readExtensionOwners(targetClient),
      bootstrap: await readBootstrapSuperuser(targetClient),
      deployer: role,
    },
  } as const
}

function versionDifference(here: string, onTarget: string): string[] {
  return here === onTarget ? [] : [`PostgreSQL is ${here} here and ${onTarget} on the target`]
}

const newPassword = () => new Secret(randomBytes(18).toString('base64url'))

function makerAddress(cluster: ThrowAwayCluster, target: TargetAddress): TargetAddress {
  return {
    host: '127.0.0.1',
    port: cluster.port,
    // Not "postgres", which may have to make room for a target of that name.
    database: 'template1',
    user: makerName,
    password: new Secret(new URL(cluster.url).password),
    schema: target.schema,
    parameters: { sslmode: 'disable' },
  }
}

/** From 17 on one may run when a session begins: https://www.postgresql.org/docs/17/event-trigger-definition.html */
function withoutEventTriggers(address: TargetAddress, serverVersionNum: number): TargetAddress {
  if (serverVersionNum < 170_000) return address
  return { ...address, parameters: { ...address.parameters, options: '-c event_triggers=off' } }
}

/** The parameters of the target without those that say how to reach it. */
function localParameters(target: TargetAddress): Record<string, string> {
  const howToReach = /^(ssl|host|channel_binding|gssencmode|krbsrvname|target_session_attrs|tcp_user_timeout)/
  const kept = Object.entries(target.parameters).filter(([name]) => !howToReach.test(name))
  return { ...Object.fromEntries(kept), sslmode: 'disable' }
}

async function givePassword(client: Client, role: string, password: Secret): Promise<void> {
  await effect('rehearsal.password', () =>
    client.query(`ALTER ROLE ${quoteIdentifier(role)} PASSWORD ${client.escapeLiteral(password.reveal())}`),
  )
}

async function giveSettings(
  { holder }: NewDatabase,
  { target: { database }, targetClient }: RehearsalRequest,
): Promise<string[]> {
  for (const statement of await readDatabaseGrants(targetClient, database))
    await effect('rehearsal.grant', () => holder.query(statement))
  return applyStoredSettings(holder, database, await readStoredSettings(targetClient), {
    onlyDatabase: false,
  })
}
