import { RehearsalError, SettingsError } from '../../domain/errors.js'
import type { TargetAddress } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { quoteIdentifier } from '../../sql/names.js'
import { type Client, withConnection } from '../connection.js'
import { readTargetIdentity } from '../identity.js'
import { createLikeTarget } from './create-like-target.js'
import { type DatabaseProperties, readDatabaseProperties } from './database-properties.js'
import { assertExtensionsAvailable } from './extensions.js'
import { readOwnRole, readServerVersion, readSessionUser } from './facts.js'
import { makeMarkedDatabase, type NewDatabase } from './make-database.js'
import { ownerSession, withPatience } from './owner-session.js'
import type { RehearsalDatabase, RehearsalRequest } from './request.js'
import { decideRestorable } from './restorable.js'
import { readServerSettings } from './server-settings.js'
import { applyStoredSettings, readStoredSettings, type StoredSetting } from './stored-settings.js'
import { sweepRehearsalDatabases } from './sweep.js'

/** Enough for the jobs of pg_restore, the migrations and those who watch them; a superuser is not bound to it. */
const connectionLimit = 30

/**
 * A rehearsal database beside the target, made by the target's role. Roles, tablespaces and the settings of the server
 * are the target's own.
 */
export async function openBesideTarget(request: RehearsalRequest): Promise<RehearsalDatabase> {
  const server = await findMaintenanceDatabase(request.target, request.runId)
  return openOn(server, request, [
    'roles, tablespaces and the server itself are shared with the target: a migration that changes them changes them for both',
  ])
}

/**
 * A rehearsal database on a server that the user names by any of its databases, made by the role of that URL. The
 * database of the URL itself is left alone: one that we make has the locale of the target, and can be dropped.
 */
export async function openOnOtherServer(request: RehearsalRequest): Promise<RehearsalDatabase> {
  const { url, targetIdentity, runId } = request
  if (url === undefined) throw new Error('the place "url" needs a URL')
  const differences = await withConnection(url, ownerSession(runId), async (client) => {
    const identity = await readTargetIdentity(client, url)
    if (identity.systemIdentifier !== targetIdentity.systemIdentifier) {
      assertSameMajor(identity.serverVersionNum, targetIdentity.serverVersionNum)
      return []
    }
    if (identity.databaseOid === targetIdentity.databaseOid) throw namesTheTarget(url)
    return [
      'the rehearsal is on the server of the target: it takes its time and disk, and a migration that changes roles or the server changes them for both',
    ]
  })
  return openOn(url, request, differences)
}

async function openOn(
  server: TargetAddress,
  request: RehearsalRequest,
  differencesSoFar: readonly string[],
): Promise<RehearsalDatabase> {
  const { target, targetClient, targetIdentity, runId, onProgress, place } = request
  const swept = await sweepRehearsalDatabases(server, runId)
  if (swept.length > 0) onProgress?.(`removed what an earlier run left: ${swept.join(', ')}`)
  const properties = await readDatabaseProperties(targetClient)
  const { restorable, extensions, own } = await withConnection(
    server,
    ownerSession(runId),
    async (client) => {
      const role = await readOwnRole(client)
      if (!role.mayCreateDatabase) throw mayNotCreate(role.name, server)
      return {
        own: role,
        extensions: await assertExtensionsAvailable(targetClient, client),
        restorable: await decideRestorable(targetClient, client),
      }
    },
  )
  const differences = [...differencesSoFar, ...extensions, ...restorable.differences]

  onProgress?.('making a database for the rehearsal')
  const name = nameFor(runId)
  const database = await makeMarkedDatabase({
    server,
    name,
    runId,
    targetIdentity,
    create: async (client) => {
      const owner = await findOwner(client, properties)
      if (owner === undefined)
        differences.push(
          `the copy belongs to "${own.name}", the target to "${properties.owner}": what only its owner may do is not refused here`,
        )
      const options = { connectionLimit, ...(owner === undefined ? {} : { owner }) }
      differences.push(...(await createLikeTarget(client, name, properties, options)))
    },
  })
  try {
    await keepOthersOut(database, name)
    differences.push(...(await giveSettings(database, name, request)))
    const serverVersion = await readServerVersion(database.holder)
    if (serverVersion !== targetIdentity.serverVersion)
      differences.push(
        `PostgreSQL is ${serverVersion} here and ${targetIdentity.serverVersion} on the target`,
      )
    if (place === 'url' && own.name !== (await readSessionUser(targetClient)))
      differences.push(`the migrations run as "${own.name}" here and as "${target.user}" on the target`)
    let removed: Promise<void> | undefined
    return {
      place,
      address: { ...database.ownerAddress, schema: target.schema },
      ownerAddress: withPatience(database.ownerAddress),
      serverVersion,
      differences,
      restorable,
      remove: () => {
        removed ??= database.drop()
        return removed
      },
    }
  } catch (error) {
    await database.drop().catch(() => undefined)
    throw error
  }
}

/** A server keeps 63 bytes of a name. The run id begins with the time and is plain ASCII there. */
export function nameFor(runId: string): string {
  const name = Buffer.from(`mg_rehearsal_${runId}`)
  // Half a character at the cut would be no text any more.
  return name
    .subarray(0, 63)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
}

/** "postgres", where the role may enter it; else the target, whose connection is used for CREATE DATABASE only. */
export async function findMaintenanceDatabase(target: TargetAddress, runId: string): Promise<TargetAddress> {
  const maintenance = { ...target, database: 'postgres' }
  return withConnection(maintenance, ownerSession(runId), async () => maintenance).catch(() => target)
}

/** The target's owner, when the role may make a database for it and drop that again. */
export async function findOwner(client: Client, { owner }: DatabaseProperties): Promise<string | undefined> {
  const { rows } = await client.query(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND pg_catalog.pg_has_role(oid, 'USAGE')
                       AND pg_catalog.pg_has_role(oid, 'MEMBER')) AS may`,
    [owner],
  )
  return rows[0].may ? owner : undefined
}

/** An application that takes every database of the server for its own must not find this one. */
async function keepOthersOut({ holder }: NewDatabase, name: string): Promise<void> {
  await effect('rehearsal.keep-out', () =>
    holder.query(`REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`),
  )
}

async function giveSettings(
  { holder }: NewDatabase,
  name: string,
  { place, targetClient }: RehearsalRequest,
): Promise<string[]> {
  const stored = await readStoredSettings(targetClient)
  const settings =
    place === 'same-server' ? stored : await settingsForOtherServer(stored, targetClient, holder)
  return applyStoredSettings(holder, name, settings, { onlyDatabase: true })
}

/** Everything that holds for the target's role in the target, as settings of the database. */
async function settingsForOtherServer(
  stored: readonly StoredSetting[],
  target: Client,
  copy: Client,
): Promise<StoredSetting[]> {
  const [theirs, here, role] = [
    await readServerSettings(target),
    await readServerSettings(copy),
    await readSessionUser(target),
  ]
  const differing = Object.entries({ ...theirs.settings, ...theirs.locales }).filter(
    ([name, value]) => ({ ...here.settings, ...here.locales })[name] !== value,
  )
  const asDatabase = (name: string, value: string) => ({ role: null, inDatabase: true, name, value })
  return [
    ...differing.map(([name, value]) => asDatabase(name, value)),
    ...stored
      .filter((setting) => setting.role === null || setting.role === role)
      .map(({ name, value }) => asDatabase(name, value)),
  ]
}

function mayNotCreate(role: string, { host, port }: TargetAddress): RehearsalError {
  return new RehearsalError(
    'may-not-create-database',
    `the role "${role}" may not create a database on ${host}:${port}, which the rehearsal needs`,
    {
      hint: `Let it (ALTER ROLE ${quoteIdentifier(role)} CREATEDB), or rehearse locally (--rehearsal local).`,
    },
  )
}

function namesTheTarget({ host, port, database }: TargetAddress): SettingsError {
  return new SettingsError(
    'rehearsal-is-target',
    `the URL of the rehearsal, "${database}" on ${host}:${port}, is the target itself`,
    {
      hint: 'Name a database on another server, or use --rehearsal same-server for a new database beside the target.',
    },
  )
}

function assertSameMajor(here: number, target: number): void {
  const [major, wanted] = [Math.floor(here / 10_000), Math.floor(target / 10_000)]
  if (major === wanted) return
  throw new RehearsalError(
    'other-major-version',
    `the server of the rehearsal is PostgreSQL ${major} and the target ${wanted}: what works on one may fail on the other`,
    { hint: `Name a server of PostgreSQL ${wanted}, or rehearse locally (--rehearsal local).` },
  )
}
