// create: a new migration folder, the Prisma way, with its way back. No database of the user's is opened: the folders run on an
// empty database of our own, and Prisma's engine says what is missing there of the schema.
import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { DownWritten } from '../../domain/down.js'
import { ProjectError, SettingsError } from '../../domain/errors.js'
import type { MigrationFolder } from '../../domain/migration.js'
import { writeProjectFile, writeProjectFolder } from '../../effects/project-files.js'
import { checksumOf, compareNames, readMigrationFolders } from '../../prisma/migrations-folder.js'
import { lockFileText, writeNextMigration } from '../../prisma/next-migration.js'
import { findPrismaProject, type PrismaProject } from '../../prisma/project.js'
import type { OfflineSettings } from '../../settings/settings.js'
import { loadParser, parseStatements } from '../../sql/parser.js'
import { makeDown } from './make-down.js'
import { readFolders, replaySession, withReplayedFolders } from './replay-folders.js'
import { twinUrl } from './write-down.js'

/** What `create` has made. */
export interface Created extends DownWritten {
  /** The text of the migration.sql. */
  readonly sql: string
  /** The newest of the other folders, where it sorts behind the new one: Prisma will run it later on a fresh database. */
  readonly sortsBefore?: string
}

/**
 * Makes a migration folder: `migration.sql`, as `prisma migrate dev --create-only` would write it, `down.sql`, and `checks/`.
 * @param now the time that the folder's name begins with
 * @throws SettingsError `name-needed`; ProjectError and RehearsalError where schema or migrations cannot be read or run
 */
export async function createMigration(settings: OfflineSettings, given: string, now: Date): Promise<Created> {
  const { projectDirectory, schemaPath, migrationsPath, prismaConfigPath } = settings
  const name = `${now.toISOString().replace(/\D/g, '').slice(0, 14)}_${wordsOf(given)}`
  const url = twinUrl(settings)
  const project = await findPrismaProject(
    {
      directory: projectDirectory,
      ...(schemaPath ? { schemaPath } : {}),
      ...(migrationsPath ? { migrationsPath } : {}),
      ...(prismaConfigPath ? { configPath: prismaConfigPath } : {}),
    },
    { needsCli: false },
  )
  const folders = await foldersOf(project)
  const files = await readFolders(folders)
  await loadParser()
  const directory = join(project.migrationsPath, name)
  return withReplayedFolders(files, url ? { url } : {}, async (replayed) => {
    const sql = await writeNextMigration(project, replayed.address, replaySession)
    const bytes = Buffer.from(sql)
    const file = relative(projectDirectory, join(directory, 'migration.sql'))
    const folder: MigrationFolder = { name, directory, file, bytes, checksum: checksumOf(bytes) }
    const parsed = parseStatements(sql)
    if ('problem' in parsed)
      throw new Error(`the SQL of Prisma's engine cannot be read: ${parsed.problem.message}`)
    const made = await makeDown({ folder, text: sql, statements: parsed.statements }, replayed)
    await write(project, name, sql, made.proof.downFails === undefined ? made.text : undefined)
    const newest = folders.at(-1)?.name
    return {
      ...made,
      sql,
      migration: name,
      file: relative(projectDirectory, join(directory, 'down.sql')),
      isWritten: made.proof.downFails === undefined,
      ...(newest !== undefined && compareNames(newest, name) > 0 ? { sortsBefore: newest } : {}),
    }
  })
}

async function foldersOf({ migrationsPath, directory }: PrismaProject): Promise<MigrationFolder[]> {
  return readMigrationFolders(migrationsPath, directory).catch((error: unknown) => {
    const isFirst =
      error instanceof ProjectError && ['migrations-missing', 'migrations-empty'].includes(error.code)
    if (isFirst) return []
    throw error
  })
}

async function write(
  { migrationsPath }: PrismaProject,
  name: string,
  sql: string,
  down: string | undefined,
): Promise<void> {
  await writeProjectFolder(join(migrationsPath, name), {
    'migration.sql': sql,
    ...(down === undefined ? {} : { 'down.sql': down }),
    'checks/': undefined,
  })
  const lockFile = join(migrationsPath, 'migration_lock.toml')
  const hasLockFile = await stat(lockFile).catch(() => undefined)
  if (hasLockFile === undefined) await writeProjectFile(lockFile, lockFileText)
}

/** As Prisma makes a name of it: small letters, digits, and `_` between the words. */
function wordsOf(given: string): string {
  const words = given
    .normalize('NFKD')
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 200)
  if (words !== '') return words
  throw new SettingsError('name-needed', `"${given}" has no letter or digit to call the migration by`, {
    hint: 'Give it a name, such as add_phone.',
  })
}
