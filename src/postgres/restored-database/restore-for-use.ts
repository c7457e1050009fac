import { BackupError, RehearsalError } from '../../domain/errors.js'
import { analyzeAll } from '../analyze.js'
import { type Client, withConnection } from '../connection.js'
import { openRestoreGate } from '../restore-gate.js'
import { writeRestoreLists } from '../restore-list.js'
import {
  assertNotStopped,
  makeFolder,
  type Restore,
  type RestoreRequest,
  runRestore,
} from '../restore-run.js'
import { fillViews, type UnfilledViews } from '../restore-views.js'
import { backSession } from './back-session.js'

/**
 * Restores a dump into a database that is meant to be used: with everything in it as it was, nothing made harmless. At the
 * end the planner gets its statistics, which a dump does not hold.
 *
 * A failure leaves the database half restored; the caller removes it.
 * @returns how long it took, and what is not as in the dump
 * @throws BackupError `restore-failed` with the object
 * @throws InterruptedError when the run was cancelled; pg_restore has ended then.
 */
export async function restoreForUse(request: Omit<RestoreRequest, 'as'>): Promise<Omit<Restore, 'disarmed'>> {
  const { runId, signal, database, jobs } = request
  const started = performance.now()
  const session = backSession(runId)
  const privateFolder = await makeFolder(request)
  const run = (what: readonly string[]) =>
    runRestore(
      { ...request, as: { effect: 'back.pg-restore', applicationName: session.applicationName } },
      privateFolder,
      what,
    )
  let unfilled: UnfilledViews
  try {
    const { leftOut, trusted = [] } = database.restorable
    const gate = await openRestoreGate(request.tool, request.folder, trusted)
    const judge = (work: (client: Client) => Promise<void>) =>
      withConnection(database.ownerAddress, session, work)
    const lists = await writeRestoreLists(request.tool, request.folder, leftOut, privateFolder, gate.late)
    await run([`--use-list=${lists.schema}`])
    if (lists.lateSchema) {
      await judge(gate.beforeLate)
      await run([`--use-list=${lists.lateSchema}`])
    }
    await judge(gate.beforeRows)
    await run([`--use-list=${lists.rest}`, `--jobs=${jobs}`])
    await judge(gate.beforeRows)
    unfilled = await fillViews(lists.views, privateFolder, run)
    if (lists.last) await run([`--use-list=${lists.last}`])
  } catch (error) {
    if (!(error instanceof RehearsalError)) throw error
    throw new BackupError(error.code, error.message, { hint: hintFor(error), cause: error })
  }
  request.onProgress?.({ phase: 'statistics', tablesDone: 0, bytesDone: 0, bytesTotal: 0 })
  const differences = await withConnection(database.ownerAddress, session, (client) =>
    analyzeAll(client, signal),
  )
  assertNotStopped(signal)
  return { durationMs: performance.now() - started, differences, unfilled }
}

function hintFor({ code, hint }: RehearsalError): string {
  if (code !== 'not-harmless') return hint
  return 'Look at what it calls; then restore the dump by hand with pg_restore, or as a role that owns what is called. Nothing was changed.'
}
