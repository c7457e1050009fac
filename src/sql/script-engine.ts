import type { EngineName } from '../domain/plan.js'
import type { ParsedStatement } from './parser.js'
import { refusedInTransaction } from './transaction-rules.js'

/**
 * How the statements of a file are handed to the server. `hosted`: in one transaction where they may run in one.
 * `one-query`: Prisma's own engine up to 7.3, all in one query, which is a transaction. `split`: Prisma's own engine from
 * 7.4 on, each by itself: https://github.com/prisma/prisma-engines/pull/5767
 */
export type ScriptEngine = 'hosted' | 'one-query' | 'split'

export function scriptEngineOf(engine: EngineName, prismaVersion: string): ScriptEngine {
  if (engine === 'hosted') return 'hosted'
  const [major = 0, minor = 0] = prismaVersion.split('.').map(Number)
  return major > 7 || (major === 7 && minor >= 4) ? 'split' : 'one-query'
}

/** Whether Prisma's own engine can split a file: it cannot when its parser, which is not Postgres's, stumbles. */
export type Splitting =
  | { readonly canSplit: true }
  | { readonly canSplit: false | 'unknown'; readonly stumblesOver: ParsedStatement }

/** What Prisma itself writes into migrations, and what was seen to be split. */
const readable = new Set([
  ...[
    'CreateStmt',
    'AlterTableStmt',
    'IndexStmt',
    'DropStmt',
    'CreateEnumStmt',
    'AlterEnumStmt',
    'RenameStmt',
  ],
  ...['CreateSchemaStmt', 'CreateExtensionStmt'],
  ...['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'TransactionStmt', 'VariableSetStmt'],
])

/**
 * DROP INDEX CONCURRENTLY is known to be one that the parser does not read; of kinds that Prisma does not write itself it
 * is not known: https://github.com/prisma/prisma-engines/pull/5847
 */
export function splittingOf(statements: readonly ParsedStatement[]): Splitting {
  const unread = statements.find(({ kind, node }) => kind === 'DropStmt' && node.concurrent)
  if (unread) return { canSplit: false, stumblesOver: unread }
  const unsure = statements.find((statement) => {
    const isPlain = statement.kind === 'IndexStmt' || refusedInTransaction(statement) === undefined
    return !(readable.has(statement.kind) && isPlain)
  })
  return unsure ? { canSplit: 'unknown', stumblesOver: unsure } : { canSplit: true }
}
