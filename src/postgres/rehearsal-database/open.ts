import { GuardError, InterruptedError, RehearsalError } from '../../domain/errors.js'
import { openBesideTarget, openOnOtherServer } from './beside-place.js'
import { openLocalDatabase } from './local-place.js'
import type { RehearsalDatabase, RehearsalPlace, RehearsalRequest } from './request.js'

const openers: Readonly<Record<RehearsalPlace, (request: RehearsalRequest) => Promise<RehearsalDatabase>>> = {
  local: openLocalDatabase,
  'same-server': openBesideTarget,
  url: openOnOtherServer,
}

/**
 * Makes an empty database of our own with the properties of the target, marked as ours.
 * @throws RehearsalError, ClusterError or TargetError in one sentence when it cannot be had; nothing is left then.
 * @throws InterruptedError when the run was cancelled.
 */
export async function openRehearsalDatabase(request: RehearsalRequest): Promise<RehearsalDatabase> {
  const database = await openers[request.place](request).catch((error: unknown) => {
    throw asRehearsalError(error)
  })
  if (!request.signal.aborted) return database
  await database.remove()
  throw new InterruptedError('interrupted', 'the run was stopped before anything was changed', {
    hint: 'Run the command again when you are ready.',
  })
}

/** Lends a rehearsal database to `work` and removes it afterwards, whatever happened. */
export async function withRehearsalDatabase<T>(
  request: RehearsalRequest,
  work: (database: RehearsalDatabase) => Promise<T>,
): Promise<T> {
  const database = await openRehearsalDatabase(request)
  const result = await work(database).catch(async (error) => {
    // That it cannot be removed either is not what went wrong; the next run sweeps it.
    await database.remove().catch(() => undefined)
    throw error
  })
  await database.remove()
  return result
}

/** An error of a server is no bug of ours: it says why the database cannot be had. */
function asRehearsalError(error: unknown): unknown {
  if (error instanceof GuardError || !(error instanceof Error && 'severity' in error)) return error
  return new RehearsalError(
    'rehearsal-database-not-made',
    `the rehearsal database cannot be made: ${error.message}`,
    { hint: 'Fix the cause, or rehearse elsewhere: --rehearsal local, same-server or a URL.', cause: error },
  )
}
