import type { ExecutionModel } from '../domain/migration.js'
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

function transactionKind(statement: ParsedStatement): string | undefined {
  return statement.kind === 'TransactionStmt' ? (statement.node.kind as string) : undefined
}

const savepointKinds = ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO']

/** Commands that Postgres refuses in a transaction block (SQLSTATE 25001), or that control transactions themselves. */
function reasonAgainstTransaction({ kind, node }: ParsedStatement): string | undefined {
  switch (kind) {
    case 'TransactionStmt':
      return savepointKinds.includes(node.kind) ? undefined : 'the file controls its transactions itself'
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
    case 'CallStmt':
    case 'DoStmt':
      return /\b(commit|rollback)\b/i.test(JSON.stringify(node))
        ? 'a block that commits cannot run in a transaction'
        : undefined
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

/**
 * A value added to an enum cannot be used in the transaction that adds it (SQLSTATE 55P04), unless the enum is made
 * there too: https://www.postgresql.org/docs/current/sql-altertype.html#id-1.9.3.42.7
 */
function firstUseOfAddedEnumValue(statements: readonly ParsedStatement[]): string | undefined {
  const madeHere = new Set<string>()
  const added: { value: string; line: number }[] = []
  for (const { kind, node, sql, line } of statements) {
    const use = added.find(({ value }) => sql.includes(`'${value.replaceAll("'", "''")}'`))
    if (use) return `line ${line} uses the enum value '${use.value}' that line ${use.line} adds`
    if (kind === 'CreateEnumStmt') madeHere.add(typeNameOf(node))
    if (kind === 'AlterEnumStmt' && node.newVal && !node.oldVal && !madeHere.has(typeNameOf(node))) {
      added.push({ value: node.newVal, line })
    }
  }
  return undefined
}

function typeNameOf(node: Node): string {
  return (node.typeName ?? []).map((part: Node) => part.String?.sval).join('.')
}
