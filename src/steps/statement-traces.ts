import type { Traces } from '../domain/deployment.js'
import type { Statement } from '../domain/migration.js'
import type { EngineEvent } from '../prisma/engine-events.js'

/** A failure that says nothing of the statement: the connection or the server went away under it. */
const lostConnection = /^(08|57P0[1-5])/

/** Statements that leave nothing behind, neither objects nor rows. */
const withoutTrace = new Set([
  'VariableSetStmt',
  'VariableShowStmt',
  'TransactionStmt',
  'VacuumStmt',
  'CheckPointStmt',
])

/** False for a statement that does not show afterwards: it sets, shows, tidies up, or begins and ends a transaction. */
export function leavesTrace({ kind }: { readonly kind: string }): boolean {
  return !withoutTrace.has(kind)
}

/** What a file that ran statement by statement has left. */
export interface StatementTraces {
  readonly traces: Traces
  /** Statements that took effect, without those that only set something or begin and end a transaction. */
  readonly committed: number
  /** Every statement up to this one has surely taken effect; 0: none. */
  readonly least: number
  /** No statement behind this one can have taken effect. */
  readonly most: number
}

/**
 * What a file that ran statement by statement has left, as far as the engine's own events tell. A statement outside a
 * transaction block is a transaction of its own; one inside counts when its COMMIT has come back.
 */
export function tracesOfStatements(
  statements: readonly Statement[],
  events: readonly EngineEvent[],
): StatementTraces {
  let committed = 0
  let unknown = false
  let least = 0
  let most = 0
  /** Statements in the block that is open; undefined outside one. */
  let block: number | undefined
  for (const statement of statements) {
    const ending = endingOf(statement, events)
    if (ending === 'not-run') break
    const finished = ending === 'finished'
    const control = transactionControl(statement)
    if (control === 'begin' && finished) block = 0
    else if (control === 'commit') {
      if (finished) committed += block ?? 0
      if (ending === 'lost' && block) unknown = true
      block = undefined
    } else if (control === 'rollback') block = undefined
    else if (control !== undefined || statement.kind === 'VariableSetStmt') {
      // Leaves nothing behind by itself.
    } else if (block !== undefined) block += 1
    else if (finished) committed += 1
    // A block that commits by itself may have done so before it failed; what else fails leaves nothing behind, or
    // something that the catalog shows.
    else if (ending === 'lost' || ['CallStmt', 'DoStmt'].includes(statement.kind)) unknown = true
    if (block === undefined && finished) least = statement.index
    if (block === undefined && (finished || unknown)) most = statement.index
  }
  const all = statements.length
  // The engine may be gone after the last statement, before it can say that this was the end.
  if (events.some(({ type }) => type === 'migration-finished') || (all > 0 && least === all)) {
    return { traces: 'all', committed, least: all, most: all }
  }
  const rest = events.findLast(({ type }) => type === 'rest-started' || type === 'rest-rolled-back')
  if (rest?.type === 'rest-started') return { traces: 'unknown', committed, least, most: statements.length }
  const traces = committed > 0 ? 'part' : unknown ? 'unknown' : 'none'
  return { traces, committed, least, most: Math.max(least, most) }
}

function endingOf({ index }: Statement, events: readonly EngineEvent[]) {
  // The last one counts: `resolve` runs a statement again that was refused before.
  const last = events.findLast((event) => 'statement' in event && event.statement === index)
  if (last === undefined) return 'not-run'
  if (last.type === 'statement-finished') return 'finished'
  const sqlstate = last.type === 'statement-failed' ? last.sqlstate : undefined
  return sqlstate && !lostConnection.test(sqlstate) ? 'refused' : 'lost'
}

function transactionControl({ kind, sql }: Statement): 'begin' | 'commit' | 'rollback' | 'other' | undefined {
  if (kind !== 'TransactionStmt') return undefined
  const words = sql.replace(/--.*$|\/\*[\s\S]*?\*\//gm, ' ').trim()
  if (/^(BEGIN|START)\b/i.test(words)) return 'begin'
  if (/^(COMMIT|END)\b/i.test(words)) return 'commit'
  return /^(ROLLBACK|ABORT)\b(?!.*\bTO\b)/is.test(words) ? 'rollback' : 'other'
}
