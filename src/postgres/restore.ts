import { RehearsalError } from '../domain/errors.js'
import { analyzeAll } from './analyze.js'
import type { Client } from './connection.js'
import { disarm } from './rehearsal-database/disarm.js'
import { countOwnObjects } from './rehearsal-database/facts.js'
import { assertIsRehearsalDatabase } from './rehearsal-database/marker.js'
import { restoreApart } from './restore-apart.js'
import { openRestoreGate } from './restore-gate.js'
import { writeRestoreLists } from './restore-list.js'
import {
  asOwner,
  assertNotStopped,
  makeFolder,
  type Restore,
  type Restored,
  type RestoreRequest,
  runRestore,
  tellStatistics,
} from './restore-run.js'
import { fillViews } from './restore-views.js'

/**
 * Restores a dump into a rehearsal database that is still empty. What could reach the outside world is made harmless
 * as soon as it exists, before any row is restored: a constraint or a materialized view may call it. At the end the
 * planner gets its statistics, which a dump does not hold.
 *
 * A failure leaves the database half restored; the caller removes it.
 * @throws RehearsalError `restore-failed` with the object, `not-a-rehearsal-database` or `not-empty`.
 * @throws InterruptedError when the run was cancelled; pg_restore has ended then.
 */
export async function restoreDump(request: RestoreRequest): Promise<Restore> {
  const { runId, signal } = request
  const { twoRoles } = request.database
  const started = performance.now()
  await asOwner(request, async (client) => {
    await assertIsRehearsalDatabase(client, runId)
    await assertEmpty(client)
  })
  const privateFolder = await makeFolder(request)
  const restored = await (twoRoles
    ? restoreApart(request, twoRoles, privateFolder)
    : restoreAsOwner(request, privateFolder))
  assertNotStopped(signal)
  return { durationMs: performance.now() - started, ...restored }
}

async function restoreAsOwner(request: RestoreRequest, privateFolder: string): Promise<Restored> {
  const { signal } = request
  const owner = <T>(work: (client: Client) => Promise<T>) => asOwner(request, work)
  const { leftOut, trusted = [] } = request.database.restorable
  const gate = await openRestoreGate(request.tool, request.folder, trusted)
  const lists = await writeRestoreLists(request.tool, request.folder, leftOut, privateFolder, gate.late)
  await runRestore(request, privateFolder, [`--use-list=${lists.schema}`])
  const disarmedBefore = await owner(disarm)
  if (lists.lateSchema) {
    await owner(gate.beforeLate)
    await runRestore(request, privateFolder, [`--use-list=${lists.lateSchema}`])
    disarmedBefore.push(...(await owner(disarm)))
  }
  await owner(gate.beforeRows)
  await runRestore(request, privateFolder, [`--use-list=${lists.rest}`, `--jobs=${request.jobs}`])
  // A view that a materialized view reads may have got its query only now.
  await owner(gate.beforeRows)
  const unfilled = await fillViews(lists.views, privateFolder, (what) =>
    runRestore(request, privateFolder, what),
  )
  if (lists.last) await runRestore(request, privateFolder, [`--use-list=${lists.last}`])
  // Subscriptions come last.
  const disarmedAfter = await owner(disarm)
  tellStatistics(request)
  const differences = request.isSchemaOnly ? [] : await owner((client) => analyzeAll(client, signal))
  return { disarmed: [...new Set([...disarmedBefore, ...disarmedAfter])], differences, unfilled }
}

/** @throws RehearsalError `not-empty` when there is anything in it that a new database does not have. */
async function assertEmpty(client: Client): Promise<void> {
  const objects = await countOwnObjects(client)
  if (objects === 0) return
  const { rows } = await client.query('SELECT pg_catalog.current_database() AS name')
  const { name } = rows[0]
  throw new RehearsalError('not-empty', `the rehearsal database "${name}" holds ${objects} objects already`, {
    hint: 'A dump is restored only into an empty database of our own; run the command again.',
  })
}
