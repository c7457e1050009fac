import type { Session } from '../connection.js'
import { ownerSession } from '../rehearsal-database/owner-session.js'

/** The session of the one who makes, fills and proves the database of a backup; patient like that of a rehearsal. */
export function backSession(runId: string): Session {
  return { ...ownerSession(runId), applicationName: `migrate-guard back ${runId}`.slice(0, 63) }
}
