import type { Finding } from '../domain/finding.js'
import type { MigrationFolder } from '../domain/migration.js'
import { transactionModeOf, walkFile } from '../sql/execution-model.js'
import type { ParsedStatement } from '../sql/parser.js'
import { type ScriptEngine, splittingOf } from '../sql/script-engine.js'
import {
  isLocalSetting,
  refusedInTransaction,
  refusedOutsideTransaction,
  type TransactionAround,
} from '../sql/transaction-rules.js'

/**
 * What fails, or does nothing, whatever the data, because of the transaction in which the engine runs it or because it
 * runs in none.
 */
export function findExecutionProblems(
  folder: MigrationFolder,
  statements: readonly ParsedStatement[],
  engine: ScriptEngine,
): Finding[] {
  // Our own engine leaves the transaction out where a statement would not run in one, and makes one where it may.
  if (engine === 'hosted' && transactionModeOf(statements).mode === 'all-or-nothing') return []
  if (!statements.some(isParticular)) return []
  const { around } = walkFile(statements, engine)
  return statements.flatMap((statement, at) => {
    const problem = problemOf(statement, around[at] ?? 'nothing', statements, engine)
    if (problem === undefined) return []
    const { name, file } = folder
    return [{ step: 'plan', migration: name, object: name, file, line: statement.line, ...problem }]
  })
}

function isParticular(statement: ParsedStatement): boolean {
  return (
    refusedInTransaction(statement) !== undefined ||
    refusedOutsideTransaction(statement, 'nothing') !== undefined ||
    isLocalSetting(statement)
  )
}

function problemOf(
  statement: ParsedStatement,
  around: TransactionAround,
  statements: readonly ParsedStatement[],
  engine: ScriptEngine,
): Pick<Finding, 'code' | 'kind' | 'verdict' | 'message' | 'hint'> | undefined {
  const inner = refusedInTransaction(statement)
  if (inner && around === 'block') return refusedInBlock(inner)
  if (inner && around === 'query') return refusedInQuery(inner, statements, engine)
  if (inner && engine === 'split' && statements.length > 1) return maybeRefused(inner, statements)
  const outer = refusedOutsideTransaction(statement, around)
  if (outer) return refusedOutside(outer)
  return isLocalSetting(statement) && around === 'nothing' ? localSetting : undefined
}

const refused = { code: 'cannot-run-in-transaction', kind: 'failure', verdict: 'block' } as const

function refusedInBlock(command: string) {
  return {
    ...refused,
    message: `${command} cannot run in a transaction (SQLSTATE 25001), and the file has begun one before it`,
    hint: 'Take it out of the BEGIN … COMMIT, best into a migration of its own.',
  }
}

const ownMigration =
  'Put it into a migration of its own, or deploy with the engine that ships with migrate-guard.'

function refusedInQuery(command: string, statements: readonly ParsedStatement[], engine: ScriptEngine) {
  const splitting = engine === 'split' ? splittingOf(statements) : undefined
  const why =
    splitting?.canSplit === false
      ? `, because its parser cannot read line ${splitting.stumblesOver.line}`
      : ''
  return {
    ...refused,
    message: `${command} cannot run in a transaction (SQLSTATE 25001), and Prisma's own engine sends the file as one query, which is a transaction${why}`,
    hint: ownMigration,
  }
}

/** It goes well when the engine's parser can read the whole file. */
function maybeRefused(command: string, statements: readonly ParsedStatement[]) {
  const splitting = splittingOf(statements)
  if (splitting.canSplit !== 'unknown') return undefined
  return {
    ...refused,
    verdict: 'unknown' as const,
    message: `${command} cannot run in a transaction (SQLSTATE 25001), and Prisma's own engine makes one of the file when its parser cannot read all of it: line ${splitting.stumblesOver.line} may be such`,
    hint: ownMigration,
  }
}

function refusedOutside(command: string) {
  return {
    code: 'only-in-transaction',
    kind: 'failure',
    verdict: 'block',
    message: `${command} can only be used in a transaction block (SQLSTATE 25P01), and there is none around it`,
    hint: 'Write BEGIN before the statements that belong together and COMMIT after them.',
  } as const
}

const localSetting = {
  code: 'local-setting-lost',
  kind: 'failure',
  verdict: 'warn',
  message:
    'SET LOCAL, SET TRANSACTION and SET CONSTRAINTS are for the rest of a transaction, and this statement is in one by itself: it has no effect',
  hint: 'Write BEGIN before it and COMMIT after what it is for, or instead of SET LOCAL a SET that is RESET at the end.',
} as const
