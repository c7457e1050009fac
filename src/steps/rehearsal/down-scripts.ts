import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StatementFailure } from '../../domain/deployment.js'
import type { PendingMigration } from '../../domain/migration.js'
import { effect } from '../../effects/effect.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { beginOf, transactionModeOf, wrappedStatements } from '../../sql/execution-model.js'
import { readFileText } from '../../sql/file-text.js'
import { loadParser, type ParsedStatement, parseStatements } from '../../sql/parser.js'
import { applicationName, type Tools } from '../tools.js'

/** The down.sql beside a migration: what takes it back. */
export interface DownScript {
  readonly migration: PendingMigration
  /** Relative to the project. */
  readonly file: string
  readonly bytes: Uint8Array
}

/** The down.sql files of these migrations, the newest migration first. */
export async function readDownScripts(pending: readonly PendingMigration[]): Promise<DownScript[]> {
  const scripts: DownScript[] = []
  for (const migration of pending.toReversed()) {
    const bytes = await readFile(join(migration.directory, 'down.sql')).catch(ifMissing)
    if (bytes) scripts.push({ migration, file: join(dirname(migration.file), 'down.sql'), bytes })
  }
  return scripts
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/**
 * Runs one on the database of the tools: all or nothing where its statements allow it, else one after the other.
 * @returns where it failed; undefined when all of it ran.
 */
export async function runDownScript(
  { bytes }: DownScript,
  copy: Tools,
): Promise<StatementFailure | undefined> {
  await loadParser()
  const text = readFileText(bytes)
  if ('problem' in text) return text.problem
  const parsed = parseStatements(text.text)
  if ('problem' in parsed) return parsed.problem
  const session = {
    applicationName: applicationName(copy, 'way back'),
    runsUserSql: true,
    parameters: { statement_timeout: '0', lock_timeout: '0' },
  }
  return withConnection(copy.settings.target, session, (client) =>
    effect('rehearsal.down', () => runStatements(parsed.statements, client)),
  )
}

async function runStatements(
  statements: readonly ParsedStatement[],
  client: Client,
): Promise<StatementFailure | undefined> {
  const isOneTransaction = transactionModeOf(statements).mode === 'all-or-nothing'
  const own = isOneTransaction ? (wrappedStatements(statements) ?? statements) : statements
  let at: ParsedStatement | undefined
  try {
    if (isOneTransaction) await client.query(beginOf(statements))
    for (at of own) await client.query(at.sql)
    if (isOneTransaction) await client.query('COMMIT')
    return undefined
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error
    const { code, message } = error as Error & { code?: string }
    return {
      message,
      ...(at === undefined ? {} : { statement: at.index, line: at.line }),
      ...(code === undefined ? {} : { sqlstate: code }),
    }
  }
}
