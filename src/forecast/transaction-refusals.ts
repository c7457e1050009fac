import { relationOf } from '../sql/names.js'
import type { Node, ParsedStatement } from '../sql/parser.js'
import { isTransactionSetting, refusedInTransaction, takesSnapshot } from '../sql/transaction-rules.js'
import { findFunctions, findRelation } from './lookup.js'
import type { CatalogModel } from './model.js'
import { lastName, visitTree } from './tree.js'
import type { Refusal } from './walk.js'

/**
 * What the server refuses for the transaction that the statement runs in, e.g. one that the file makes READ ONLY. A schema twin
 * does not tell it: its transactions have no characteristics.
 * @param before the statements of the transaction so far, its BEGIN among them
 */
export function transactionRefusalOf(
  statement: ParsedStatement,
  before: readonly ParsedStatement[],
  catalog: CatalogModel,
): Refusal | undefined {
  return (
    refusedInAny(statement) ??
    refusedAsLate(statement, before, catalog) ??
    refusedAsReadOnly(statement, before, catalog)
  )
}

/** Before it looks at anything else of the statement. */
function refusedInAny(statement: ParsedStatement): Refusal | undefined {
  const command = refusedInTransaction(statement)
  if (command === undefined) return undefined
  const message = `${command} cannot run inside a transaction block`
  return { code: 'cannot-run-in-transaction', sqlstate: '25001', message, isCertain: true }
}

/**
 * SET TRANSACTION, where it comes too late or changes what cannot be changed any more:
 * https://www.postgresql.org/docs/current/sql-set-transaction.html
 */
function refusedAsLate(
  statement: ParsedStatement,
  before: readonly ParsedStatement[],
  { defaultIsolation = 'read committed' }: CatalogModel,
): Refusal | undefined {
  if (!isTransactionSetting(statement)) return undefined
  const { isolation, isReadOnly, isDeferrable } = settingsOf(statement.node)
  const isLate = before.some(takesSnapshot)
  const isInner = before.some(({ kind, node }) => kind === 'TransactionStmt' && node.kind === savepoint)
  const refuse = (message: string): Refusal => ({
    code: 'transaction-setting-late',
    sqlstate: '25001',
    message,
    isCertain: isLate || !isInner,
  })
  if (isolation !== undefined && isolation !== levelAfter(before, defaultIsolation)) {
    if (isLate) return refuse('SET TRANSACTION ISOLATION LEVEL must be called before any query')
    if (isInner) return refuse('SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction')
  }
  if (isReadOnly === false && isLate && isReadOnlyAfter(before))
    return refuse('transaction read-write mode must be set before any query')
  if (isDeferrable !== undefined && isLate)
    return refuse('SET TRANSACTION [NOT] DEFERRABLE must be called before any query')
  if (statement.node.name === 'TRANSACTION SNAPSHOT' && isLate)
    return refuse('SET TRANSACTION SNAPSHOT must be called before any query')
  return undefined
}

const savepoint = 'TRANS_STMT_SAVEPOINT'

/**
 * What a READ ONLY transaction refuses. What a block or a function does is not looked at: whether it writes is for the
 * rehearsal.
 */
function refusedAsReadOnly(
  { kind, node }: ParsedStatement,
  before: readonly ParsedStatement[],
  catalog: CatalogModel,
): Refusal | undefined {
  if (!isReadOnlyAfter(before) || allowedInReadOnly.has(kind)) return undefined
  const refuse = (isCertain: boolean): Refusal => ({
    code: 'read-only-transaction',
    sqlstate: '25006',
    message: 'the file makes its transaction READ ONLY, in which nothing can be written',
    isCertain,
  })
  if (kind === 'DoStmt' || kind === 'CallStmt') return refuse(false)
  if (kind === 'SelectStmt') {
    if (node.intoClause || node.lockingClause) return refuse(true)
    return mayWrite(node, catalog) ? refuse(false) : undefined
  }
  const isWrite = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(kind)
  if (isWrite && findRelation(catalog, relationOf(node.relation))?.isTemporary) return undefined
  return refuse(true)
}

/** Whether a query calls what takes a number of a sequence, or code of the database. */
function mayWrite(query: Node, catalog: CatalogModel): boolean {
  let may = false
  visitTree(query, (kind, call) => {
    if (kind !== 'FuncCall') return
    const name = lastName(call.funcname)
    may ||= ['nextval', 'setval'].includes(name) || findFunctions(catalog, { name }).length > 0
  })
  return may
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
