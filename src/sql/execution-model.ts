import type { ExecutionModel } from '../domain/migration.js'
import { codeIn } from './constants.js'
import { firstUseOfAddedEnumValue } from './enum-values.js'
import type { Node, ParsedStatement } from './parser.js'

/**
 * Decides whether all statements of a file may run in one transaction. A file that cannot is run statement by
 * statement, as written.
 */
export function executionModelOf(statements: readonly ParsedStatement[]): ExecutionModel {
  const inner = wrappedStatements(statements) ?? statements
  for (const statement of inner) {
    const reason = reasonAgainstTransaction(statement)
    if (reason) return { mode: 'statement-by-statement', reason: `line ${statement.line}: ${reason}` }
  }
  const call = callThatCommits(inner)
  if (call)
    return {
      mode: 'statement-by-statement',
      reason: `line ${call.line}: the procedure that it calls may commit`,
    }
  const enumUse = firstUseOfAddedEnumValue(inner)
  if (enumUse) return { mode: 'statement-by-statement', reason: enumUse }
  return { mode: 'all-or-nothing' }
}

/**
 * The statements between BEGIN and COMMIT when the whole file is one plain transaction block written by hand:
 * that is all-or-nothing already. Undefined for any other file.
 */
export function wrappedStatements(
  statements: readonly ParsedStatement[],
): readonly ParsedStatement[] | undefined {
  const first = statements[0]
  const last = statements.at(-1)
  if (first === undefined || last === undefined || first === last) return undefined
  const begins =
    ['TRANS_STMT_BEGIN', 'TRANS_STMT_START'].includes(transactionKind(first) ?? '') && !first.node.options
  const ends = transactionKind(last) === 'TRANS_STMT_COMMIT' && !last.node.chain
  return begins && ends ? statements.slice(1, -1) : undefined
}

/**
 * The statement that begins a transaction which the file never ends. What runs after it would be rolled back with the
 * session, although every statement succeeded.
 */
export function openTransaction(statements: readonly ParsedStatement[]): ParsedStatement | undefined {
  let open: ParsedStatement | undefined
  for (const statement of statements) {
    const kind = transactionKind(statement)
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') open ??= statement
    else if (endingKinds.includes(kind ?? '')) open = statement.node.chain ? statement : undefined
  }
  return open
}

const endingKinds = ['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK', 'TRANS_STMT_PREPARE']

function transactionKind(statement: ParsedStatement): string | undefined {
  return statement.kind === 'TransactionStmt' ? (statement.node.kind as string) : undefined
}

const savepointKinds = ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO']

/** Commands that Postgres refuses in a transaction block (SQLSTATE 25001), or that control transactions themselves. */
function reasonAgainstTransaction({ kind, node }: ParsedStatement): string | undefined {
  switch (kind) {
    case 'TransactionStmt':
      return savepointKinds.includes(node.kind) ? undefined : 'the file controls its transactions itself'
    case 'VariableSetStmt':
      return node.name === 'TRANSACTION' ? 'SET TRANSACTION must come first in its transaction' : undefined
    case 'IndexStmt':
      return node.concurrent ? 'CREATE INDEX CONCURRENTLY cannot run in a transaction' : undefined
    case 'DropStmt':
      return node.concurrent ? 'DROP INDEX CONCURRENTLY cannot run in a transaction' : undefined
    case 'ReindexStmt':
      return reindexReason(node)
    case 'AlterTableStmt':
      return detachesConcurrently(node)
        ? 'DETACH PARTITION CONCURRENTLY cannot run in a transaction'
        : undefined
    case 'ClusterStmt':
      return node.relation ? undefined : 'CLUSTER without a table cannot run in a transaction'
    case 'VacuumStmt':
      return node.is_vacuumcmd ? 'VACUUM cannot run in a transaction' : undefined
    case 'DoStmt':
      return commits(node) ? 'a block that commits cannot run in a transaction' : undefined
    case 'DiscardStmt':
      return node.target === 'DISCARD_ALL' ? 'DISCARD ALL cannot run in a transaction' : undefined
    case 'AlterSystemStmt':
      return 'ALTER SYSTEM cannot run in a transaction'
    case 'CreatedbStmt':
    case 'DropdbStmt':
      return 'CREATE and DROP DATABASE cannot run in a transaction'
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
      return 'CREATE and DROP TABLESPACE cannot run in a transaction'
    case 'CreateSubscriptionStmt':
    case 'DropSubscriptionStmt':
      return 'CREATE and DROP SUBSCRIPTION cannot run in a transaction'
    default:
      return undefined
  }
}

function reindexReason(node: Node): string | undefined {
  const concurrently = (node.params ?? []).some((param: Node) => param.DefElem?.defname === 'concurrently')
  if (concurrently) return 'REINDEX CONCURRENTLY cannot run in a transaction'
  const whole = ['REINDEX_OBJECT_SCHEMA', 'REINDEX_OBJECT_SYSTEM', 'REINDEX_OBJECT_DATABASE'].includes(
    node.kind,
  )
  return whole ? 'REINDEX of a whole schema or database cannot run in a transaction' : undefined
}

function detachesConcurrently(node: Node): boolean {
  return (node.cmds ?? []).some((cmd: Node) => cmd.AlterTableCmd?.def?.PartitionCmd?.concurrent)
}

function commits(node: Node): boolean {
  return codeIn(node).some((code) => /\b(commit|rollback)\b/i.test(code))
}

/**
 * What a procedure does is not in the text of its CALL. One that this file makes can be read; a CALL that is alone in
 * its file loses nothing when it runs as written.
 */
function callThatCommits(statements: readonly ParsedStatement[]): ParsedStatement | undefined {
  const nameOf = (parts: Node[] = []) => parts.at(-1)?.String?.sval as string | undefined
  const committing = statements
    .filter(({ kind, node }) => kind === 'CreateFunctionStmt' && node.is_procedure && commits(node))
    .map(({ node }) => nameOf(node.funcname))
  return statements.find(({ kind, node }) => {
    if (kind !== 'CallStmt') return false
    return statements.length === 1 || committing.includes(nameOf(node.funccall?.funcname))
  })
}
