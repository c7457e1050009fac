import { GuardError, ProjectError, RehearsalError } from '../../domain/errors.js'
import type { MigrationFolder } from '../../domain/migration.js'
import type { TargetAddress } from '../../domain/target.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { namedRoles } from '../../sql/named-roles.js'
import { quoteIdentifier } from '../../sql/names.js'
import { type EmptyTwinRequest, withEmptyDatabase } from '../empty-twin.js'
import { type MigrationFile, readMigrationFile } from '../resolve/migration-file.js'

/** The schema of a URL that names none, in which migrations of Prisma are replayed. */
export const home = 'public'

/** A database that holds what some migrations make, without rows of anybody. */
export interface ReplayedFolders {
  readonly client: Client
  readonly address: TargetAddress
}

/**
 * Runs migration files on an empty database of our own and lends it.
 * @param url any database of the server on which it is made; absent: a server of our own
 * @throws RehearsalError `migration-fails-on-replay`; ClusterError where there can be no server
 */
export async function withReplayedFolders<T>(
  files: readonly MigrationFile[],
  { url, also = [] }: { readonly url?: TargetAddress; readonly also?: readonly MigrationFile[] },
  work: (replayed: ReplayedFolders) => Promise<T>,
): Promise<T> {
  const request: EmptyTwinRequest = {
    ...(url === undefined ? {} : { url }),
    roles: namedRoles([...files, ...also].flatMap(({ statements }) => statements)),
  }
  return withEmptyDatabase(request, (address) =>
    withConnection(address, replaySession, async (client) => {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(home)}`)
      for (const file of files) await runFile(client, file)
      return work({ client, address })
    }),
  )
}

/** The session in which files run. */
export const replaySession = {
  applicationName: 'migrate-guard down',
  runsUserSql: true,
  parameters: { statement_timeout: '0', lock_timeout: '0' },
}

async function runFile(client: Client, { folder, text }: MigrationFile): Promise<void> {
  let line: number | undefined
  try {
    await runScript(client, text, {
      lockTimeoutMs: 0,
      retries: 0,
      onEvent: (event) => {
        if (event.type === 'statement-failed') line = event.line
      },
    })
  } catch (error) {
    if (error instanceof GuardError) throw error
    const where = line === undefined ? '' : `line ${line}: `
    throw new RehearsalError(
      'migration-fails-on-replay',
      `"${folder.name}" does not run on an empty database: ${where}${(error as Error).message}`,
      { hint: 'Correct the file, or what it needs of the server, and run the command again.', cause: error },
    )
  }
}

/**
 * Reads the files of these folders.
 * @throws ProjectError `migration-not-readable`
 */
export async function readFolders(folders: readonly MigrationFolder[]): Promise<MigrationFile[]> {
  const files: MigrationFile[] = []
  for (const folder of folders) files.push(await readFolder(folder))
  return files
}

async function readFolder(folder: MigrationFolder): Promise<MigrationFile> {
  const file = await readMigrationFile({ migrationName: folder.name, checksum: folder.checksum ?? '' }, [
    folder,
  ])
  if (!('problem' in file)) return file
  throw new ProjectError('migration-not-readable', file.problem, {
    hint:
      folder.checksum === undefined
        ? 'Restore the file, or remove the folder if it was never applied anywhere.'
        : 'Correct the file, and run the command again.',
  })
}
