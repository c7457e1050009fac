#!/usr/bin/env node
// A schema engine for the Prisma CLI, without a download: PRISMA_SCHEMA_ENGINE_BINARY points to this program. The CLI
// starts it, speaks JSON lines with it over stdin and stdout, and believes it to be Prisma's own binary.
import { readFileSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { loadEffectObserver } from '../../effects/effect.js'
import { isAlive } from '../../effects/private-files.js'
import { singleConnectionPoolConfig, withConnection } from '../../postgres/connection.js'
import { parseDatabaseUrl } from '../../settings/database-url.js'
import type { EngineEventBody } from '../engine-events.js'
import { addressOf, type HostOptions, readHostOptions } from './host-options.js'
import { serveRequests } from './json-rpc.js'
import { makeMigrationAdapter } from './migration-adapter.js'
import { runScript } from './run-script.js'
import { startSchemaEngine, watchPanics } from './wasm-engine.js'

const guardPollMs = 500

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  await loadEffectObserver(process.env)
  const options = readHostOptions(process.env) ?? optionsWithoutGuard(argv)
  const address = addressOf(options)
  const session = {
    applicationName: options.applicationName,
    readOnly: options.readOnly,
    parameters: {
      statement_timeout: String(options.statementTimeoutMs),
      idle_in_transaction_session_timeout: '0',
    },
  }
  if (argv.includes('create-database')) throw new Error('migrate-guard never creates a database')
  if (argv.includes('can-connect-to-database')) {
    await withConnection(address, session, async () => undefined)
    return
  }
  if (options.guardProcessId !== undefined) endWithGuard(options.guardProcessId)

  const log = await openEventLog(options.eventsFile)
  const adapter = makeMigrationAdapter(await singleConnectionPoolConfig(address, session), (client, script) =>
    runScript(client, script, { ...options, onEvent: log.write }),
  )
  const panicText = watchPanics()
  const engine = await startSchemaEngine(
    { datamodels: readDatamodels(argv) },
    adapter.factory,
    log.noteMigration,
  )
  await serveRequests(engine, process.stdin, process.stdout, panicText)
  await adapter.dispose()
}

/** Started by a bare `prisma` command: the target is the one that Prisma names. */
function optionsWithoutGuard(argv: readonly string[]): HostOptions {
  const datasource = argv[argv.indexOf('--datasource') + 1]
  const url = datasource?.startsWith('{') ? (JSON.parse(datasource).url as string) : process.env.DATABASE_URL
  if (!url) throw new Error('no database URL: set DATABASE_URL')
  const { password, ...address } = parseDatabaseUrl(url, 'DATABASE_URL')
  if (password) process.env.PGPASSWORD = password.reveal()
  return {
    address,
    applicationName: 'migrate-guard engine',
    readOnly: false,
    lockTimeoutMs: 0,
    statementTimeoutMs: 0,
    retries: 0,
  }
}

/** The schema files that the CLI names, one `--datamodels` each. */
function readDatamodels(argv: readonly string[]): [string, string][] | undefined {
  const paths = argv.filter((_, i) => argv[i - 1] === '--datamodels' || argv[i - 1] === '--datamodel')
  return paths.length === 0 ? undefined : paths.map((path) => [path, readFileSync(path, 'utf8')])
}

interface EventLog {
  /** The engine says in its own log which migration it is about to apply; it does not tell the adapter. */
  noteMigration(line: string): void
  write(event: EngineEventBody): void
}

async function openEventLog(path: string | undefined): Promise<EventLog> {
  const file = path === undefined ? undefined : await open(path, 'a', 0o600)
  let migration = ''
  return {
    noteMigration: (line) => {
      migration = /"migration_name":"([^"]+)"/.exec(line)?.[1] ?? migration
    },
    // Written at once and in order: the last line is what was going on when the engine died.
    write: (event) => {
      if (file)
        writeSync(file.fd, `${JSON.stringify({ at: new Date().toISOString(), migration, ...event })}\n`)
    },
  }
}

function endWithGuard(processId: number): void {
  setInterval(() => {
    if (!isAlive(processId)) process.exit(1)
  }, guardPollMs).unref()
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${JSON.stringify(asLogLine(error))}\n`)
    process.exit(1)
  },
)

/** The CLI reads the reason of a failure from log lines like those of Prisma's own engine. */
function asLogLine({ message }: Error): object {
  return { level: 'ERROR', target: 'schema_engine', fields: { message, is_panic: false, error_code: '' } }
}
