import type { Finding } from '../../domain/finding.js'
import { plural } from '../../domain/quantities.js'
import type { Reader } from '../../domain/reader.js'
import { quoteIdentifier } from '../../sql/names.js'

/** A session as pg_stat_activity shows it. */
export interface Session {
  readonly pid: number
  readonly user: string | null
  readonly application: string | null
  /** Another role's, of which this role may see no more than that it is there. */
  readonly hidden: boolean
}

/** The columns of a Session; `a` is pg_stat_activity. */
export const sessionColumns = `a.pid, a.usename AS user, a.application_name AS application, a.backend_type IS NULL AS hidden,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start) * 1000 AS "openMs"`

/**
 * The run that a session of ours belongs to: the third word of its application_name. The server keeps 63 bytes of that,
 * and so 40 of the run id, whatever the session is for.
 */
const runOf = (applicationName: string) =>
  `pg_catalog.left(pg_catalog.split_part(${applicationName}, ' ', 3), 40)`

/** True for a session of the very run that asks. One of another run is judged as anybody's: its dump holds locks too. */
export const isOwnSession = `(a.pid = pg_catalog.pg_backend_pid() OR (a.application_name LIKE 'migrate-guard %'
       AND ${runOf('a.application_name')} = ${runOf("pg_catalog.current_setting('application_name')")}))`

/** `"web" as "app"`, or only the user where the application gives no name. */
export function formatOwner({ application, user }: Pick<Session, 'application' | 'user'>): string {
  return application ? `"${application}" as "${user}"` : `"${user}"`
}

/**
 * What `--accept` can name from one run to the next: a process id would be another one each time.
 */
export function objectOf({ application, user }: Pick<Session, 'application' | 'user'>): string {
  return application || (user ?? '')
}

/** `pid 4`, `pids 4, 8, 9 and 7 more` */
export function formatPids(pids: readonly number[]): string {
  const shown = pids.slice(0, 3)
  const more = pids.length > shown.length ? ` and ${pids.length - shown.length} more` : ''
  return `${pids.length === 1 ? 'pid' : 'pids'} ${shown.join(', ')}${more}`
}

/**
 * What this role may not see is not known to be well; that is said once, with what to grant.
 * https://www.postgresql.org/docs/current/predefined-roles.html
 */
export async function notVisible(
  view: 'pg_stat_activity' | 'pg_stat_replication',
  message: string,
  step: Finding['step'],
  reader: Reader,
): Promise<Finding> {
  const { rows } = await reader.query('SELECT current_user AS role')
  return {
    code: 'monitoring-not-granted',
    kind: 'health',
    verdict: 'warn',
    step,
    object: view,
    message,
    hint: 'Grant pg_monitor to the role, as a superuser, or look as another role before the deploy.',
    fixSql: `GRANT pg_monitor TO ${quoteIdentifier(String(rows[0]?.role))};`,
  }
}

/** `3 sessions`, with the verb that goes with them. */
export function sessionsThat(count: number, singular: string, many: string): string {
  return `${plural(count, 'session')} ${count === 1 ? singular : many}`
}
