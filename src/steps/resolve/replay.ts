// replay: applies the migrations that the history names on an empty server of our own, and then the unfinished one
// statement by statement, to learn what each leaves in the catalog. The target is only read.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CatalogStep, CatalogTimeline } from '../../domain/catalog-timeline.js'
import { makeCatalogTimeline } from '../../domain/catalog-timeline.js'
import type { MigrationStanding, UnfinishedMigration } from '../../domain/diagnosis.js'
import { GuardError, InterruptedError } from '../../domain/errors.js'
import type { HistoryRow, MigrationFolder } from '../../domain/migration.js'
import { effect } from '../../effects/effect.js'
import { readCatalog } from '../../postgres/catalog.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { readTargetIdentity } from '../../postgres/identity.js'
import { withRehearsalDatabase } from '../../postgres/rehearsal-database/open.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { openCatalogWatch } from '../../prisma/engine-host/catalog-watch.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { readHistory } from '../../prisma/history.js'
import { readMigrationFolders } from '../../prisma/migrations-folder.js'
import { quoteIdentifier, quoteRelation } from '../../sql/names.js'
import { scriptEngineOf } from '../../sql/script-engine.js'
import { readSteps } from '../rehearsal/rehearsed-steps.js'
import { judgeCatalog } from '../standing/judge-catalog.js'
import { applicationName, type Tools, withTarget } from '../tools.js'
import { type MigrationFile, readMigrationFile } from './migration-file.js'
import { type Replayed, standingFromReplay } from './replayed-standing.js'
import { standingByExpectations } from './standing-by-expectations.js'

/**
 * How much of an unfinished migration is in the target, by what each of its statements leaves on an empty server.
 * @param byRun what the run that started it leaves open; absent when no run of ours has
 */
export async function standingByReplay(
  unfinished: UnfinishedMigration,
  byRun: MigrationStanding | undefined,
  tools: Tools,
): Promise<MigrationStanding> {
  const { project } = tools
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const file = await readMigrationFile({ ...unfinished, migrationName: unfinished.name }, folders)
  if ('problem' in file) return cannotTell(file.problem)
  const told = byRun?.evidence ?? []
  const replayed = await replay(unfinished, file, folders, tools).catch((error: unknown) => {
    if (error instanceof InterruptedError) throw error
    if (!(error instanceof GuardError || 'severity' in (error as object))) throw error
    return { problem: (error as Error).message }
  })
  if ('problem' in replayed) {
    const found = await standingByExpectations(file, tools)
    return { ...found, evidence: [...told, `no replay: ${replayed.problem}`, ...found.evidence] }
  }
  return withTarget(tools, async (client) => {
    const now = await readCatalog(client)
    const found = standingFromReplay(
      file,
      replayed,
      judgeCatalog(replayed.timeline, undefined, now.objects),
      await readFailure(unfinished, client, tools),
    )
    return { ...found, evidence: [...told, ...found.evidence] }
  })
}

function cannotTell(why: string): MigrationStanding {
  return { kind: 'unknown', why, invalidIndexes: [], evidence: [why] }
}

/** True when Prisma itself has noted that a statement failed; false when it never came back. */
async function readFailure({ rowId }: UnfinishedMigration, client: Client, { settings }: Tools) {
  const table = quoteRelation(settings.target.schema, '_prisma_migrations')
  const { rows } = await client.query(`SELECT logs IS NOT NULL AS failed FROM ${table} WHERE id = $1`, [
    rowId,
  ])
  return rows[0]?.failed === true
}

async function replay(
  { name }: UnfinishedMigration,
  file: MigrationFile,
  folders: readonly MigrationFolder[],
  tools: Tools,
): Promise<Replayed | { readonly problem: string }> {
  const { settings, runId, signal, screen } = tools
  return withTarget(tools, async (targetClient) => {
    const applied = (await readHistory(targetClient, settings.target.schema)).filter(isApplied)
    const files: MigrationFile[] = []
    for (const row of applied) {
      const read = await readMigrationFile(row, folders)
      if ('problem' in read) return read
      files.push(read)
    }
    const request = {
      place: 'local' as const,
      target: settings.target,
      targetIdentity: await readTargetIdentity(targetClient, settings.target),
      targetClient,
      runId,
      signal,
      onProgress: screen.progress,
    }
    return withRehearsalDatabase(request, async (database) => {
      screen.progress(`replaying ${files.length + 1} migrations on a server of our own`)
      const timeline = await replayOn(database, name, file, files, tools)
      const engine = scriptEngineOf('native', tools.project.version)
      return { ...timeline, maySplit: engine === 'split' }
    })
  })
}

function isApplied({ finishedAt, rolledBackAt }: HistoryRow): boolean {
  return finishedAt !== null && rolledBackAt === null
}

async function replayOn(
  { address }: RehearsalDatabase,
  name: string,
  file: MigrationFile,
  applied: readonly MigrationFile[],
  tools: Tools,
): Promise<{ timeline: CatalogTimeline; stoppedBy?: string; refusesAnyway: boolean }> {
  const session = {
    applicationName: applicationName(tools, 'replay'),
    runsUserSql: true,
    parameters: { statement_timeout: '0' },
  }
  return withConnection(address, session, async (client) => {
    // Prisma makes the schema of the URL before it deploys.
    await effect('replay.schema', () =>
      client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(address.schema)}`),
    )
    const quiet = { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined }
    for (const { text } of applied) await runScript(client, text, quiet)
    const stepsFile = join(tools.scratchFolder, 'replayed-steps.ndjson')
    await effect('replay.clear', () => rm(stepsFile, { force: true }))
    const watch = await openCatalogWatch(stepsFile, address, session.applicationName)
    let stopped: (Error & { code?: string }) | undefined
    try {
      for (const { sql, index } of file.statements) {
        await effect('replay.statement', () => client.query(sql))
        const isLast = index === file.statements.length
        await watch.look({ migration: name, ...(isLast ? {} : { statements: index }) })
      }
    } catch (error) {
      stopped = error as Error & { code?: string }
      await client.query('ROLLBACK').catch(() => undefined)
    } finally {
      await watch.close()
    }
    const steps: CatalogStep[] = await readSteps(stepsFile)
    return {
      timeline: makeCatalogTimeline(steps),
      ...(stopped ? { stoppedBy: stopped.message } : {}),
      // A statement that is wrong in itself is refused whatever the rows: SQLSTATE class 42.
      refusesAnyway: stopped?.code?.startsWith('42') ?? false,
    }
  })
}
