#!/usr/bin/env node
// A schema engine for the Prisma CLI, without a download: PRISMA_SCHEMA_ENGINE_BINARY points to this program. The CLI
// starts it, speaks JSON lines with it over stdin and stdout, and believes it to be Prisma's own binary.
import { readFileSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { TargetAddress } from '../../domain/target.js'
import { effect } from '../../effects/effect.js'
import { isAlive } from '../../effects/private-files.js'
import { withShownValues } from '../../effects/shown-values.js'
import { type Session, singleConnectionPoolConfig, withConnection } from '../../postgres/connection.js'
import { parseDatabaseUrl } from '../../settings/database-url.js'
import type { EngineEventBody } from '../engine-events.js'
import { schemaForEngine } from '../schema-text.js'
import { assertNotToldToStop } from '../told-to-stop.js'
import { openCatalogWatch } from './catalog-watch.js'
import { FailedMigration, failureOf } from './failure.js'
import { addressOf, type HostOptions, readHostOptions } from './host-options.js'
import { RequestServer } from './json-rpc.js'
import { readLockGroups } from './lock-first.js'
import { assertLockedBy } from './locked-by.js'
import { makeMigrationAdapter } from './migration-adapter.js'
import { assertAsPlanned, assertPlannedScript, type NotPlanned, readPlanned } from './planned.js'
import { inWordsOfSeven, scriptInWordsOfSeven, urlInSchema } from './prisma-6.js'
import { runScript } from './run-script.js'
import { type SchemaEngine, startSchemaEngine, watchPanics } from './wasm-engine.js'

const guardPollMs = 500

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const given = readHostOptions(process.env)
  // Prisma by itself puts the URL with its password on our command line.
  if (given === undefined) process.title = 'migrate-guard-engine'
  const asked = ['can-connect-to-database', 'create-database'].some((word) => argv.includes(word))
  if (asked) {
    const options = given ?? optionsWithoutGuard(urlOnCommandLine(argv))
    // Also when asked to create it: then the CLI could not connect, and this tells why.
    await withConnection(addressOf(options), sessionOf(options), async () => undefined)
    return
  }
  if (given?.guardProcessId !== undefined) endWithGuard(given.guardProcessId)
  await withShownValues(given?.showsValues === true, () => serve(argv, given))
}

async function serve(argv: readonly string[], given: HostOptions | undefined): Promise<void> {
  const panicText = watchPanics()
  const datamodels = readDatamodels(argv)
  let opened: Promise<OpenEngine> | undefined
  const open = (params: unknown) => {
    opened ??= openEngine(
      given ?? optionsWithoutGuard(urlOfBareCommand(argv, datamodels, params)),
      datamodels,
    )
    return opened
  }
  // Opened at the first request, so that its answer can tell what went wrong.
  const server = new RequestServer(
    async (method, params) => {
      const { engine, address, failure, refuseUnplanned } = await open(params)
      const call = engine[method === 'getDatabaseVersion' ? 'version' : method]
      if (call === undefined) throw new Error(`the engine has no method "${method}"`)
      if (method === 'applyMigrations') refuseUnplanned(params)
      const accepted = translations[method]?.(params, address) ?? inWordsOfSeven(params, address)
      return call.call(engine, accepted).catch((error) => {
        throw failure() ?? error
      })
    },
    {
      input: process.stdin,
      output: process.stdout,
      panicText,
      // Ending cuts the connection, and the server rolls back: nobody would read the answer.
      onAbandoned: () => process.exit(1),
    },
  )
  const crash = (error: unknown) => {
    server.fail(error)
    process.exit(1)
  }
  // A panic in the engine can surface outside of any call.
  process.once('uncaughtException', crash).once('unhandledRejection', crash)
  await server.serve()
  await (await opened)?.dispose()
}

/** Of the requests that are not translated as most are. */
const translations: Readonly<Record<string, typeof inWordsOfSeven>> = {
  // What introspection gives is written over the user's schema: without the URLs of Prisma 6 it would lose them.
  introspect: (params) => params,
  dbExecute: scriptInWordsOfSeven,
}

interface OpenEngine {
  readonly engine: SchemaEngine
  readonly address: TargetAddress
  /** @throws NotPlanned when Prisma hands over what the guard has not planned */
  refuseUnplanned(params: unknown): void
  /** The migration that failed, if one has. */
  failure(): FailedMigration | undefined
  dispose(): Promise<void>
}

async function openEngine(
  options: HostOptions,
  datamodels: readonly [string, string][],
): Promise<OpenEngine> {
  const address = addressOf(options)
  const log = await openEventLog(options.eventsFile)
  const config = await singleConnectionPoolConfig(address, sessionOf(options))
  let failed: FailedMigration | undefined
  const onEvent = (event: EngineEventBody) => {
    log.write(event)
    // A failure before the last attempt is none.
    failed = event.type === 'statement-failed' ? new FailedMigration(log.migration(), event) : failed
    if (event.type === 'retry' || event.type === 'migration-finished') failed = undefined
  }
  const watch = options.catalogStepsFile
    ? await openCatalogWatch(options.catalogStepsFile, address, options.applicationName)
    : undefined
  const onStatement = async (statements: number) => watch?.look({ migration: log.migration(), statements })
  const { deployLockPid } = options
  const lockGroups = readLockGroups(options.lockFirstFile)
  const planned = readPlanned(options.plannedFile)
  const adapter = makeMigrationAdapter(
    config,
    address.schema,
    async (client, script) => {
      if (planned) refusing(() => assertPlannedScript(log.migration(), script, planned))
      const lockFirst = lockGroups[log.migration()] ?? []
      await runScript(client, script, { ...options, lockFirst, onEvent, ...(watch ? { onStatement } : {}) })
      await watch?.look({ migration: log.migration() })
    },
    {
      ...(deployLockPid === undefined
        ? {}
        : { beforeFirstWrite: (client) => assertLockedBy(client, deployLockPid) }),
      beforeHistoryRow: (rowId) => {
        assertNotToldToStop(options.stopFile)
        log.write({ type: 'history-row', rowId })
      },
    },
  )
  const refusing = (look: () => void) => {
    try {
      look()
    } catch (error) {
      const { migration, message } = error as NotPlanned
      log.write({ type: 'refused', message }, migration)
      throw error
    }
  }
  const accepted = datamodels.map(([path, content]): [string, string] => [path, schemaForEngine(content)])
  const engine = await startSchemaEngine(
    { datamodels: accepted.length === 0 ? undefined : accepted },
    adapter.factory,
    log.noteMigration,
  )
  return {
    engine,
    address,
    failure: () => failed,
    refuseUnplanned: (params) => {
      if (planned) refusing(() => assertAsPlanned(params, planned))
    },
    dispose: async () => {
      await watch?.close()
      await adapter.dispose()
    },
  }
}

function sessionOf(options: HostOptions): Session {
  return {
    applicationName: options.applicationName,
    readOnly: options.readOnly,
    runsUserSql: true,
    parameters: {
      statement_timeout: String(options.statementTimeoutMs),
      idle_in_transaction_session_timeout: '0',
    },
  }
}

/** Started by a bare `prisma` command: the target is the one that Prisma names. */
function optionsWithoutGuard(url: string | undefined): HostOptions {
  if (!url) throw new Error('no database URL: set DATABASE_URL')
  const { password, ...address } = parseDatabaseUrl(url, 'the database URL')
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

/** `--datasource {"url": …}`; a URL alone when Prisma 6 asks whether it can connect. */
function urlOnCommandLine(argv: readonly string[]): string | undefined {
  const datasource = argv.includes('--datasource') ? argv[argv.indexOf('--datasource') + 1] : undefined
  return datasource?.startsWith('{') ? (JSON.parse(datasource).url as string) : datasource
}

/** Prisma 6 names no URL to a running engine: it stands in the schema, here or in the request. */
function urlOfBareCommand(
  argv: readonly string[],
  datamodels: readonly [string, string][],
  params: unknown,
): string | undefined {
  const { from, to } = (params ?? {}) as { from?: DiffSide; to?: DiffSide }
  const sides = [from, to]
  const schemas = [
    ...datamodels.map(([, content]) => content),
    ...sides
      .filter((side) => side?.tag === 'schemaDatasource')
      .flatMap((side) => side?.files?.map(({ content }) => content) ?? []),
  ]
  return (
    urlOnCommandLine(argv) ??
    sides.find((side) => side?.tag === 'url')?.url ??
    urlInSchema(schemas.join('\n'), process.env) ??
    process.env.DATABASE_URL
  )
}

interface DiffSide {
  readonly tag?: string
  readonly url?: string
  readonly files?: readonly { readonly content: string }[]
}

/** The schema files that the CLI names, one `--datamodels` each. */
function readDatamodels(argv: readonly string[]): [string, string][] {
  return argv
    .filter((_, i) => argv[i - 1] === '--datamodels' || argv[i - 1] === '--datamodel')
    .map((path) => [path, readFileSync(path, 'utf8')])
}

interface EventLog {
  /** The engine says in its own log which migration it is about to apply; it does not tell the adapter. */
  noteMigration(line: string): void
  migration(): string
  write(event: EngineEventBody, about?: string): void
}

async function openEventLog(path: string | undefined): Promise<EventLog> {
  const file =
    path === undefined ? undefined : await effect('engine.open-events', () => open(path, 'a', 0o600))
  let migration = ''
  return {
    noteMigration: (line) => {
      migration = migrationNameIn(line) ?? migration
    },
    migration: () => migration,
    // Written at once and in order: the last line is what was going on when the engine died.
    write: (event, about = migration) => {
      const line = { at: new Date().toISOString(), migration: about, ...event }
      if (file) writeSync(file.fd, `${JSON.stringify(line)}\n`)
    },
  }
}

/** A line of the engine's log is JSON, in which a name may stand with escapes. */
function migrationNameIn(line: string): string | undefined {
  const text = /"migration_name":("(?:[^"\\]|\\.)*")/.exec(line)?.[1]
  return text === undefined ? undefined : (JSON.parse(text) as string)
}

function endWithGuard(processId: number): void {
  setInterval(() => {
    if (!isAlive(processId)) process.exit(1)
  }, guardPollMs).unref()
}

/**
 * The CLI reads the reason of a failure from log lines like those of Prisma's own engine, and skips the first one,
 * with which that engine greets.
 */
function logFailure(error: Error): void {
  const { code, message } = failureOf(error)
  const lines = [
    { level: 'INFO', target: 'schema_engine', fields: { message: 'starting' } },
    {
      level: 'ERROR',
      target: 'schema_engine::logger',
      // It passes over an error that has no code.
      fields: { message, is_panic: false, error_code: code ?? 'P1001' },
    },
  ]
  for (const line of lines) process.stderr.write(`${JSON.stringify(line)}\n`)
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    logFailure(error)
    process.exit(1)
  },
)
