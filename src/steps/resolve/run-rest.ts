import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { UnfinishedMigration } from '../../domain/diagnosis.js'
import type { Client } from '../../postgres/connection.js'
import { readTargetIdentity } from '../../postgres/identity.js'
import type { EngineEvent, EngineEventBody } from '../../prisma/engine-events.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { readMigrationFolders } from '../../prisma/migrations-folder.js'
import { mayHostGiveWay } from '../giving-way.js'
import { findBegunRun } from '../standing/begun-run.js'
import { applicationName, type Tools, withTarget } from '../tools.js'
import { watchTraffic } from '../watch-traffic.js'
import { readMigrationFile, restOf } from './migration-file.js'
import { notResolved } from './not-resolved.js'

/** Which statements of the migration are run, and how they are stopped. */
export interface Rest {
  readonly migration: UnfinishedMigration
  /** The first of them, 1-based. */
  readonly from: number
  /** There as soon as the run is cancelled. */
  readonly stopFile: string
}

/**
 * Runs a migration file from this statement on as our engine would, and gives way to the application as a deploy does.
 * @throws DeployError `not-resolved` with the words of the server
 */
export async function runRest(
  { migration, from, stopFile }: Rest,
  client: Client,
  tools: Tools,
): Promise<void> {
  const { settings, project, screen, scratchFolder } = tools
  const { name, checksum } = migration
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const file = await readMigrationFile({ migrationName: name, checksum }, folders)
  if ('problem' in file) throw notResolved(file.problem, tools)
  const events: EngineEvent[] = []
  const note = await noteInRun(name, tools)
  let failure = ''
  const onEvent = (body: EngineEventBody) => {
    const event = { at: new Date().toISOString(), migration: name, ...inWholeFile(body, from) }
    events.push(event)
    note(event)
    if (event.type === 'statement-started') screen.progress(`line ${event.line}: ${event.summary}`)
    if (event.type === 'retry')
      screen.print(`  ${event.sqlstate}: rolled back; trying again in ${(event.waitMs / 1000).toFixed(1)} s`)
    if (event.type === 'statement-failed')
      failure = `${event.line ? `line ${event.line}: ` : ''}${event.message}${event.sqlstate ? ` (${event.sqlstate})` : ''}`
  }
  const gaveWayFile = join(scratchFolder, 'gave-way')
  const watch = await watchTraffic(tools, {
    watched: applicationName(tools, 'resolve'),
    gaveWayFile,
    mayGiveWay: async () => mayHostGiveWay(events),
  })
  const { lockTimeoutMs, retries } = settings
  try {
    await runScript(client, restOf(file, from), { lockTimeoutMs, retries, gaveWayFile, stopFile, onEvent })
  } catch (error) {
    throw notResolved(`the rest of "${name}" failed: ${failure || (error as Error).message}`, tools)
  } finally {
    await watch.stop()
  }
}

/** The rest counts its statements from 1. */
function inWholeFile(event: EngineEventBody, from: number): EngineEventBody {
  return 'statement' in event && event.statement !== undefined
    ? { ...event, statement: event.statement + from - 1 }
    : event
}

/**
 * Where the run that began the migration keeps its events; nowhere when it was no run of ours. Of a rest that runs in one
 * transaction only its beginning and its end are noted: what finished in it may still be rolled back.
 */
async function noteInRun(migration: string, tools: Tools): Promise<(event: EngineEvent) => void> {
  const { settings } = tools
  const identity = await withTarget(tools, (client) => readTargetIdentity(client, settings.target))
  const { begun } = await findBegunRun(identity, settings.backupsPath)
  const path = begun && join(settings.backupsPath, begun.record.runId, 'events.ndjson')
  if (path === undefined || !existsSync(path)) return () => undefined
  const write = (event: EngineEvent) => appendFileSync(path, `${JSON.stringify(event)}\n`)
  let inOneTransaction = false
  return (event) => {
    const common = { at: event.at, migration }
    if (event.type === 'migration-started') {
      inOneTransaction = event.mode === 'all-or-nothing'
      if (inOneTransaction) write({ ...common, type: 'rest-started' })
    } else if (event.type === 'migration-finished') write(event)
    else if (inOneTransaction && event.type === 'transaction-rolled-back')
      write({ ...common, type: 'rest-rolled-back' })
    else if (!inOneTransaction && 'statement' in event && event.statement !== undefined) write(event)
  }
}
