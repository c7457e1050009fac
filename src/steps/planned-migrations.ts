import { appendFile, mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plan } from '../domain/plan.js'
import { effect } from '../effects/effect.js'
import { writePrivateFile } from '../effects/private-files.js'
import type { EngineEvent } from '../prisma/engine-events.js'
import { assertAsPlanned, type NotPlanned, type PlannedMigrations } from '../prisma/engine-host/planned.js'
import { readMigrationFolders } from '../prisma/migrations-folder.js'
import type { Tools } from './tools.js'

/**
 * Tells our engine which texts were planned.
 * @param appliedSince planned ones that are applied in this database by now
 * @returns where it is written
 */
export async function writePlanned(
  plan: Plan,
  appliedSince: readonly string[],
  { scratchFolder }: Pick<Tools, 'scratchFolder'>,
): Promise<string> {
  const path = join(scratchFolder, 'planned.json')
  await writePrivateFile(path, JSON.stringify(plannedOf(plan, appliedSince)))
  return path
}

/** A copy of the migrations folder that only we can change, or why there is none: one sentence. */
export type PlannedCopy = { readonly path?: string; readonly refused?: NotPlanned }

/**
 * Copies what was planned for an engine that cannot be told the texts, and where some migrations are left out: what is run is the
 * copy, whatever becomes of the project's own folder meanwhile.
 */
export async function copyPlanned(
  plan: Plan,
  appliedSince: readonly string[],
  { project, scratchFolder }: Pick<Tools, 'project' | 'scratchFolder'>,
): Promise<PlannedCopy> {
  const all = await effect('scratch.planned', () =>
    readMigrationFolders(project.migrationsPath, project.directory),
  )
  const leftOut = new Set(plan.leftOut)
  const folders = all.filter(({ name }) => !leftOut.has(name))
  const sent = folders.map(({ name, bytes }) => ({
    path: name,
    migrationFile: { content: bytes ? { value: Buffer.from(bytes).toString('utf8') } : {} },
  }))
  try {
    assertAsPlanned({ migrationsList: { migrationDirectories: sent } }, plannedOf(plan, appliedSince))
  } catch (error) {
    return { refused: error as NotPlanned }
  }
  const path = await mkdtemp(join(scratchFolder, 'planned-'))
  const lockFile = await readFile(join(project.migrationsPath, 'migration_lock.toml')).catch(() => undefined)
  if (lockFile !== undefined) await writePrivateFile(join(path, 'migration_lock.toml'), lockFile)
  for (const { name, bytes } of folders) {
    await mkdir(join(path, name), { mode: 0o700 })
    if (bytes) await writePrivateFile(join(path, name, 'migration.sql'), bytes)
  }
  return { path }
}

/** As our engine tells it. */
export async function noteRefusal(eventsFile: string, { migration, message }: NotPlanned): Promise<void> {
  const event: EngineEvent = { at: new Date().toISOString(), migration, type: 'refused', message }
  await appendFile(eventsFile, `${JSON.stringify(event)}\n`, { mode: 0o600 })
}

function plannedOf({ pending, history }: Plan, appliedSince: readonly string[]): PlannedMigrations {
  const standing = history.filter(({ rolledBackAt }) => rolledBackAt === null)
  return {
    pending: pending.map(({ name, checksum }) => [name, checksum]),
    applied: [...standing.map(({ migrationName }) => migrationName), ...appliedSince],
  }
}
