// plan --offline: what the migration files alone tell. Opens no database; writes nothing.
import type { Finding } from '../domain/finding.js'
import type { MigrationFolder, PendingMigration } from '../domain/migration.js'
import type { OfflinePlan } from '../domain/plan.js'
import type { ForecastFile } from '../forecast/file.js'
import { readMigrationFolders } from '../prisma/migrations-folder.js'
import { findPending } from '../prisma/pending.js'
import { findMigrationsPath, findPrismaCli } from '../prisma/project.js'
import type { OfflineSettings } from '../settings/settings.js'
import { loadParser } from '../sql/parser.js'
import { scriptEngineOf } from '../sql/script-engine.js'
import { acceptancesFor, applyAcceptances } from './accept.js'
import { planFiles } from './plan-files.js'
import { readSince } from './since.js'
import { withLocks } from './statement-locks.js'

/** Plans every migration in the folder, or those that are new since a git ref, as if all of them were pending. */
export async function planOffline(settings: OfflineSettings): Promise<OfflinePlan> {
  const { engine, projectDirectory, since: ref } = settings
  // The parser compiles while the files are read.
  const parser = loadParser()
  const migrationsPath = await findMigrationsPath({
    directory: projectDirectory,
    ...(settings.schemaPath ? { schemaPath: settings.schemaPath } : {}),
    ...(settings.migrationsPath ? { migrationsPath: settings.migrationsPath } : {}),
  })
  const all = await readMigrationFolders(migrationsPath, projectDirectory)
  const since = ref === undefined ? undefined : await readSince(ref, { migrationsPath, projectDirectory })
  const prismaVersion = engine === 'native' ? (await findPrismaCli(projectDirectory)).version : undefined
  await parser
  const script = scriptEngineOf(engine, prismaVersion ?? '')
  const shown = since ? all.filter(({ name }) => since.isNew(name)) : all
  const files = await planFiles(shown, script)
  // What a statement locks or drops is known from the files before it.
  const history = filesOf(since && shown.length > 0 ? await planFiles(all, script) : files)
  const losses = await findLosses(shown, history)
  const { findings, ...said } = await addWhatServerSays(settings, files.pending, history)
  const found = [
    ...(since?.findings ?? []),
    ...findPending(shown, []).findings,
    ...files.findings,
    ...findings,
    ...losses,
  ]
  return {
    engine,
    ...(prismaVersion === undefined ? {} : { prismaVersion }),
    ...(ref === undefined ? {} : { since: ref }),
    ...said,
    findings: applyAcceptances(found, acceptancesFor(files.pending, settings), 'plan'),
  }
}

/** What a replay on a twin tells, where there is one; else the locks as far as they are known here. */
async function addWhatServerSays(
  { twin, since }: OfflineSettings,
  shown: readonly PendingMigration[],
  history: readonly ForecastFile[],
): Promise<Pick<OfflinePlan, 'pending' | 'replay' | 'findings'>> {
  const isWanted = shown.length > 0 && (twin ? twin.place !== 'off' : since !== undefined)
  // What starts servers is loaded only where one may be started: a plan of files alone is to be quick.
  const replayed = isWanted
    ? await (await import('./replay-offline.js')).replayPending(shown, history, twin)
    : undefined
  if (replayed?.ran) return { ...replayed.ran, findings: replayed.findings }
  return {
    pending: since === undefined ? shown : await addLocks(shown, history),
    findings: replayed?.findings ?? [],
  }
}

/**
 * What each new statement locks: which tables are there then is known from the files before it. To follow a whole history
 * takes longer than to read it, so it is done only for those who ask for what is new.
 */
async function addLocks(
  shown: readonly PendingMigration[],
  history: readonly ForecastFile[],
): Promise<readonly PendingMigration[]> {
  if (shown.length === 0) return shown
  const { locksWithoutServer } = await import('../forecast/offline-locks.js')
  const names = new Set(shown.map(({ name }) => name))
  return withLocks(shown, await locksWithoutServer(history, (name) => names.has(name)))
}

/** What the shown files drop of what files before them have made. */
async function findLosses(
  shown: readonly MigrationFolder[],
  history: readonly ForecastFile[],
): Promise<Finding[]> {
  const { lossesWithoutServer } = await import('../forecast/offline-losses.js')
  const names = new Set(shown.map(({ name }) => name))
  return lossesWithoutServer(history, (name) => names.has(name))
}

function filesOf({ pending, statements }: Awaited<ReturnType<typeof planFiles>>): ForecastFile[] {
  return pending.map(({ name, file, execution }, at) => ({
    migration: name,
    file,
    statements: statements[at] ?? [],
    execution,
  }))
}
