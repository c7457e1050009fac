// plan --offline: what the migration files alone tell. Opens no database; writes nothing.
import type { OfflinePlan } from '../domain/plan.js'
import { readMigrationFolders } from '../prisma/migrations-folder.js'
import { findPending } from '../prisma/pending.js'
import { findMigrationsPath, findPrismaCli } from '../prisma/project.js'
import type { OfflineSettings } from '../settings/settings.js'
import { loadParser } from '../sql/parser.js'
import { scriptEngineOf } from '../sql/script-engine.js'
import { acceptancesFor, applyAcceptances } from './accept.js'
import { planFiles } from './plan-files.js'
import { readSince } from './since.js'

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
  const folders = since ? all.filter(({ name }) => since.isNew(name)) : all
  const prismaVersion = engine === 'native' ? (await findPrismaCli(projectDirectory)).version : undefined
  await parser
  const files = await planFiles(folders, scriptEngineOf(engine, prismaVersion ?? ''))
  const found = [...(since?.findings ?? []), ...findPending(folders, []).findings, ...files.findings]
  return {
    engine,
    ...(prismaVersion === undefined ? {} : { prismaVersion }),
    ...(ref === undefined ? {} : { since: ref }),
    pending: files.pending,
    findings: applyAcceptances(found, acceptancesFor(files.pending, settings), 'plan'),
  }
}
