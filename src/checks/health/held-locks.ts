import type { Finding } from '../../domain/finding.js'
import { isConflict, lockModeOf, strongestOf } from '../../domain/lock-mode.js'
import { formatMs } from '../../domain/quantities.js'
import type { Reader } from '../../domain/reader.js'
import type { Check, CheckContext, ConcernedTable } from '../check.js'
import { concernedNotKnown, concernedParameter, isConcerned, nameOf, wantedLock } from './concerned-tables.js'
import { formatOwner, isOwnSession, type Session, sessionColumns, sessionsThat } from './sessions.js'

/** The lock time-out that a deploy has unless told otherwise: what is held for less, it waits out. */
export const heldForMs = 1_000

interface Holder extends Session {
  readonly schema: string
  readonly name: string
  /** As in pg_locks, e.g. `AccessShareLock`. */
  readonly modes: readonly string[]
  /** Null for a hidden session. */
  readonly openMs: number | null
  readonly autovacuum: boolean
  readonly againstWraparound: boolean
}

/** Who holds a lock now, on a table that the migrations concern, that conflicts with the lock that they take there. */
export function heldLocksCheck(limitMs: number): Check {
  return {
    code: 'lock-held',
    title: 'no session holds a lock that the deploy would wait for',
    steps: ['check'],
    find: async (reader, context) => {
      if (context.concerned === undefined)
        return { findings: [], outcome: 'not-made', note: concernedNotKnown }
      const holders = await readHolders(reader, context)
      return context.concerned.tables.flatMap((table) => {
        const inTheWay = holders.filter((holder) => isInTheWay(holder, table, limitMs))
        return inTheWay.length === 0 ? [] : [findingFor(table, inTheWay, context)]
      })
    },
  }
}

export const heldLocks = heldLocksCheck(heldForMs)

/**
 * A plain autovacuum gives way to whoever waits for it, one against wraparound does not:
 * https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM
 * Where the worker itself is hidden, the age of its table tells which of the two it is.
 */
async function readHolders(reader: Reader, context: CheckContext): Promise<Holder[]> {
  const { rows } = await reader.query(
    `SELECT n.nspname AS schema, c.relname AS name, ${sessionColumns},
            (a.backend_type = 'autovacuum worker') IS TRUE OR (a.backend_type IS NULL AND a.usesysid IS NULL) AS autovacuum,
            CASE WHEN a.backend_type IS NOT NULL THEN a.query LIKE 'autovacuum: %(to prevent wraparound)'
                 ELSE pg_catalog.age(c.relfrozenxid) > pg_catalog.current_setting('autovacuum_freeze_max_age')::int
                   OR pg_catalog.mxid_age(c.relminmxid) > pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::int
            END AS "againstWraparound",
            held.modes
       FROM (SELECT l.relation, l.pid, pg_catalog.json_agg(l.mode) AS modes FROM pg_catalog.pg_locks l
              WHERE l.locktype = 'relation' AND l.granted
                AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
              GROUP BY 1, 2) AS held
       JOIN pg_catalog.pg_class c ON c.oid = held.relation
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_stat_activity a ON a.pid = held.pid
      WHERE ${isConcerned} AND NOT ${isOwnSession} AND a.backend_type IS DISTINCT FROM 'parallel worker'
      ORDER BY a.xact_start, a.pid`,
    [concernedParameter(context)],
  )
  return rows as unknown as Holder[]
}

function isInTheWay(holder: Holder, table: ConcernedTable, limitMs: number): boolean {
  if (holder.schema !== table.schema || holder.name !== table.name) return false
  if (!holder.modes.some((mode) => isConflict(wantedLock(table), lockModeOf(mode)))) return false
  if (holder.autovacuum) return holder.againstWraparound
  return holder.hidden || (holder.openMs ?? 0) >= limitMs
}

const shownHolders = 3

function findingFor(table: ConcernedTable, holders: readonly Holder[], context: CheckContext): Finding {
  const name = nameOf(table, context)
  const wanted = table.strongestLock ? `the deploy's ${table.strongestLock}` : wantedLock(table)
  const shown = holders.slice(0, shownHolders).map(describe)
  const more = holders.length > shown.length ? [`${holders.length - shown.length} more`] : []
  return {
    code: 'lock-held',
    kind: 'health',
    verdict: 'warn',
    step: context.step,
    object: name,
    message: `${sessionsThat(holders.length, 'holds a lock', 'hold locks')} on "${name}" that ${wanted} conflicts with: ${[...shown, ...more].join('; ')}`,
    hint: holders.some(({ autovacuum }) => autovacuum)
      ? 'Let the autovacuum finish: against wraparound it does not give way, and when it is cancelled it starts again.'
      : 'Wait until it has ended, or end it with pg_terminate_backend(pid); else the deploy gives way after --lock-timeout.',
  }
}

function describe(holder: Holder): string {
  const mode = strongestOf(holder.modes.map(lockModeOf))
  if (holder.autovacuum) return `pid ${holder.pid}, autovacuum against wraparound, ${mode}`
  const time =
    holder.openMs === null
      ? 'for a time that this role may not see'
      : `in a transaction of ${formatMs(holder.openMs)}`
  return `pid ${holder.pid}, ${formatOwner(holder)}, ${mode}, ${time}`
}
