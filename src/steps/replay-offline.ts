// plan --offline on a twin: all migrations really run, one after the other, on an empty database.
import { GuardError, InterruptedError } from '../domain/errors.js'
import type { Finding } from '../domain/finding.js'
import type { PendingMigration } from '../domain/migration.js'
import type { OfflinePlan } from '../domain/plan.js'
import type { ForecastFile } from '../forecast/file.js'
import { failureFindings } from '../forecast/findings.js'
import { replayOnTwin } from '../forecast/replay.js'
import { listServerBinaries } from '../postgres/throw-away-cluster.js'
import type { Settings } from '../settings/settings.js'
import { namedRoles } from '../sql/named-roles.js'
import { withEmptyTwin } from './empty-twin.js'
import { noSchemaTwin } from './schema-twin.js'
import { withLocks } from './statement-locks.js'

interface Replayed {
  /** Absent where there is no twin. */
  readonly ran?: Required<Pick<OfflinePlan, 'pending' | 'replay'>>
  readonly findings: readonly Finding[]
}

/**
 * Says what the shown migrations lock and which statement is refused, by the word of a server.
 * @param twin where; absent: on this machine, if it has the server programs
 * @returns undefined where there is no twin and nobody has asked for one
 */
export async function replayPending(
  shown: readonly PendingMigration[],
  history: readonly ForecastFile[],
  twin: Settings['twin'] | undefined,
): Promise<Replayed | undefined> {
  if (twin === undefined && (await listServerBinaries()).length === 0) return undefined
  const names = new Set(shown.map(({ name }) => name))
  const isLocal = twin?.url === undefined
  const request = {
    ...(twin?.url === undefined ? {} : { url: twin.url }),
    roles: namedRoles(history.flatMap(({ statements }) => statements)),
  }
  try {
    const { locks, failure, lost } = await withEmptyTwin(request, (own, client) =>
      replayOnTwin(history, client, own, {
        isShown: (migration) => names.has(migration),
        // What is installed on that server, and which roles it has, is not the migration's fault.
        isTold: ({ code, title }) => code !== 'missing-extension' && (isLocal || !/^role "/.test(title)),
      }),
    )
    const refused = failureFindings({ ...(failure ? { failure } : {}), later: [] })
    return {
      ran: { pending: withLocks(shown, locks), replay: lost === undefined ? {} : { lost } },
      findings: refused.map((finding): Finding => ({ ...finding, step: 'plan' })),
    }
  } catch (error) {
    if (!(error instanceof GuardError) || error instanceof InterruptedError) throw error
    if (twin === undefined) return undefined
    return { findings: [{ ...noSchemaTwin(error.message), step: 'plan' }] }
  }
}
