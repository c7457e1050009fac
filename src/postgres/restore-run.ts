import { join } from 'node:path'
import { InterruptedError, RehearsalError, TargetError } from '../domain/errors.js'
import { makePrivateFolder } from '../effects/private-files.js'
import { runProcess } from '../effects/run-process.js'
import { clientEnvironment, connectionStringFor } from './client-environment.js'
import type { ClientTool } from './client-tools.js'
import { asServerTrouble, type Client, withConnection } from './connection.js'
import { ownerSession } from './rehearsal-database/owner-session.js'
import type { RehearsalDatabase } from './rehearsal-database/request.js'
import { readRestoreFailure } from './restore-failure.js'
import { RestoreOutput, type RestoreProgress } from './restore-output.js'
import type { UnfilledViews } from './restore-views.js'

export interface RestoreRequest {
  /** pg_restore. */
  readonly tool: ClientTool
  readonly database: Pick<RehearsalDatabase, 'ownerAddress' | 'restorable' | 'twoRoles'>
  readonly runId: string
  /** The dump, in directory format. */
  readonly folder: string
  readonly jobs: number
  /** It holds no rows: the planner needs no statistics of them. */
  readonly isSchemaOnly?: boolean
  /** A private folder for the password. */
  readonly scratchFolder: string
  readonly signal: AbortSignal
  /** Size in bytes of each table by `schema.name`, not quoted; the time left is estimated from it. */
  readonly tableSizesBytes?: ReadonlyMap<string, number>
  readonly onProgress?: (progress: RestoreProgress) => void
  /** How pg_restore is announced and seen on the server, where it is no rehearsal. */
  readonly as?: { readonly effect: string; readonly applicationName: string }
}

export interface Restore {
  readonly durationMs: number
  /** What could reach the outside world and was made harmless, in words. */
  readonly disarmed: readonly string[]
  /** What is not as in the dump, in words. */
  readonly differences: readonly string[]
  readonly unfilled: UnfilledViews
}

/** What a way to restore tells. */
export type Restored = Omit<Restore, 'durationMs'>

/** Rows, indexes and views are there. */
export function tellStatistics(request: RestoreRequest): void {
  request.onProgress?.({ phase: 'statistics', tablesDone: 0, bytesDone: 0, bytesTotal: 0 })
}

/** Lends a connection to the rehearsal database. @throws RehearsalError `rehearsal-database-lost` */
export async function asOwner<T>(
  { database, runId }: RestoreRequest,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withConnection(database.ownerAddress, ownerSession(runId), work).catch((error: Error) => {
    if (!isOfServer(error)) throw error
    throw new RehearsalError(
      'rehearsal-database-lost',
      `the rehearsal database does not do what it is asked: ${error.message}`,
      { hint: 'Look at its server, then run the command again; the target was only read.', cause: error },
    )
  })
}

/** The error says something of the server or of what it was asked, and is no bug of ours. */
function isOfServer(error: Error): boolean {
  return error instanceof TargetError || 'severity' in error || asServerTrouble(error) !== error
}

/** @throws InterruptedError */
export function assertNotStopped(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new InterruptedError('interrupted', 'the run was stopped while the dump was restored into a copy', {
    hint: 'Run the command again when you are ready; the target was only read.',
  })
}

/** Beside the password of the target, which a dump may be using. */
export async function makeFolder({ scratchFolder }: RestoreRequest): Promise<string> {
  const folder = join(scratchFolder, 'rehearsal')
  await makePrivateFolder(folder)
  return folder
}

/** Runs pg_restore once. @throws RehearsalError `restore-failed`, InterruptedError */
export async function runRestore(
  request: RestoreRequest,
  privateFolder: string,
  what: readonly string[],
): Promise<void> {
  const { tool, database, folder, runId, signal } = request
  const applicationName = request.as?.applicationName ?? ownerSession(runId).applicationName
  const output = new RestoreOutput(request.tableSizesBytes ?? new Map(), request.jobs, request.onProgress)
  const result = await runProcess({
    effect: request.as?.effect ?? 'rehearsal.pg-restore',
    file: tool.path,
    arguments: [
      '--format=directory',
      '--exit-on-error',
      '--no-password',
      '--verbose',
      ...what,
      ...database.restorable.options,
      `--dbname=${connectionStringFor(database.ownerAddress, applicationName)}`,
      folder,
    ],
    environment: await restoreEnvironment(request, privateFolder),
    onStderr: (chunk) => output.add(chunk),
    signal,
  })
  assertNotStopped(signal)
  if (result.exitCode !== 0) throw readRestoreFailure(output.lastLines, result.ending)
}

async function restoreEnvironment({ database }: RestoreRequest, folder: string) {
  // Its messages are read, so they must be in English.
  return { ...(await clientEnvironment(database.ownerAddress, folder)), LC_ALL: 'C', LC_MESSAGES: 'C' }
}
