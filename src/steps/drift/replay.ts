// replay: runs whole migration files on an empty database of our own, to learn what they make. The target is only read.
import { RehearsalError } from '../../domain/errors.js'
import type { MigrationFolder } from '../../domain/migration.js'
import { effect } from '../../effects/effect.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { readTargetIdentity } from '../../postgres/identity.js'
import { withRehearsalDatabase } from '../../postgres/rehearsal-database/open.js'
import { ownerSession } from '../../postgres/rehearsal-database/owner-session.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { quoteIdentifier } from '../../sql/names.js'
import { readMigrationFile } from '../resolve/migration-file.js'
import { applicationName, interruptible, type Tools, withTarget } from '../tools.js'

/**
 * Makes a database as the target was before its first migration, runs the files there in this order, as the role of the
 * target, and lends it with a read-only connection to the target.
 * @throws RehearsalError `migration-fails-on-replay` with file, line and the server's words
 */
export async function withReplayed<T>(
  folders: readonly MigrationFolder[],
  tools: Tools,
  work: (replayed: RehearsalDatabase, target: Client) => Promise<T>,
  afterEach: AfterEach = async () => undefined,
): Promise<T> {
  const { settings, runId, signal, screen } = tools
  const replayed = withTarget(tools, async (targetClient) =>
    withRehearsalDatabase(
      {
        ...settings.rehearsal,
        target: settings.target,
        targetIdentity: await readTargetIdentity(targetClient, settings.target),
        targetClient,
        runId,
        signal,
        onProgress: screen.progress,
      },
      (database) =>
        interruptible(tools, async () => {
          await makeSchema(database, tools)
          await runFiles(database, folders, tools, (folder, client) =>
            afterEach(folder, client, targetClient),
          )
          return work(database, targetClient)
        }),
    ),
  )
  // Once cancelled, the connection to the target is cut, and the one who lost it says so in words of his own.
  return replayed.catch((error: unknown) => interruptible(tools, () => Promise.reject(error)))
}

/** Told of each file that has run, with a connection to the replayed database and one to the target. */
export type AfterEach = (folder: MigrationFolder, replayed: Client, target: Client) => Promise<void>

/** Prisma makes the schema of the URL before it deploys; the role may not be allowed to, where somebody else has made it. */
async function makeSchema({ address, ownerAddress }: RehearsalDatabase, { runId }: Tools): Promise<void> {
  const [schema, role] = [quoteIdentifier(address.schema), quoteIdentifier(address.user)]
  await withConnection(ownerAddress, ownerSession(runId), (client) =>
    effect('replay.schema', () =>
      client.query(
        `CREATE SCHEMA IF NOT EXISTS ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}`,
      ),
    ),
  )
}

async function runFiles(
  { address }: RehearsalDatabase,
  folders: readonly MigrationFolder[],
  tools: Tools,
  afterEach: (folder: MigrationFolder, client: Client) => Promise<void>,
): Promise<void> {
  const session = {
    applicationName: applicationName(tools, 'replay'),
    runsUserSql: true,
    parameters: { statement_timeout: '0' },
  }
  await withConnection(address, session, async (client) => {
    for (const [at, folder] of folders.entries()) {
      tools.screen.progress(`running migration ${at + 1} of ${folders.length} on a database of our own`)
      await runFile(client, folder)
      await afterEach(folder, client)
    }
  })
}

async function runFile(client: Client, folder: MigrationFolder): Promise<void> {
  const { name, checksum = '' } = folder
  const file = await readMigrationFile({ migrationName: name, checksum }, [folder])
  if ('problem' in file) throw failsOnReplay(name, file.problem)
  let line: number | undefined
  try {
    await runScript(client, file.text, {
      lockTimeoutMs: 0,
      retries: 0,
      onEvent: (event) => {
        if (event.type === 'statement-failed') line = event.line
      },
    })
  } catch (error) {
    const where = line === undefined ? '' : `line ${line}: `
    throw failsOnReplay(name, `${where}${(error as Error).message}`, error)
  }
}

function failsOnReplay(name: string, why: string, cause?: unknown): RehearsalError {
  return new RehearsalError(
    'migration-fails-on-replay',
    `"${name}" does not run on an empty database: ${why}`,
    { hint: 'Correct the file, or what it needs of the server, and run the command again.', cause },
  )
}
