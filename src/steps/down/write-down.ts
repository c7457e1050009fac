import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { DownWritten } from '../../domain/down.js'
import { SettingsError } from '../../domain/errors.js'
import { writeProjectFile } from '../../effects/project-files.js'
import { readMigrationFolders } from '../../prisma/migrations-folder.js'
import { findMigrationsPath } from '../../prisma/project.js'
import type { OfflineSettings } from '../../settings/settings.js'
import { findMigration } from './find-migration.js'
import { makeDown } from './make-down.js'
import { readFolders, withReplayedFolders } from './replay-folders.js'

export interface DownRequest {
  /** The migration, as its folder is called. */
  readonly name: string
  /** Overwrite a down.sql that is there. */
  readonly force: boolean
  /** Write no file. */
  readonly printOnly: boolean
}

/**
 * Writes the down.sql that a migration does not have. Opens no database of the user's.
 * @throws SettingsError `down-exists`; ProjectError and RehearsalError where the migration cannot be run
 */
export async function writeDown(
  settings: OfflineSettings,
  { name, force, printOnly }: DownRequest,
): Promise<DownWritten> {
  const { projectDirectory, schemaPath, migrationsPath } = settings
  const path = await findMigrationsPath({
    directory: projectDirectory,
    ...(schemaPath ? { schemaPath } : {}),
    ...(migrationsPath ? { migrationsPath } : {}),
  })
  const folders = await readMigrationFolders(path, projectDirectory)
  const { folder, earlier } = findMigration(folders, name)
  const absolute = join(folder.directory, 'down.sql')
  const file = relative(projectDirectory, absolute)
  if (!force && !printOnly && (await isThere(absolute))) {
    throw new SettingsError('down-exists', `there is a ${file} already`, {
      hint: 'Print a new one by --print, or replace it by --force.',
    })
  }
  const [own] = await readFolders([folder])
  if (own === undefined) throw new Error('a folder that was read is not there')
  const url = twinUrl(settings)
  const made = await withReplayedFolders(
    await readFolders(earlier),
    { ...(url ? { url } : {}), also: [own] },
    (replayed) => makeDown(own, replayed),
  )
  const isWritten = !printOnly && made.proof.downFails === undefined
  if (isWritten) await writeProjectFile(absolute, made.text)
  return { ...made, migration: folder.name, file, isWritten }
}

/** @throws SettingsError `twin-needed` */
export function twinUrl({ twin }: OfflineSettings) {
  if (twin?.place !== 'off') return twin?.url
  throw new SettingsError('twin-needed', 'the migrations must run somewhere, and --twin off says nowhere', {
    hint: 'Leave it out, or name a server by --twin <url>.',
  })
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
