import { codeIn } from './constants.js'
import type { Node, ParsedStatement } from './parser.js'

type Statement = Pick<ParsedStatement, 'kind' | 'node'>

/**
 * The command as Postgres names it when it refuses to run it in a transaction block (SQLSTATE 25001), whatever the data;
 * undefined for any other: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export function refusedInTransaction({ kind, node }: Statement): string | undefined {
  switch (kind) {
    case 'IndexStmt':
      return node.concurrent ? 'CREATE INDEX CONCURRENTLY' : undefined
    case 'DropStmt':
      return node.concurrent ? 'DROP INDEX CONCURRENTLY' : undefined
    case 'ReindexStmt':
      return reindexCommand(node)
    case 'AlterTableStmt':
      return detachesConcurrently(node) ? 'DETACH PARTITION CONCURRENTLY' : undefined
    case 'ClusterStmt':
      return node.relation ? undefined : 'CLUSTER without a table'
    case 'VacuumStmt':
      return node.is_vacuumcmd ? 'VACUUM' : undefined
    case 'DiscardStmt':
      return node.target === 'DISCARD_ALL' ? 'DISCARD ALL' : undefined
    case 'AlterSystemStmt':
      return 'ALTER SYSTEM'
    case 'CreatedbStmt':
      return 'CREATE DATABASE'
    case 'DropdbStmt':
      return 'DROP DATABASE'
    case 'CreateTableSpaceStmt':
      return 'CREATE TABLESPACE'
    case 'DropTableSpaceStmt':
      return 'DROP TABLESPACE'
    default:
      return undefined
  }
}

function reindexCommand(node: Node): string | undefined {
  const concurrently = (node.params ?? []).some((param: Node) => param.DefElem?.defname === 'concurrently')
  if (concurrently) return 'REINDEX CONCURRENTLY'
  const whole = ['REINDEX_OBJECT_SCHEMA', 'REINDEX_OBJECT_SYSTEM', 'REINDEX_OBJECT_DATABASE'].includes(
    node.kind,
  )
  return whole ? 'REINDEX of a whole schema or database' : undefined
}

function detachesConcurrently(node: Node): boolean {
  return (node.cmds ?? []).some((cmd: Node) => cmd.AlterTableCmd?.def?.PartitionCmd?.concurrent)
}

/** What is around a statement when it runs: a block begun by BEGIN, a query of several statements, or nothing. */
export type TransactionAround = 'block' | 'query' | 'nothing'

/**
 * The command as Postgres names it when it refuses to run it where it stands, because it can only be used in a
 * transaction block (SQLSTATE 25P01). A query of several statements is one to some commands and none to others:
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
export function refusedOutsideTransaction(
  { kind, node }: Statement,
  around: TransactionAround,
): string | undefined {
  if (around === 'block') return undefined
  if (kind === 'TransactionStmt') return blockCommand(node)
  if (around === 'query') return undefined
  if (kind === 'LockStmt') return 'LOCK TABLE'
  const isForOneTransaction = kind === 'DeclareCursorStmt' && !(node.options & cursorWithHold)
  return isForOneTransaction ? 'DECLARE CURSOR without HOLD' : undefined
}

/** CURSOR_OPT_HOLD in src/include/nodes/parsenodes.h */
const cursorWithHold = 0x20

function blockCommand(node: Node): string | undefined {
  switch (node.kind) {
    case 'TRANS_STMT_SAVEPOINT':
      return 'SAVEPOINT'
    case 'TRANS_STMT_RELEASE':
      return 'RELEASE SAVEPOINT'
    case 'TRANS_STMT_ROLLBACK_TO':
      return 'ROLLBACK TO SAVEPOINT'
    case 'TRANS_STMT_COMMIT':
      return node.chain ? 'COMMIT AND CHAIN' : undefined
    case 'TRANS_STMT_ROLLBACK':
      return node.chain ? 'ROLLBACK AND CHAIN' : undefined
    default:
      return undefined
  }
}

/** A setting for the transaction only: without one it is forgotten at once, and the server just warns. */
export function isLocalSetting(statement: Statement): boolean {
  const { kind, node } = statement
  if (kind === 'ConstraintsSetStmt') return true
  return isTransactionSetting(statement) || (kind === 'VariableSetStmt' && node.is_local === true)
}

/** Settings that are those of the present transaction: https://www.postgresql.org/docs/current/sql-set-transaction.html */
const transactionSettings: ReadonlySet<string> = new Set([
  'TRANSACTION',
  'TRANSACTION SNAPSHOT',
  'transaction_isolation',
  'transaction_deferrable',
  'transaction_read_only',
])

/** SET TRANSACTION, in any of its forms. Some must come before the first query of the transaction. */
export function isTransactionSetting({ kind, node }: Statement): boolean {
  return kind === 'VariableSetStmt' && transactionSettings.has(node.name)
}

/** Whether the transaction has characteristics of its own, which hold from its first query on. */
export function setsTransaction(statement: Statement): boolean {
  const { kind, node } = statement
  return isTransactionSetting(statement) || (kind === 'TransactionStmt' && node.options?.length > 0)
}

/**
 * Kinds that run without a snapshot, so that the first query of the transaction is still to come: `PlannedStmtRequiresSnapshot`
 * in src/backend/tcop/pquery.c
 */
const withoutSnapshot: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'LockStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'ConstraintsSetStmt',
  'ListenStmt',
  'NotifyStmt',
  'UnlistenStmt',
])

/** Whether it is a query in the sense in which SET TRANSACTION must come before any. */
export function takesSnapshot({ kind }: Pick<ParsedStatement, 'kind'>): boolean {
  return !withoutSnapshot.has(kind)
}

/** True when the body of a DO block or a procedure has a word in it that would end the transaction. */
export function mayCommit(node: Node): boolean {
  return codeIn(node).some((code) => /\b(commit|rollback)\b/i.test(code))
}
