import type { LockGroup } from '../../domain/lock-group.js'
import { effect } from '../../effects/effect.js'
import { withServerNames } from '../../forecast/server-names.js'
import { serverStart } from '../../postgres/server-start.js'
import { beginOf, openTransaction, transactionModeOf, wrappedStatements } from '../../sql/execution-model.js'
import { readFileText } from '../../sql/file-text.js'
import { loadParser, type ParsedStatement, parseStatements } from '../../sql/parser.js'
import { type Repeat, repeatsOf } from '../../sql/repeatable.js'
import { summarizeSql } from '../../sql/summary.js'
import { isTransactionSetting, takesSnapshot } from '../../sql/transaction-rules.js'
import { assertNotToldToStop } from '../told-to-stop.js'
import { type AttemptOptions, Attempts, cancelled } from './attempts.js'
import { lockFirst } from './lock-first.js'
import { Observer } from './observe.js'
import type { ScriptClient } from './script-client.js'

export interface ScriptOptions extends AttemptOptions {
  readonly lockTimeoutMs: number
  /** Look at locks, files and sizes between the statements. */
  readonly observes?: boolean
  /** Locks to take together, up front; only for a file that runs in one transaction. */
  readonly lockFirst?: readonly LockGroup[]
  /** Told after each statement, but the last, of a file that runs statement by statement. */
  readonly onStatement?: (statements: number) => Promise<void>
}

/** A text that is not run at all; it looks like the server's own refusal, for Prisma to print it. */
export class RefusedScript extends Error {
  readonly severity = 'ERROR'
  readonly code = '42601'

  constructor(
    message: string,
    readonly line?: number,
  ) {
    super(message)
  }
}

/**
 * Runs one migration file: in one transaction when all its statements may run in one, else statement by statement as
 * written. Always leaves the connection outside a transaction and with its session settings as they were.
 * @throws the server's error, or RefusedScript when the text is not SQL; nothing has run then.
 */
export async function runScript(client: ScriptClient, script: string, options: ScriptOptions): Promise<void> {
  const statements = await readStatements(script).catch((error: RefusedScript) => {
    const { message, line } = error
    options.onEvent({ type: 'statement-failed', ...(line ? { line } : {}), message })
    throw error
  })
  const { mode } = transactionModeOf(statements)
  const started = performance.now()
  options.onEvent({ type: 'migration-started', statements: statements.length, mode })
  let commitMs: number | undefined
  try {
    if (mode === 'all-or-nothing')
      commitMs = await runInTransaction(
        client,
        { begin: beginOf(statements), statements: wrappedStatements(statements) ?? statements },
        options,
      )
    else await runAsWritten(client, statements, options)
  } finally {
    await resetSession(client)
  }
  options.onEvent({
    type: 'migration-finished',
    durationMs: performance.now() - started,
    ...(commitMs === undefined ? {} : { commitMs }),
  })
}

/** A SET in one file must not leak into the next one, nor into Prisma's own queries. RESET ALL leaves the role. */
async function resetSession(client: ScriptClient): Promise<void> {
  const reset = async () => {
    await client.query('RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL')
    await client.restoreSession?.()
  }
  await reset().catch((error) =>
    // A cancel that was meant for the statement before.
    error.code === cancelled ? reset().catch(() => undefined) : undefined,
  )
}

async function readStatements(script: string): Promise<ParsedStatement[]> {
  await loadParser()
  const file = readFileText(Buffer.from(script, 'utf8'))
  if ('problem' in file) throw new RefusedScript(file.problem.message, file.problem.line)
  const parsed = parseStatements(file.text)
  if ('problem' in parsed) throw new RefusedScript(parsed.problem.message, parsed.problem.line)
  const open = openTransaction(parsed.statements)
  if (open) throw new RefusedScript('the file begins a transaction that it does not end', open.line)
  return parsed.statements
}

interface OneTransaction {
  /** The BEGIN, with what the file says of its transaction. */
  readonly begin: string
  /** What stands between it and the COMMIT. */
  readonly statements: readonly ParsedStatement[]
}

/** Gives how long the COMMIT took, in milliseconds. */
async function runInTransaction(
  client: ScriptClient,
  transaction: OneTransaction,
  options: ScriptOptions,
): Promise<number> {
  for (const attempts = new Attempts(options); ; ) {
    try {
      return await tryTransaction(client, transaction, attempts.current, options)
    } catch (error) {
      await attempts.again(error)
    }
  }
}

async function tryTransaction(
  client: ScriptClient,
  { begin, statements }: OneTransaction,
  attempt: number,
  options: ScriptOptions,
): Promise<number> {
  await effect('engine.begin', () => client.query(begin))
  try {
    await setLockTimeout(client, options)
    const firstQuery = firstOwnQuery(statements)
    const observer = options.observes ? new Observer(client) : undefined
    for (const [position, statement] of statements.entries()) {
      if (position === firstQuery) {
        await tellTransactionId(client, attempt, options)
        await observer?.begin()
      }
      await runStatement(client, statement, options, position < firstQuery ? undefined : observer)
      if (resetsLockTimeout(statement)) await setLockTimeout(client, options)
    }
    const started = performance.now()
    try {
      assertNotToldToStop(options.stopFile)
      await effect('engine.commit', () => client.query('COMMIT'))
    } catch (error) {
      options.onEvent({ type: 'statement-failed', ...failureOf(error) })
      throw error
    }
    return performance.now() - started
  } catch (error) {
    // On a connection that is gone there is nothing to roll back from here: the server does it by itself.
    await effect('engine.rollback', () => client.query('ROLLBACK')).then(
      () => options.onEvent({ type: 'transaction-rolled-back' }),
      () => undefined,
    )
    throw error
  }
}

/**
 * Before which statement the first query of our own may stand. SET TRANSACTION must come before any query, also before the
 * one that asks for the transaction's id.
 */
function firstOwnQuery(statements: readonly ParsedStatement[]): number {
  const snapshot = statements.findIndex(takesSnapshot)
  const quiet = snapshot < 0 ? statements : statements.slice(0, snapshot)
  const others = statements.findIndex(({ kind }) => kind !== 'VariableSetStmt')
  return Math.max(others, quiet.findLastIndex(isTransactionSetting) + 1)
}

/** Until the transaction ends, its COMMIT included. */
async function setLockTimeout(client: ScriptClient, { lockTimeoutMs }: ScriptOptions): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
}

/** Back to its default, which is ours here; a value that the file sets is the file's own business. */
function resetsLockTimeout({ kind, node }: ParsedStatement): boolean {
  if (kind !== 'VariableSetStmt') return false
  const isReset = node.kind === 'VAR_RESET' || node.kind === 'VAR_SET_DEFAULT'
  return node.kind === 'VAR_RESET_ALL' || (isReset && node.name === 'lock_timeout')
}

/** A default that a pooler kept from the server is ours to give back when the file asks for it. */
async function restoreDefaults(client: ScriptClient, { kind, node }: ParsedStatement): Promise<void> {
  const isDiscard = kind === 'DiscardStmt' && node.target === 'DISCARD_ALL'
  if (isDiscard || (kind === 'VariableSetStmt' && node.kind === 'VAR_RESET_ALL'))
    await client.restoreSession?.()
  else if (kind === 'VariableSetStmt' && (node.kind === 'VAR_RESET' || node.kind === 'VAR_SET_DEFAULT'))
    await client.restoreSession?.(String(node.name))
}

async function tellTransactionId(
  client: ScriptClient,
  attempt: number,
  { onEvent }: ScriptOptions,
): Promise<void> {
  const question = withServerNames(
    `SELECT pg_catalog.pg_current_xact_id()::text AS id, ${serverStart} AS "serverStart"`,
  )
  const { rows } = await client.query(question)
  const { id, serverStart: startedAt } = rows[0] ?? {}
  onEvent({
    type: 'transaction-started',
    transactionId: String(id),
    serverStart: String(startedAt),
    attempt,
  })
}

async function runAsWritten(
  client: ScriptClient,
  statements: readonly ParsedStatement[],
  options: ScriptOptions,
): Promise<void> {
  const setsItself = statements.some(
    (statement) =>
      statement.node.name === 'lock_timeout' &&
      statement.kind === 'VariableSetStmt' &&
      !resetsLockTimeout(statement),
  )
  const observer = options.observes ? new Observer(client) : undefined
  const repeats = repeatsOf(statements)
  const attempts = new Attempts(options)
  let set: number | undefined
  try {
    await observer?.begin()
    for (let position = 0; position < statements.length; ) {
      const statement = statements[position] as ParsedStatement
      const repeat = repeats[position] as Repeat
      const wanted = waitsWithoutBlocking(statement) ? 0 : options.lockTimeoutMs
      if (!setsItself && wanted !== set) await client.query(`SET lock_timeout = ${wanted}`)
      set = wanted
      try {
        const asked = mayBeAskedAfter(statement) ? observer : undefined
        await runStatement(client, statement, options, asked, 'why' in repeat ? repeat.why : undefined)
        if (resetsLockTimeout(statement)) set = undefined
        if (statement !== statements.at(-1)) await options.onStatement?.(statement.index)
        position += 1
      } catch (error) {
        if ('why' in repeat) throw error
        await rollBackBlock(client, error)
        await attempts.again(error, repeat.from)
        await observer?.observe()
        position = repeat.from - 1
      }
    }
  } finally {
    // A file with its own BEGIN that failed half-way is still inside.
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

/** A block of the file may be open; ROLLBACK outside a transaction only warns. */
async function rollBackBlock(client: ScriptClient, error: unknown): Promise<void> {
  await effect('engine.rollback', () => client.query('ROLLBACK')).catch(() => {
    throw error
  })
}

/**
 * CONCURRENTLY waits for old transactions while nobody waits for it; a lock time-out would only leave an invalid
 * index: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
function waitsWithoutBlocking({ node }: ParsedStatement): boolean {
  return node.concurrent === true
}

/** Between BEGIN and SET TRANSACTION nothing may be asked. */
function mayBeAskedAfter({ kind }: ParsedStatement): boolean {
  return kind !== 'TransactionStmt' && kind !== 'VariableSetStmt'
}

async function runStatement(
  client: ScriptClient,
  statement: ParsedStatement,
  options: ScriptOptions,
  observer: Observer | undefined,
  cannotGiveWay?: string,
): Promise<void> {
  const { index, line } = statement
  assertMayBegin(statement, options)
  options.onEvent({
    type: 'statement-started',
    statement: index,
    line,
    summary: summarizeSql(statement.sql),
    ...(cannotGiveWay === undefined ? {} : { cannotGiveWay }),
  })
  const started = performance.now()
  try {
    await lockFirst(client, options.lockFirst, index, options.onEvent)
    const { rowCount } = await effect('engine.statement', () => client.query(statement.sql))
    await restoreDefaults(client, statement)
    const durationMs = performance.now() - started
    const observed = await observer?.observe()
    options.onEvent({
      type: 'statement-finished',
      statement: index,
      rows: rowCount,
      durationMs,
      ...(observed ? { observed } : {}),
    })
  } catch (error) {
    options.onEvent({ type: 'statement-failed', statement: index, line, ...failureOf(error) })
    throw error
  }
}

/** A failure without the statement's number: it has not begun. */
function assertMayBegin({ line }: ParsedStatement, { stopFile, onEvent }: ScriptOptions): void {
  try {
    assertNotToldToStop(stopFile)
  } catch (error) {
    onEvent({ type: 'statement-failed', line, ...failureOf(error) })
    throw error
  }
}

function failureOf(error: unknown): { sqlstate?: string; message: string } {
  // Only the server's errors have a severity; the code of any other is not a SQLSTATE.
  const { code, severity, message } = error as { code?: string; severity?: string; message: string }
  return { ...(code && severity ? { sqlstate: code } : {}), message }
}
