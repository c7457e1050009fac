import { relationOf } from '../../sql/names.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import { isTransactionSetting, refusedInTransaction, takesSnapshot } from '../../sql/transaction-rules.js'
import { findFunctions, findRelation } from '../lookup.js'
import type { CatalogModel } from '../model.js'
import { lastName, visitTree } from '../tree.js'
import { Refusal } from './static-failure.js'

/**
 * What the server refuses inside a transaction, before it looks at anything else of the statement.
 * @throws Refusal
 */
export function requireNoTransaction(statement: ParsedStatement): void {
  const command = refusedInTransaction(statement)
  if (command === undefined) return
  throw new Refusal('cannot-run-in-transaction', '25001', `${command} cannot run inside a transaction block`)
}

/**
 * SET TRANSACTION, where it comes too late or changes what cannot be changed any more:
 * https://www.postgresql.org/docs/current/sql-set-transaction.html
 *
 * @param before the statements of the transaction so far, its BEGIN among them
 * @param level the level that a transaction begins with on this server
 * @throws Refusal
 */
export function requireTimelySetting(
  statement: ParsedStatement,
  before: readonly ParsedStatement[],
  level: string,
): void {
  if (!isTransactionSetting(statement)) return
  const { isolation, isReadOnly, isDeferrable } = settingsOf(statement.node)
  const isLate = before.some(takesSnapshot)
  const isInner = before.some(({ kind, node }) => kind === 'TransactionStmt' && node.kind === savepoint)
  const refuse = (message: string) =>
    new Refusal('transaction-setting-late', '25001', message, undefined, isInner && !isLate)
  if (isolation !== undefined && isolation !== levelAfter(before, level)) {
    if (isLate) throw refuse('SET TRANSACTION ISOLATION LEVEL must be called before any query')
    if (isInner) throw refuse('SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction')
  }
  if (isReadOnly === false && isLate && isReadOnlyAfter(before))
    throw refuse('transaction read-write mode must be set before any query')
  if (isDeferrable !== undefined && isLate)
    throw refuse('SET TRANSACTION [NOT] DEFERRABLE must be called before any query')
  if (statement.node.name === 'TRANSACTION SNAPSHOT' && isLate)
    throw refuse('SET TRANSACTION SNAPSHOT must be called before any query')
}

const savepoint = 'TRANS_STMT_SAVEPOINT'

/**
 * What a READ ONLY transaction refuses. What a block or a function does is not looked at: whether it writes is for the
 * rehearsal.
 * @throws Refusal
 */
export function requireWritable(
  { kind, node }: ParsedStatement,
  before: readonly ParsedStatement[],
  catalog: CatalogModel,
): void {
  if (!isReadOnlyAfter(before) || allowedInReadOnly.has(kind)) return
  const refuse = (isWeak = false) =>
    new Refusal(
      'read-only-transaction',
      '25006',
      'the file makes its transaction READ ONLY, in which nothing can be written',
      undefined,
      isWeak,
    )
  if (kind === 'DoStmt' || kind === 'CallStmt') throw refuse(true)
  if (kind === 'SelectStmt') {
    if (node.intoClause || node.lockingClause) throw refuse()
    visitTree(node, (inner, call) => {
      if (inner !== 'FuncCall') return
      const name = lastName(call.funcname)
      if (['nextval', 'setval'].includes(name) || findFunctions(catalog, { name }).length > 0)
        throw refuse(true)
    })
    return
  }
  const isWrite = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(kind)
  if (isWrite && findRelation(catalog, relationOf(node.relation))?.isTemporary) return
  throw refuse()
}

const allowedInReadOnly: ReadonlySet<string> = new Set([
  ...['TransactionStmt', 'VariableSetStmt', 'VariableShowStmt', 'ConstraintsSetStmt', 'DiscardStmt'],
  ...['ListenStmt', 'UnlistenStmt', 'NotifyStmt', 'ExplainStmt', 'LockStmt', 'CheckPointStmt'],
  ...[
    'DeclareCursorStmt',
    'FetchStmt',
    'ClosePortalStmt',
    'PrepareStmt',
    'ExecuteStmt',
    'DeallocateStmt',
    'LoadStmt',
  ],
])

interface TransactionSettings {
  readonly isolation?: string
  readonly isReadOnly?: boolean
  readonly isDeferrable?: boolean
}

/** What SET TRANSACTION, a SET of one of its variables, or the options of BEGIN say. */
function settingsOf(node: Node): TransactionSettings {
  const options: Node[] = node.options ?? (node.name === 'TRANSACTION' ? node.args : undefined) ?? []
  const named = options.map(({ DefElem }): [string, Node | undefined] => [
    DefElem.defname,
    DefElem.arg?.A_Const,
  ])
  const all = node.name?.startsWith('transaction_') ? [[node.name, node.args?.[0]?.A_Const] as const] : named
  const of = (name: string) => all.find(([one]) => one === name)?.[1]
  const isolation = of('transaction_isolation')?.sval?.sval
  const isReadOnly = flagOf(of('transaction_read_only'))
  const isDeferrable = flagOf(of('transaction_deferrable'))
  return {
    ...(isolation === undefined ? {} : { isolation: isolation.toLowerCase() }),
    ...(isReadOnly === undefined ? {} : { isReadOnly }),
    ...(isDeferrable === undefined ? {} : { isDeferrable }),
  }
}

function flagOf(value: Node | undefined): boolean | undefined {
  if (value === undefined) return undefined
  const text = value.sval?.sval?.toLowerCase()
  return text === undefined ? (value.ival?.ival ?? 0) !== 0 : ['on', 'true', 'yes', '1', 't'].includes(text)
}

function isOfTransaction(statement: ParsedStatement): boolean {
  return isTransactionSetting(statement) || (statement.kind === 'TransactionStmt' && statement.node.options)
}

function levelAfter(before: readonly ParsedStatement[], level: string): string {
  return before.filter(isOfTransaction).reduce((now, { node }) => settingsOf(node).isolation ?? now, level)
}

function isReadOnlyAfter(before: readonly ParsedStatement[]): boolean {
  return before.filter(isOfTransaction).reduce((now, { node }) => settingsOf(node).isReadOnly ?? now, false)
}
