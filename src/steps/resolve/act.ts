import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Resolution, UnfinishedMigration } from '../../domain/diagnosis.js'
import { DeployError } from '../../domain/errors.js'
import { effect } from '../../effects/effect.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { readTargetIdentity } from '../../postgres/identity.js'
import type { EngineEventBody } from '../../prisma/engine-events.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { readMigrationFolders } from '../../prisma/migrations-folder.js'
import { cancelWhenTold } from '../cancel-when-told.js'
import { markInHistory } from '../mark-in-history.js'
import { findBegunRun } from '../standing/begun-run.js'
import { applicationName, type Tools } from '../tools.js'
import { readMigrationFile, restOf } from './migration-file.js'

/**
 * Does what was decided and approved: drops what a failed CONCURRENTLY has left, runs the rest of the file where a part is
 * there, and then marks the migration in the history.
 * @throws DeployError `not-resolved` with the words of the server or of Prisma
 */
export async function act(
  migration: UnfinishedMigration,
  resolution: Resolution,
  tools: Tools,
): Promise<void> {
  if (resolution.kind === 'nothing' || resolution.kind === 'refuse') return
  if (resolution.dropIndexes.length > 0 || resolution.kind === 'run-rest') {
    await withWritingSession(tools, async (client, stopFile) => {
      for (const index of resolution.dropIndexes) {
        tools.screen.progress(`dropping the invalid index ${index}`)
        await effect('resolve.drop-index', () =>
          client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`),
        ).catch((error: Error) => {
          throw notResolved(`the invalid index ${index} cannot be dropped: ${error.message}`, tools)
        })
      }
      if (resolution.kind === 'run-rest') await runRest(migration, resolution.from, stopFile, client, tools)
    })
  }
  await mark(migration.name, resolution.kind === 'mark-rolled-back' ? 'rolled-back' : 'applied', tools)
}

function withWritingSession<T>(
  tools: Tools,
  work: (client: Client, stopFile: string) => Promise<T>,
): Promise<T> {
  const session = {
    applicationName: applicationName(tools, 'resolve'),
    parameters: { statement_timeout: '0' },
  }
  return withConnection(tools.settings.target, session, (client) =>
    cancelWhenTold('resolve', tools, (stopFile) => work(client, stopFile)),
  )
}

async function runRest(
  { name, checksum }: UnfinishedMigration,
  from: number,
  stopFile: string,
  client: Client,
  tools: Tools,
): Promise<void> {
  const { settings, project, screen } = tools
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const file = await readMigrationFile({ migrationName: name, checksum }, folders)
  if ('problem' in file) throw notResolved(file.problem, tools)
  const note = await noteInRun(name, from, client, tools)
  let failure = ''
  await runScript(client, restOf(file, from), {
    lockTimeoutMs: settings.lockTimeoutMs,
    retries: settings.retries,
    stopFile,
    onEvent: (event) => {
      note(event)
      if (event.type === 'statement-started') screen.progress(`line ${event.line}: ${event.summary}`)
      if (event.type === 'retry')
        screen.print(
          `  ${event.sqlstate}: rolled back; trying again in ${(event.waitMs / 1000).toFixed(1)} s`,
        )
      if (event.type === 'statement-failed')
        failure = `${event.line ? `line ${event.line}: ` : ''}${event.message}${event.sqlstate ? ` (${event.sqlstate})` : ''}`
    },
  }).catch((error: Error) => {
    throw notResolved(`the rest of "${name}" failed: ${failure || error.message}`, tools)
  })
}

/**
 * Where the run that began the migration keeps its events; nowhere when it was no run of ours. Of a rest that runs in one
 * transaction only its beginning and its end are noted: what finished in it may still be rolled back.
 */
async function noteInRun(
  migration: string,
  from: number,
  client: Client,
  { settings }: Tools,
): Promise<(event: EngineEventBody) => void> {
  const begun = await findBegunRun(await readTargetIdentity(client, settings.target), settings.backupsPath)
  const path = begun && join(settings.backupsPath, begun.record.runId, 'events.ndjson')
  if (path === undefined || !existsSync(path)) return () => undefined
  const write = (event: EngineEventBody) =>
    appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), migration, ...event })}\n`)
  let inOneTransaction = false
  return (event) => {
    if (event.type === 'migration-started') {
      inOneTransaction = event.mode === 'all-or-nothing'
      if (inOneTransaction) write({ type: 'rest-started' })
    } else if (event.type === 'migration-finished') write(event)
    else if (inOneTransaction && event.type === 'transaction-rolled-back') write({ type: 'rest-rolled-back' })
    else if (!inOneTransaction && 'statement' in event && event.statement !== undefined)
      write({ ...event, statement: event.statement + from - 1 })
  }
}

async function mark(name: string, as: 'applied' | 'rolled-back', tools: Tools): Promise<void> {
  tools.screen.progress(`marking "${name}" as ${as.replace('-', ' ')}`)
  const result = await markInHistory(name, as, 'resolve.prisma', tools)
  if (result.exitCode === 0) return
  const said = (result.stderr || result.stdout).replace(/\s+/g, ' ').trim().slice(-400)
  throw notResolved(
    `"${name}" could not be marked as ${as.replace('-', ' ')}: ${said || `prisma ${result.ending}`}`,
    tools,
  )
}

function notResolved(message: string, { signal }: Tools): DeployError {
  return new DeployError('not-resolved', message, {
    databaseUnchanged: false,
    hint: `${signal.aborted ? 'When you are ready,' : 'Mend the cause, then'} run the command again: it looks anew what is in the database.`,
  })
}
