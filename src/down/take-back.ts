import type { CatalogDifference } from '../domain/catalog-object.js'
import { isOnlyOrder, type Loss } from '../domain/down.js'
import { RehearsalError } from '../domain/errors.js'
import { formatCatalogDifference } from '../postgres/catalog-fingerprint/format.js'
import type { Client } from '../postgres/connection.js'
import { beginOf, transactionModeOf, wrappedStatements } from '../sql/execution-model.js'
import type { ParsedStatement } from '../sql/parser.js'
import { type CatalogState, readState } from './catalog-state.js'
import { findInverse } from './inverse.js'
import { lossesOf } from './losses.js'
import { endCommand } from './settle.js'

/** What takes one statement of a migration back, and what of it nothing takes back. */
export interface TakenBack {
  readonly statement: ParsedStatement
  /** Without semicolons, in the order in which they run. */
  readonly sql: readonly string[]
  readonly losses: readonly Loss[]
}

/** The migration has run, and this takes it back. */
export interface Walked {
  /** In the order of the file. */
  readonly statements: readonly TakenBack[]
  /** The catalog before its first statement. */
  readonly before: CatalogState
  /** The catalog after its last statement. */
  readonly after: CatalogState
}

/**
 * Runs a migration on a database that holds what the migrations before it make, statement by statement, and finds what takes
 * each of them back from the catalog before it and after it.
 * @param name of the migration, for messages
 * @param home the schema whose objects are named without it
 * @throws RehearsalError `migration-fails-on-replay`
 */
export async function walkMigration(
  client: Client,
  { name, statements, home }: { name: string; statements: readonly ParsedStatement[]; home: string },
): Promise<Walked> {
  const { mode } = transactionModeOf(statements)
  const isOne = mode === 'all-or-nothing'
  const own = isOne ? (wrappedStatements(statements) ?? statements) : statements
  const before = await readState(client, home)
  const taken: TakenBack[] = []
  let state = before
  const run = (sql: string, line?: number) =>
    client.query(sql).catch((error: Error) => {
      throw failsOnReplay(name, `${line === undefined ? '' : `line ${line}: `}${error.message}`, error)
    })
  if (isOne) await run(beginOf(statements))
  for (const statement of own) {
    await run(statement.sql, statement.line)
    if (client.getTransactionStatus() === 'T') await endCommand(client, statement.sql)
    if (leavesCatalog.has(statement.kind) || isTransactionEnd(client, statement)) continue
    const next = await readState(client, home)
    taken.push(await takeBack(client, statement, { start: before, before: state, after: next, home, isOne }))
    state = next
  }
  if (isOne) await run('COMMIT')
  return { statements: taken, before, after: await readState(client, home) }
}

interface Surroundings {
  readonly start: CatalogState
  readonly before: CatalogState
  readonly after: CatalogState
  readonly home: string
  readonly isOne: boolean
}

async function takeBack(
  client: Client,
  statement: ParsedStatement,
  { start, before, after, home, isOne }: Surroundings,
): Promise<TakenBack> {
  const isConcurrent = !isOne && statement.node.concurrent === true
  const { statements, left, problems } = await findInverse(client, before, after, { home, isConcurrent })
  const losses = lossesOf(statement, start, before, after)
  const rest = left.filter((one) => !isOnlyOrder(one)).map((one) => lossOfLeft(one, problems[0]))
  return { statement, sql: statements, losses: [...losses, ...rest] }
}

/** What the server lets nobody take back, or nobody here knows how to. */
function lossOfLeft(difference: CatalogDifference, problem: string | undefined): Loss {
  const why = `it leaves ${formatCatalogDifference(difference)}`
  return {
    why: problem === undefined ? why : `${why} (${problem})`,
    remedy: 'write by hand what takes it back',
  }
}

/** Statements after which nobody need look. */
const leavesCatalog: ReadonlySet<string> = new Set([
  'VariableSetStmt',
  'VariableShowStmt',
  'LockStmt',
  'NotifyStmt',
])

function isTransactionEnd(client: Client, { kind }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' || client.getTransactionStatus() === 'E'
}

function failsOnReplay(name: string, why: string, cause: unknown): RehearsalError {
  return new RehearsalError(
    'migration-fails-on-replay',
    `"${name}" does not run on an empty database: ${why}`,
    { hint: 'Correct the file, or what it needs of the server, and run the command again.', cause },
  )
}
