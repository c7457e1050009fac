// examine: looks whether everything that a deploy needs is there; for `migrate-guard doctor`. Changes nothing.
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { judgeLockTable, readLockTableUse } from '../checks/health/lock-table.js'
import { formatCount } from '../domain/quantities.js'
import type { TargetIdentity } from '../domain/target.js'
import { withScratchFolder } from '../effects/private-files.js'
import { findClientTool } from '../postgres/client-tools.js'
import { withConnection } from '../postgres/connection.js'
import { assertSchemaExists, readTargetIdentity } from '../postgres/identity.js'
import { withPlainKeyFiles } from '../postgres/key-files.js'
import { olderReleaseReason } from '../postgres/older-release.js'
import { findPooledConnection } from '../postgres/pooled-connection.js'
import { poolingWords } from '../postgres/pooling.js'
import { missingPrivileges } from '../postgres/privileges.js'
import { findServerBinariesOf } from '../postgres/rehearsal-database/server-binaries.js'
import { findNativeEngine, makePrismaCli } from '../prisma/cli.js'
import { findPrismaProject, type PrismaProject } from '../prisma/project.js'
import { wordsOf } from '../prisma/said.js'
import { formatBytes } from '../report/words.js'
import { formatTarget } from '../settings/database-url.js'
import type { Settings } from '../settings/settings.js'

/** One thing that was looked at. `unknown`: it could not be looked at, because something before it is missing. */
export interface Examination {
  readonly subject: string
  readonly outcome: 'passed' | 'warned' | 'failed' | 'unknown'
  readonly found: string
  readonly hint?: string
}

interface Warning {
  readonly reason: string
  readonly hint: string
}

const upgradeTools = 'Upgrade the client tools of PostgreSQL on this machine to the release of the server.'

const session = { applicationName: 'migrate-guard doctor', readOnly: true }
const versionTimeoutMs = 60_000

/** Examines tools, project and target; a failure of one does not keep the others from being looked at. */
export async function examine(settings: Settings): Promise<Examination[]> {
  const made: Examination[] = []
  const look = async <T>(
    subject: string,
    work: () => Promise<[found: string, value?: T, warning?: Warning | undefined]>,
  ): Promise<T | undefined> => {
    try {
      const [found, value, warning] = await work()
      if (warning)
        made.push({ subject, outcome: 'warned', found: `${found}: ${warning.reason}`, hint: warning.hint })
      else made.push({ subject, outcome: 'passed', found })
      return value
    } catch (error) {
      const { message, hint } = error as Error & { hint?: string }
      made.push({ subject, outcome: 'failed', found: message, ...(hint ? { hint } : {}) })
      return undefined
    }
  }
  const unknown = (subject: string) =>
    made.push({ subject, outcome: 'unknown', found: 'the target could not be opened' })

  await look('node', async () => [process.version])
  const project = await look('prisma', async () => {
    const found = await findPrismaProject(projectPaths(settings))
    return [`${found.version}, ${found.cliPath}`, found]
  })
  if (project) await look('engine', async () => [await askEngine(settings, project)])
  const target = await look('target', async () => {
    const identity = await withConnection(settings.target, session, async (client) => {
      await assertSchemaExists(client, settings.target)
      return readTargetIdentity(client, settings.target)
    })
    return [`${formatTarget(settings.target)}, PostgreSQL ${identity.serverVersion}`, identity]
  })
  const serverMajor = target ? Math.floor(target.serverVersionNum / 10_000) : 0
  for (const name of ['pg_dump', 'pg_restore'] as const) {
    await look(name, async () => {
      const { version, path } = await findClientTool(name, serverMajor)
      const reason = target && olderReleaseReason(version, target.serverVersion)
      return [
        `${version}, ${path}`,
        undefined,
        reason === undefined ? undefined : { reason, hint: upgradeTools },
      ]
    })
  }
  if (target !== undefined && settings.rehearsal.place === 'local') {
    await look('rehearsal', async () => [
      `local, server programs of PostgreSQL ${serverMajor} in ${await findServerBinariesOf(serverMajor)}`,
    ])
  }
  if (target === undefined) {
    for (const subject of ['privileges', 'connection', 'locks', 'disk']) unknown(subject)
    return made
  }
  await look('privileges', () => lookAtPrivileges(settings))
  await look('connection', () => lookForPooler(settings))
  await look('locks', () => lookAtLockTable(settings))
  await look('disk', () => lookAtDisk(settings.backupsPath, target))
  return made
}

function projectPaths({ projectDirectory, schemaPath, migrationsPath, prismaConfigPath }: Settings) {
  return {
    directory: projectDirectory,
    ...(schemaPath ? { schemaPath } : {}),
    ...(migrationsPath ? { migrationsPath } : {}),
    ...(prismaConfigPath ? { configPath: prismaConfigPath } : {}),
  }
}

/** Really runs the CLI with its engine: `prisma migrate diff` of nothing with the schema. */
async function askEngine(settings: Settings, project: PrismaProject): Promise<string> {
  if (settings.engine === 'native') findNativeEngine(project)
  return withScratchFolder(async (scratchFolder) => {
    const cli = await makePrismaCli({
      project,
      address: await withPlainKeyFiles(settings.target, join(scratchFolder, 'tls')),
      engine: settings.engine,
      scratchFolder,
    })
    const to = project.major >= 7 ? '--to-schema' : '--to-schema-datamodel'
    const result = await cli.run({
      effect: 'doctor.prisma',
      arguments: ['migrate', 'diff', '--from-empty', to, project.schemaPath, '--script'],
      applicationName: session.applicationName,
      readOnly: true,
      timeoutMs: versionTimeoutMs,
    })
    if (result.exitCode === 0 && answerOfEngine.test(result.stdout)) return `${settings.engine}, answers`
    throw new Error(`${settings.engine} does not answer: ${wordsOf(result) ?? result.ending}`)
  })
}

/** What the engine makes of a schema with models, and of one without. The CLI ends well also when its engine is dead. */
const answerOfEngine = /CREATE|This is an empty migration/

async function lookAtPrivileges({ target }: Settings): Promise<[string]> {
  const missing = await withConnection(target, session, (client) => missingPrivileges(client, target.schema))
  if (missing.length > 0) throw new Error(missing.join('; '))
  return [`"${target.user}" may deploy and back up`]
}

async function lookForPooler({ target }: Settings): Promise<[string]> {
  const pooled = await findPooledConnection(target, session)
  if (pooled) {
    throw Object.assign(new Error(`a connection pooler ${poolingWords[pooled]}`), {
      hint: 'Give the direct URL of the database by --database-url.',
    })
  }
  return ['direct, not through a transaction pooler']
}

/** The locks of a backup fill a table that the application shares. */
async function lookAtLockTable({ target }: Settings): Promise<[string]> {
  const use = await withConnection(target, session, readLockTableUse)
  const judged = judgeLockTable(use)
  if (judged) throw Object.assign(new Error(judged.message), { hint: judged.hint })
  return [`room for ${formatCount(use.room)}, a backup takes ${formatCount(use.tables)}`]
}

/** A compressed dump is seldom larger than the database; one that is not compressible comes near it. */
async function lookAtDisk(folder: string, { databaseSizeBytes }: TargetIdentity): Promise<[string]> {
  let existing = folder
  while (!existsSync(existing)) existing = dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  const free = bavail * bsize
  const found = `${formatBytes(free)} free in ${existing}, the database has ${formatBytes(databaseSizeBytes)}`
  if (free < databaseSizeBytes) {
    throw Object.assign(new Error(found), { hint: 'Free space, or give another folder by --backups.' })
  }
  return [found]
}
