import { dataKinds } from '../sql/data-kinds.js'
import type { ParsedStatement } from '../sql/parser.js'
import {
  isTransactionSetting,
  refusedInTransaction,
  refusedOutsideTransaction,
} from '../sql/transaction-rules.js'

/** How the twin runs a statement. */
export type WayToRun =
  /** It is undone at once: the twin holds no rows, and only names, types and privileges are judged. */
  | 'judged'
  /** What it does to the catalog stays. */
  | 'kept'
  /** The same, of code that may read rows: what it does may depend on those that the twin has not. */
  | 'code'
  /** BEGIN, COMMIT, SAVEPOINT and their like, as they are written. */
  | 'transaction'
  /**
   * Not at all: it would reach beyond the database, or wait for rows from the client. SET TRANSACTION must come before any
   * query of the transaction, and we ask some of our own.
   */
  | 'not'

const beyondTheDatabase: ReadonlySet<string> = new Set(
  `CreateSubscriptionStmt AlterSubscriptionStmt DropSubscriptionStmt CreatedbStmt DropdbStmt AlterDatabaseStmt
   AlterDatabaseSetStmt AlterSystemStmt CreateTableSpaceStmt DropTableSpaceStmt AlterTableSpaceOptionsStmt
   CheckPointStmt LoadStmt NotifyStmt ListenStmt UnlistenStmt CopyStmt`.split(/\s+/),
)

/** Roles are of the whole server: where that is not ours, others would see them. */
const ofRoles: ReadonlySet<string> = new Set([
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
  'ReassignOwnedStmt',
])

/**
 * Says for a statement, by its parse tree, how the twin runs it.
 * @param isOwnServer the twin is alone on its server
 */
export function wayToRun(
  { kind, node }: Pick<ParsedStatement, 'kind' | 'node'>,
  isOwnServer = false,
): WayToRun {
  if (ofRoles.has(kind) && !isOwnServer) return 'not'
  if (kind === 'TransactionStmt') return 'transaction'
  if (beyondTheDatabase.has(kind) || isTransactionSetting({ kind, node })) return 'not'
  if (dataKinds.has(kind)) return 'judged'
  if (kind === 'DoStmt' || kind === 'CallStmt') return 'code'
  if (kind !== 'SelectStmt') return 'kept'
  if (node.intoClause) return 'kept'
  return JSON.stringify(node).includes('"FuncCall"') ? 'code' : 'judged'
}

/**
 * Whether all that it locks is held when it is over, so that it can be seen there. Outside of a transaction one is opened
 * for it: what may not run in one, or only in one, is not seen.
 */
export function isSeenWhole(statement: ParsedStatement, isInTransaction: boolean): boolean {
  if (statement.kind === 'VacuumStmt' && statement.node.is_vacuumcmd) return false
  return isInTransaction || !(severalTransactions.has(statement.kind) || isForOneKindOfPlace(statement))
}

/** Of a partitioned table they work in a transaction for each partition. */
const severalTransactions: ReadonlySet<string> = new Set(['ReindexStmt', 'ClusterStmt'])

function isForOneKindOfPlace(statement: ParsedStatement): boolean {
  return (
    refusedInTransaction(statement) !== undefined ||
    refusedOutsideTransaction(statement, 'nothing') !== undefined
  )
}

/** Whether it reads rows for the sake of what a query or code says, not to hold them against a constraint. */
export function runsQuery({ kind }: Pick<ParsedStatement, 'kind'>): boolean {
  return queries.has(kind)
}

const queries: ReadonlySet<string> = new Set(
  'SelectStmt DoStmt CallStmt ExecuteStmt ExplainStmt CreateTableAsStmt RefreshMatViewStmt DeclareCursorStmt'.split(
    ' ',
  ),
)
