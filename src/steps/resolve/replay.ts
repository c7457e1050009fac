// replay: applies the migrations that the history names on an empty server of our own, and then the unfinished one
// statement by statement, to learn what each leaves in the catalog. The target is only read.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CatalogStep } from '../../domain/catalog-timeline.js'
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
import type { ParsedStatement } from '../../sql/parser.js'
import { scriptEngineOf } from '../../sql/script-engine.js'
import { readSteps } from '../rehearsal/rehearsed-steps.js'
import { judgeCatalog } from '../standing/judge-catalog.js'
import { applicationName, type Tools, withTarget } from '../tools.js'
import { type MigrationFile, readMigrationFile } from './migration-file.js'
import { type PassedOver, type Replayed, type Stop, standingFromReplay } from './replayed-standing.js'
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
    const noted = await readFailure(unfinished, client, tools)
    const found = standingFromReplay(
      file,
      { ...replayed, refusesAnyway: replayed.refusesAnyway || isSameFailure(replayed.stoppedBy, noted) },
      judgeCatalog(replayed.timeline, undefined, now.objects),
      noted !== undefined,
    )
    return { ...found, evidence: [...told, ...found.evidence] }
  })
}

function cannotTell(why: string): MigrationStanding {
  return { kind: 'unknown', why, invalidIndexes: [], evidence: [why] }
}

/** How a statement failed, as Prisma itself has noted it; undefined when it never came back. */
async function readFailure(
  { rowId }: UnfinishedMigration,
  client: Client,
  { settings }: Tools,
): Promise<string | undefined> {
  const table = quoteRelation(settings.target.schema, '_prisma_migrations')
  const { rows } = await client.query(`SELECT logs FROM ${table} WHERE id = $1`, [rowId])
  return rows[0]?.logs ?? undefined
}

/** The same words about the same code: what stopped the replay is what stopped the target, so nothing behind it has run. */
function isSameFailure(stopped: Stop | undefined, noted: string | undefined): boolean {
  if (stopped === undefined || noted === undefined || stopped.mayCommit) return false
  return noted.includes(stopped.code) && noted.includes(stopped.message)
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
): Promise<Omit<Replayed, 'maySplit'>> {
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
    let stopped: Stop | undefined
    let current: ParsedStatement | undefined
    const passedOver: PassedOver[] = []
    try {
      for (const statement of file.statements) {
        const { sql, index, kind } = statement
        current = statement
        try {
          await effect('replay.statement', () => client.query(sql))
        } catch (error) {
          if (!touchesOnlyRows.has(kind) || isRefusedAnyway(error) || (await isInBlock(client))) throw error
          passedOver.push({ statement: index, message: (error as Error).message })
        }
        const isLast = index === file.statements.length
        await watch.look({ migration: name, ...(isLast ? {} : { statements: index }) })
      }
    } catch (error) {
      stopped = stopOf(error, current)
      await client.query('ROLLBACK').catch(() => undefined)
    } finally {
      await watch.close()
    }
    const steps: CatalogStep[] = await readSteps(stepsFile)
    return {
      timeline: makeCatalogTimeline(steps),
      ...(stopped ? { stoppedBy: stopped } : {}),
      refusesAnyway: stopped !== undefined && isRefusedAnyway(stopped),
      passedOver,
    }
  })
}

function stopOf(error: unknown, statement: ParsedStatement | undefined): Stop {
  const { code = '', message } = error as Error & { code?: string }
  return { code, message, mayCommit: statement !== undefined && mayCommit(statement) }
}

/** A block or a procedure may commit a part of what it does before it fails. */
function mayCommit({ kind, sql }: ParsedStatement): boolean {
  return kind === 'CallStmt' || (kind === 'DoStmt' && /\b(commit|call|execute)\b/i.test(sql))
}

/** Statements that change rows or only ask: where one fails on an empty copy, the catalog is the same behind it. */
const touchesOnlyRows = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** A statement that is wrong in itself is refused whatever the rows: SQLSTATE class 42. */
function isRefusedAnyway(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('42') ?? false
}

/** In a block of the file that has failed, nothing more can be run. */
async function isInBlock(client: Client): Promise<boolean> {
  return client.query('SELECT').then(
    () => false,
    () => true,
  )
}
