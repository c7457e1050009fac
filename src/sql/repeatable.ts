import type { ParsedStatement } from './parser.js'
import { refusedInTransaction } from './transaction-rules.js'
import { walkOneByOne } from './transactions.js'

/** What a refusal by the server has undone: everything since statement `from`; or why that is not certain. */
export type Repeat = { readonly from: number } | { readonly why: string }

/**
 * For each statement of a file that runs as written, where to begin again after the server has refused it. A refused
 * statement has left nothing only when it runs wholly in one transaction: https://www.postgresql.org/docs/current/tutorial-transactions.html
 */
export function repeatsOf(statements: readonly ParsedStatement[]): Repeat[] {
  const { transactions } = walkOneByOne(statements)
  return statements.map((statement) => {
    const around = transactions.find(({ first, last }) => first <= statement.index && statement.index <= last)
    const first = statements.find(({ index }) => index === around?.first)
    if (first === undefined) return { why: 'it is outside of any transaction' }
    if (isBegin(first)) return { from: first.index }
    if (around?.first !== around?.last) return { why: 'its transaction was begun by AND CHAIN' }
    const why = reasonAgainstRepeating(statement)
    return why === undefined ? { from: statement.index } : { why }
  })
}

function isBegin({ kind, node }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' && ['TRANS_STMT_BEGIN', 'TRANS_STMT_START'].includes(node.kind)
}

function reasonAgainstRepeating(statement: ParsedStatement): string | undefined {
  const refused = refusedInTransaction(statement)
  if (refused !== undefined) return `${refused} does not run in one transaction`
  if (inOneTransaction.has(statement.kind)) return undefined
  const command = /^\w+/.exec(statement.sql)?.[0].toUpperCase() ?? 'it'
  return `${command} may do its work in several transactions`
}

/** Kinds that commit once, at their end, in all their forms but those that are refused in a transaction block. */
const inOneTransaction = new Set([
  ...[
    'CreateStmt',
    'CreateTableAsStmt',
    'CreateForeignTableStmt',
    'AlterTableStmt',
    'RenameStmt',
    'DropStmt',
  ],
  ...['IndexStmt', 'ViewStmt', 'RefreshMatViewStmt', 'TruncateStmt', 'CreateSeqStmt', 'AlterSeqStmt'],
  ...['CreateEnumStmt', 'AlterEnumStmt', 'CreateDomainStmt', 'AlterDomainStmt', 'CompositeTypeStmt'],
  ...['CreateRangeStmt', 'AlterTypeStmt', 'DefineStmt', 'CreateSchemaStmt', 'CreateExtensionStmt'],
  ...['AlterExtensionStmt', 'AlterExtensionContentsStmt', 'CreateFunctionStmt', 'AlterFunctionStmt'],
  ...['CreateTrigStmt', 'CreateEventTrigStmt', 'AlterEventTrigStmt', 'RuleStmt', 'CreatePolicyStmt'],
  ...['AlterPolicyStmt', 'CreateStatsStmt', 'AlterStatsStmt', 'CommentStmt', 'SecLabelStmt', 'GrantStmt'],
  ...['GrantRoleStmt', 'AlterDefaultPrivilegesStmt', 'AlterOwnerStmt', 'AlterObjectSchemaStmt'],
  ...['AlterObjectDependsStmt', 'CreateCastStmt', 'CreateOpClassStmt', 'CreateOpFamilyStmt'],
  ...['AlterOperatorStmt', 'AlterOpFamilyStmt', 'AlterCollationStmt', 'CreatePublicationStmt'],
  ...['AlterPublicationStmt', 'DropOwnedStmt', 'ReassignOwnedStmt', 'VariableSetStmt'],
  ...['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'],
])
