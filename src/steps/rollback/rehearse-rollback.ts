// rehearse: the backup is restored into a database of our own, and the way back runs there. The target is only read.

import type { ProvenBackup } from '../../domain/backup.js'
import type { CatalogDifference } from '../../domain/catalog-object.js'
import { BackupError, RehearsalError } from '../../domain/errors.js'
import { type Finding, isBlocking } from '../../domain/finding.js'
import { readCatalog } from '../../postgres/catalog.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { withConnection } from '../../postgres/connection.js'
import { withRehearsalDatabase } from '../../postgres/rehearsal-database/open.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { withCopy } from '../rehearsal/copy.js'
import { restoreBackup } from '../rehearsal/restore-backup.js'
import { applicationName, interruptible, type Tools, withTarget } from '../tools.js'
import { otherWays, wayOf } from './catalog-way.js'
import type { ChosenRollback } from './choose.js'
import { expectedWay } from './expected-way.js'

/** What the way back showed on the copy. */
export interface RehearsedRollback {
  /** What it did to the catalog there; it must do the same on the target. */
  readonly way: readonly CatalogDifference[]
  readonly durationMs: number
  /** Where it does not lead to what the other migrations make. */
  readonly findings: readonly Finding[]
}

/**
 * @throws BackupError where the backup does not restore, or not exactly
 * @throws RehearsalError `rehearsal-failed` where the way back fails on the copy
 */
export async function rehearseRollback(
  chosen: ChosenRollback,
  backup: ProvenBackup,
  tools: Tools,
): Promise<RehearsedRollback> {
  const { settings, runId, signal, screen } = tools
  const rehearsed = withTarget(tools, async (targetClient) =>
    withRehearsalDatabase(
      {
        ...settings.rehearsal,
        target: settings.target,
        targetIdentity: chosen.plan.target,
        targetClient,
        runId,
        signal,
        onProgress: screen.progress,
      },
      (database) => interruptible(tools, () => rehearseOn(database, chosen, backup, tools)),
    ),
  )
  return rehearsed.catch((error: unknown) => interruptible(tools, () => Promise.reject(error)))
}

async function rehearseOn(
  database: RehearsalDatabase,
  chosen: ChosenRollback,
  backup: ProvenBackup,
  tools: Tools,
): Promise<RehearsedRollback> {
  const restored = await restoreBackup(database, chosen.plan, backup, tools)
  const blocking = restored.findings.filter(isBlocking)
  if (blocking[0]) {
    throw new BackupError(
      'backup-not-exact',
      `the backup does not come back as it was: ${blocking[0].message}`,
      {
        hint: 'Find out what differs before anything is taken back; nothing was changed.',
      },
    )
  }
  const catalogNow = () => withCopy(database, tools, async ([client]) => (await readCatalog(client)).objects)
  const before = await catalogNow()
  tools.screen.progress('rehearsing the way back on the copy')
  const started = performance.now()
  await runOnCopy(database, chosen, tools)
  const durationMs = performance.now() - started
  const way = wayOf(before, await catalogNow())
  tools.screen.progress('comparing with what the other migrations make')
  return { way, durationMs, findings: await compareWithExpected(chosen, way) }
}

async function runOnCopy(
  { address }: RehearsalDatabase,
  { script }: ChosenRollback,
  tools: Tools,
): Promise<void> {
  const session = {
    applicationName: applicationName(tools, 'way back'),
    runsUserSql: true,
    parameters: { statement_timeout: '0' },
  }
  await withConnection(address, session, (client) =>
    runScript(client, script, { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined }),
  ).catch((error: Error) => {
    if (!('severity' in error)) throw error
    throw new RehearsalError('rehearsal-failed', `the way back fails on the copy: ${error.message}`, {
      hint: 'Correct down.sql or the data; the target is untouched.',
      cause: error,
    })
  })
}

async function compareWithExpected(
  chosen: ChosenRollback,
  way: readonly CatalogDifference[],
): Promise<Finding[]> {
  const expected = await expectedWay(chosen)
  if ('whyNot' in expected)
    return [
      differs(`where it leads was not compared with what the other migrations make: ${expected.whyNot}`),
    ]
  const { missing, more } = otherWays(expected.way, way)
  return [
    ...missing.map((one) =>
      differs(`it does not do what the way back must: ${formatCatalogDifference(one)}`, one.name),
    ),
    ...more.map((one) =>
      differs(`it does more than the way back must: ${formatCatalogDifference(one)}`, one.name),
    ),
  ]
}

function differs(message: string, object = 'down.sql'): Finding {
  return {
    code: 'way-back-differs',
    kind: 'failure',
    verdict: 'warn',
    step: 'rehearse',
    object,
    message,
    hint: 'Know that the database is then not what it was before the migration; or correct down.sql.',
  }
}
