// resolve --back: restores the backup that was made before the last deploy into a new database beside the target, proves
// it, and says how to swap the two. The target is only read; the swap is left to a person.
import { BackupError, InterruptedError, NotApprovedError } from '../../../domain/errors.js'
import { isBlocking } from '../../../domain/finding.js'
import type { RestoredBeside } from '../../../domain/go-back.js'
import { findClientTool } from '../../../postgres/client-tools.js'
import { type Client, withConnection } from '../../../postgres/connection.js'
import type { UnfilledViews } from '../../../postgres/restore-views.js'
import { backSession } from '../../../postgres/restored-database/back-session.js'
import {
  type DatabaseBeside,
  sweepUnfinished,
  withDatabaseBeside,
} from '../../../postgres/restored-database/make.js'
import { copyOwnProperties, markFinished } from '../../../postgres/restored-database/own-properties.js'
import { restoreForUse } from '../../../postgres/restored-database/restore-for-use.js'
import { formatGoBackPlan } from '../../../report/go-back-text.js'
import { applyAcceptances } from '../../accept.js'
import { fingerprintDatabase, readCatalogFile } from '../../fingerprint.js'
import { compareRestored } from '../../rehearsal/compare-restored.js'
import { restoreRequestOf } from '../../restore-request.js'
import { interruptible, type Tools, withTarget } from '../../tools.js'
import { makeNextSteps } from './next-steps.js'
import type { GoBack } from './plan-back.js'

const stopped = {
  message:
    'the run was stopped; the database it was restoring the backup into is removed, and the target was only read',
  hint: 'Run the command again when you are ready.',
}

/** Shows what going back means, and asks; a dry run only shows it. Gives false for a dry run. */
export async function approveGoBack({ plan }: GoBack, tools: Tools): Promise<boolean> {
  const { settings, prompter, screen } = tools
  screen.clearProgress()
  const text = formatGoBackPlan(plan)
  if (!settings.yes && !settings.dryRun && prompter.interactive) prompter.show(text)
  else for (const line of text.split('\n')) screen.print(line)
  if (settings.dryRun) return false
  await assertApproved(tools)
  return true
}

/**
 * Restores the backup beside the target, proves it, and gives the new database what belongs to the database itself. On any
 * failure the new database is removed.
 * @throws BackupError when it does not restore, or does not come back as it was
 * @throws InterruptedError
 */
export async function goBack(found: GoBack, tools: Tools): Promise<RestoredBeside> {
  const { plan, targetIdentity, server } = found
  const { runId, screen, settings } = tools
  const swept = await sweepUnfinished({ server, targetIdentity, runId })
  if (swept.length > 0) screen.print(`removed what an earlier run left half restored: ${swept.join(', ')}`)
  screen.progress(`making the database "${plan.restoredName}"`)
  const restoring = withTarget(tools, (targetClient) =>
    withDatabaseBeside(
      {
        server,
        target: settings.target,
        targetIdentity,
        targetClient,
        name: plan.restoredName,
        runId,
        onLeft: (reason) =>
          screen.print(
            `"${plan.restoredName}" is not complete and could not be removed (${reason}); the next resolve --back removes it`,
          ),
      },
      // Once cancelled, the work is left where it is, and the database goes.
      (database) => interruptible(tools, () => fill(database, found, targetClient, tools), stopped),
    ),
  )
  // Once cancelled, the connection to the target is cut, and the one who lost it says so in words of his own.
  return restoring.catch((error: unknown) => interruptible(tools, () => Promise.reject(error), stopped))
}

async function fill(
  database: DatabaseBeside,
  found: GoBack,
  targetClient: Client,
  tools: Tools,
): Promise<RestoredBeside> {
  const { plan, backup, restorable, server } = found
  const { runId, screen } = tools
  const tool = await findClientTool('pg_restore', Number.parseInt(backup.manifest.pgDumpVersion, 10))
  const { durationMs, unfilled } = await restoreForUse({
    ...restoreRequestOf(backup, tools),
    tool,
    database: { ownerAddress: database.address, restorable },
  })
  const accepted = await prove(database, found, unfilled, tools)
  screen.progress('copying what belongs to the database itself')
  const { copied, refused } = await withConnection(database.address, backSession(runId), async (client) => {
    const properties = await copyOwnProperties(targetClient, client, database.name)
    await markFinished(targetClient, client, database.name)
    return properties
  })
  const { tables } = backup.manifest.fingerprint
  return {
    database: database.name,
    restoreMs: durationMs,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    accepted,
    copied,
    next: makeNextSteps(plan, refused, server),
  }
}

/** Holds the restored database against the snapshot, as a rehearsal does. Gives what differs and was accepted. */
async function prove(
  database: DatabaseBeside,
  { backup }: GoBack,
  unfilled: UnfilledViews,
  tools: Tools,
): Promise<string[]> {
  const { screen, settings, runId } = tools
  screen.progress('comparing the new database with the snapshot')
  const session = { ...backSession(runId), readOnly: true }
  const restored = await withConnection(database.address, session, (one) =>
    withConnection(database.address, session, (other) => fingerprintDatabase([one, other], screen)),
  )
  const { fingerprint, sequencesAfter } = backup.manifest
  const catalog = await readCatalogFile(backup.folder, 'catalog.json')
  const findings = applyAcceptances(
    compareRestored({ fingerprint, catalog, sequencesAfter }, restored, unfilled),
    settings.accept.filter(({ code }) => code === 'backup-differs'),
    'rehearse',
  )
  const blocking = findings.filter(isBlocking)
  for (const { message } of blocking) screen.print(`  - ${message}`)
  if (blocking.length === 0)
    return findings.filter(({ accepted }) => accepted !== undefined).map(({ message }) => message)
  throw new BackupError(
    'backup-not-exact',
    `the backup does not come back as it was: ${blocking.length} found; the new database is removed`,
    {
      hint: 'Look at each one above; fix it, or accept it by name: --accept backup-differs:<object>="reason".',
    },
  )
}

async function assertApproved({ settings, prompter, signal }: Tools): Promise<void> {
  const { database } = settings.target
  if (settings.yes) return
  if (!prompter.interactive) {
    throw new NotApprovedError(
      'no-terminal',
      'nobody can be asked: there is no terminal, and no approval was given',
      { hint: 'Approve what is shown above: npx migrate-guard resolve --back --yes.' },
    )
  }
  const left = {
    message: 'the question was left without an answer; nothing was changed',
    hint: 'Run the command again when you are ready.',
  }
  const question = 'Type the name of the database to restore its backup beside it'
  const answer = await interruptible({ signal }, () => prompter.type(question, signal), left).catch(
    (cause) => {
      throw new InterruptedError('interrupted', left.message, { hint: left.hint, cause })
    },
  )
  if (answer.trim() === database) return
  throw new NotApprovedError('declined', `going back to the backup of "${database}" was declined`, {
    hint: 'Nothing was changed; run the command again when you are ready.',
  })
}
