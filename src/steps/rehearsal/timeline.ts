import { blocksReaders, blocksWriters, type LockMode } from '../../domain/lock-mode.js'
import type { PendingMigration } from '../../domain/migration.js'
import type {
  LockedRows,
  Rehearsal,
  RehearsedMigration,
  RehearsedStatement,
  TableExposure,
  TakenLock,
} from '../../domain/rehearsal.js'
import { type SeenLock, sampleEveryMs } from '../../postgres/lock-sampler.js'
import type { EngineEvent } from '../../prisma/engine-events.js'

type Finished = Extract<EngineEvent, { type: 'statement-finished' }> & { startedAt: number; endedAt: number }

/** What the engine told of one migration, of its last attempt. */
interface Told {
  readonly statements: Finished[]
  readonly lines: Map<number, { line: number; summary: string; startedAt: number }>
  commitMs: number
}

export type Timeline = Required<
  Pick<Rehearsal, 'migrations' | 'durationMs' | 'exposures' | 'diskNeededBytes' | 'walBytes'>
>

/**
 * What the rehearsal took: per statement, and for everybody who uses the tables.
 * @param seen locks of statements that commit by themselves, which only somebody else can see
 * @param sizeBeforeBytes of the database, before the first statement
 */
export function makeTimeline(
  pending: readonly PendingMigration[],
  events: readonly EngineEvent[],
  seen: readonly SeenLock[],
  sizeBeforeBytes: number,
): Timeline {
  const told = tellByMigration(events)
  const migrations = pending.flatMap((migration): RehearsedMigration[] => {
    const one = told.get(migration.name)
    if (one === undefined) return []
    return [
      {
        name: migration.name,
        durationMs: one.statements.reduce((sum, { durationMs }) => sum + durationMs, one.commitMs),
        statements: statementsOf(migration, one, seen, sizeBeforeBytes),
      },
    ]
  })
  const statements = migrations.flatMap((one) => one.statements)
  return {
    migrations,
    durationMs: sumOf(migrations, ({ durationMs }) => durationMs),
    exposures: exposuresOf(
      statements.flatMap((one) => one.locks),
      statements.flatMap((one) => one.rowLocks ?? []),
    ),
    diskNeededBytes: Math.max(0, ...statements.map(({ growthBytes = 0 }) => growthBytes)),
    walBytes: sumOf(statements, ({ walBytes = 0 }) => walBytes),
  }
}

/** The same for an engine that tells nothing of what it does: only what was seen from outside. */
export function makeTimelineFromOutside(
  seen: readonly SeenLock[],
  durationMs: number,
): Pick<Timeline, 'durationMs' | 'exposures'> {
  const locks = seen.map(({ relation, mode, firstSeenAt, lastSeenAt }) => ({
    relation,
    mode,
    heldMs: lastSeenAt - firstSeenAt + sampleEveryMs,
  }))
  return { durationMs, exposures: exposuresOf(locks, []) }
}

function tellByMigration(events: readonly EngineEvent[]): Map<string, Told> {
  const told = new Map<string, Told>()
  for (const event of events) {
    const at = Date.parse(event.at)
    const one = told.get(event.migration)
    switch (event.type) {
      case 'retry':
        if (one && event.statement !== undefined) keepBefore(one, event.statement)
        else told.set(event.migration, { statements: [], lines: new Map(), commitMs: 0 })
        break
      case 'migration-started':
        told.set(event.migration, { statements: [], lines: new Map(), commitMs: 0 })
        break
      case 'statement-started':
        one?.lines.set(event.statement, { line: event.line, summary: event.summary, startedAt: at })
        break
      case 'statement-finished':
        one?.statements.push({
          ...event,
          startedAt: one.lines.get(event.statement)?.startedAt ?? at,
          endedAt: at,
        })
        break
      case 'migration-finished':
        if (one) one.commitMs = event.commitMs ?? 0
        break
      default:
    }
  }
  return told
}

/** What comes later is repeated. */
function keepBefore({ statements }: Told, from: number): void {
  const kept = statements.filter(({ statement }) => statement < from)
  statements.splice(0, statements.length, ...kept)
}

function statementsOf(
  { execution, statements: written }: PendingMigration,
  { statements, lines, commitMs }: Told,
  seen: readonly SeenLock[],
  sizeBeforeBytes: number,
): RehearsedStatement[] {
  const lastOf = (index: number) =>
    execution.mode === 'all-or-nothing'
      ? Number.POSITIVE_INFINITY
      : (execution.transactions?.find(({ first, last }) => first <= index && index <= last)?.last ?? index)
  /** From the beginning of a statement until the end of its transaction. */
  const heldMs = (index: number) =>
    sumOf(
      statements.filter(({ statement }) => index <= statement && statement <= lastOf(index)),
      ({ durationMs }) => durationMs,
    ) + commitMs
  return statements.map(({ statement, rows, durationMs, observed, startedAt, endedAt }) => {
    const { line = 0, summary = '' } = lines.get(statement) ?? {}
    const own = (observed?.locks ?? []).map((lock) => ({ ...lock, heldMs: heldMs(statement) }))
    const fromOutside = seen
      .filter((lock) => lock.firstSeenAt >= startedAt && lock.firstSeenAt <= endedAt)
      .filter((lock) => !own.some(({ relation, mode }) => relation === lock.relation && mode === lock.mode))
      .map(({ relation, mode, firstSeenAt, lastSeenAt }) => ({
        relation,
        mode,
        // Let go at the end of the statement at the latest, for it commits by itself.
        heldMs: Math.min(durationMs, lastSeenAt - firstSeenAt + sampleEveryMs),
      }))
    const locks = execution.mode === 'all-or-nothing' ? own : [...own, ...fromOutside]
    const { kind = '', sql = '' } = written.find(({ index }) => index === statement) ?? {}
    const rowLocks = [
      ...(observed?.rowsChanged ?? []).map((relation) => ({ relation, heldMs: heldMs(statement) })),
      ...(changesRows.has(kind) && rows !== 0 ? rowsUnder('ROW EXCLUSIVE', fromOutside) : []),
      ...(locksRows.test(sql) ? rowsUnder('ROW SHARE', locks) : []),
    ]
    return {
      index: statement,
      line,
      summary,
      durationMs,
      rows,
      locks,
      ...(rowLocks.length > 0 ? { rowLocks } : {}),
      rewritten: observed?.rewritten ?? [],
      ...(observed
        ? {
            walBytes: observed.walBytes,
            growthBytes: Math.max(0, observed.databaseSizeBytes - sizeBeforeBytes),
          }
        : {}),
    }
  })
}

/** Of one that commits by itself the server tells nothing afterwards, but its lock on the table was seen. */
const changesRows: ReadonlySet<string> = new Set(['UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/**
 * What SELECT locks no counter shows. The check of a foreign key takes ROW SHARE too, but FOR KEY SHARE lets others change
 * the row: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
 */
const locksRows = /\bFOR\s+(NO\s+KEY\s+UPDATE|UPDATE|SHARE)\b/i

function rowsUnder(mode: LockMode, locks: readonly TakenLock[]): LockedRows[] {
  return locks.filter((lock) => lock.mode === mode).map(({ relation, heldMs }) => ({ relation, heldMs }))
}

/** The longest time for each table: transactions come one after the other, and between them the others get their turn. */
function exposuresOf(locks: readonly TakenLock[], rows: readonly LockedRows[]): TableExposure[] {
  const relations = [...new Set([...locks, ...rows].map(({ relation }) => relation))]
  return relations
    .map((relation) => {
      const longest = (blocks: (mode: LockMode) => boolean) =>
        Math.max(
          0,
          ...locks.filter((lock) => isOn(lock, relation) && blocks(lock.mode)).map(({ heldMs }) => heldMs),
        )
      const rowWritersMs = Math.max(
        0,
        ...rows.filter((one) => one.relation === relation).map(({ heldMs }) => heldMs),
      )
      return {
        relation,
        readersMs: longest(blocksReaders),
        writersMs: longest(blocksWriters),
        ...(rowWritersMs > 0 ? { rowWritersMs } : {}),
      }
    })
    .filter(({ writersMs, rowWritersMs = 0 }) => writersMs > 0 || rowWritersMs > 0)
    .sort((a, b) => b.writersMs - a.writersMs || (b.rowWritersMs ?? 0) - (a.rowWritersMs ?? 0))
}

function isOn(lock: TakenLock, relation: string): boolean {
  return lock.relation === relation
}

function sumOf<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0)
}
