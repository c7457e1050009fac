import type { ExecutionModel } from '../domain/migration.js'
import { firstUseOfAddedEnumValue } from './enum-values.js'
import type { Node, ParsedStatement } from './parser.js'
import { type ScriptEngine, splittingOf } from './script-engine.js'
import { mayCommit, refusedInTransaction } from './transaction-rules.js'
import { type TransactionWalk, walkOneByOne, walkOneQuery } from './transactions.js'

/**
 * Says for the engine that will run a file whether it is all or nothing, and if not, which of its statements are
 * committed together.
 */
export function executionModelOf(
  statements: readonly ParsedStatement[],
  engine: ScriptEngine = 'hosted',
): ExecutionModel {
  const { mode, reason = '' } = transactionModeOf(statements)
  if (engine === 'hosted' && mode === 'all-or-nothing') return { mode }
  const { transactions } = walkFile(statements, engine)
  const asWritten = { mode: 'statement-by-statement', transactions } as const
  if (engine === 'hosted') return { ...asWritten, reason }
  // A single statement is in no transaction but its own, so it may be one that refuses any other.
  if (statements.length === 1 && mode === 'statement-by-statement') return { ...asWritten, reason }
  return transactions.length <= 1
    ? { mode: 'all-or-nothing' }
    : { ...asWritten, reason: reasonOf(statements, engine) }
}

/**
 * How the statements fall into transactions when they are sent as the engine sends them. The engine of this package
 * sends them so only when they cannot all run in one.
 */
export function walkFile(statements: readonly ParsedStatement[], engine: ScriptEngine): TransactionWalk {
  return isOneQuery(statements, engine) ? walkOneQuery(statements) : walkOneByOne(statements)
}

function isOneQuery(statements: readonly ParsedStatement[], engine: ScriptEngine): boolean {
  return engine === 'one-query' || (engine === 'split' && splittingOf(statements).canSplit === false)
}

function reasonOf(statements: readonly ParsedStatement[], engine: ScriptEngine): string {
  if (!isOneQuery(statements, engine)) return "Prisma's own engine commits each statement by itself"
  const end = statements.find((statement) => endingKinds.includes(transactionKind(statement) ?? ''))
  return `line ${end?.line ?? 1}: the file controls its transactions itself`
}

/**
 * Decides whether all statements of a file may run in one transaction. A file that cannot is run statement by
 * statement, as written.
 */
export function transactionModeOf(
  statements: readonly ParsedStatement[],
): Pick<ExecutionModel, 'mode' | 'reason'> {
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
 * The statements between BEGIN and COMMIT when the whole file is one transaction block written by hand: that is
 * all-or-nothing already. Undefined for any other file.
 */
export function wrappedStatements(
  statements: readonly ParsedStatement[],
): readonly ParsedStatement[] | undefined {
  const first = statements[0]
  const last = statements.at(-1)
  if (first === undefined || last === undefined || first === last) return undefined
  const begins = ['TRANS_STMT_BEGIN', 'TRANS_STMT_START'].includes(transactionKind(first) ?? '')
  const ends = transactionKind(last) === 'TRANS_STMT_COMMIT' && !last.node.chain
  return begins && ends ? statements.slice(1, -1) : undefined
}

/** What begins the one transaction of a file, as the file has it: its BEGIN may name a level of isolation. */
export function beginOf(statements: readonly ParsedStatement[]): string {
  return (wrappedStatements(statements) && statements[0]?.sql) ?? 'BEGIN'
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

/** What Postgres refuses in a transaction block, or may refuse, and what controls transactions itself. */
function reasonAgainstTransaction(statement: ParsedStatement): string | undefined {
  const refused = refusedInTransaction(statement)
  if (refused) return `${refused} cannot run in a transaction`
  const { kind, node } = statement
  switch (kind) {
    case 'TransactionStmt':
      return savepointKinds.includes(node.kind) ? undefined : 'the file controls its transactions itself'
    case 'DoStmt':
      return mayCommit(node) ? 'a block that commits cannot run in a transaction' : undefined
    // Only when they make or drop a replication slot, which is not always in their text.
    case 'CreateSubscriptionStmt':
    case 'DropSubscriptionStmt':
      return 'CREATE and DROP SUBSCRIPTION cannot run in a transaction'
    default:
      return undefined
  }
}

/**
 * What a procedure does is not in the text of its CALL. One that this file makes can be read; a CALL that is alone in
 * its file loses nothing when it runs as written.
 */
function callThatCommits(statements: readonly ParsedStatement[]): ParsedStatement | undefined {
  const nameOf = (parts: Node[] = []) => parts.at(-1)?.String?.sval as string | undefined
  const committing = statements
    .filter(({ kind, node }) => kind === 'CreateFunctionStmt' && node.is_procedure && mayCommit(node))
    .map(({ node }) => nameOf(node.funcname))
  return statements.find(({ kind, node }) => {
    if (kind !== 'CallStmt') return false
    return statements.length === 1 || committing.includes(nameOf(node.funccall?.funcname))
  })
}
