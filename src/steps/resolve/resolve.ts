// resolve: does the one right thing with a migration that was started and never finished.
// THE TARGET IS WRITTEN: its migration history, and where a part is missing, that part.
import type { Diagnosis, MigrationStanding, Resolution, UnfinishedMigration } from '../../domain/diagnosis.js'
import { DeployError, InterruptedError, LockedError, NotApprovedError } from '../../domain/errors.js'
import { readTargetIdentity } from '../../postgres/identity.js'
import { formatResolution } from '../../report/diagnosis-text.js'
import { passedOver } from '../run-folder/passed-over.js'
import { diagnose, standingByRun } from '../standing/diagnose.js'
import { interruptible, type Tools, withTarget } from '../tools.js'
import { act } from './act.js'
import { hasKeptBackup } from './back/find-backup.js'
import { decideResolution } from './decide.js'
import { standingByReplay } from './replay.js'

/** How long a session of a killed run has to end. */
const patienceMs = 5_000

/** What was found, and what was done about it. */
export interface Resolved {
  /** Absent when nothing was unfinished. */
  readonly migration?: UnfinishedMigration
  readonly standing?: MigrationStanding
  readonly resolution: Resolution
  readonly done: boolean
  /** Unfinished migrations that are left. */
  readonly left: readonly string[]
}

/**
 * Finds out what of the oldest unfinished migration is in the database, and what is to be done with it.
 * @throws LockedError while a deploy is still at work
 */
export async function findResolution(tools: Tools): Promise<Resolved> {
  const diagnosis = await interruptible(tools, () => diagnose(tools, { patienceMs }))
  for (const line of passedOver(diagnosis.unreadable ?? [])) tools.screen.print(line)
  assertNobodyAtWork(diagnosis)
  const [migration, ...others] = diagnosis.unfinished
  if (migration === undefined) return { resolution: { kind: 'nothing' }, done: false, left: [] }
  const byRun = await standingByRun(migration, diagnosis, tools)
  const standing =
    byRun && !byRun.isOpen
      ? byRun
      : await interruptible(tools, () => standingByReplay(migration, byRun, tools))
  const resolution = decideResolution(standing)
  return { migration, standing, resolution, done: false, left: others.map(({ name }) => name) }
}

/** @throws LockedError while a deploy is still at work on the target */
export async function assertNothingAtWork(tools: Tools): Promise<void> {
  assertNobodyAtWork(await interruptible(tools, () => diagnose(tools, { patienceMs })))
}

/** What is unfinished may only be what somebody has not finished yet. */
function assertNobodyAtWork({ prismaLock, run }: Diagnosis): void {
  if (prismaLock !== undefined) {
    throw new LockedError('prisma-locked', `Prisma's migration lock is held by ${prismaLock}`, {
      hint: 'Wait for that deploy to end, then run the command again.',
    })
  }
  if (run?.atWork) {
    throw new LockedError('still-at-work', `a session of run ${run.runId} is still at work on the server`, {
      hint: 'Wait for it to end, then run the command again.',
    })
  }
}

/**
 * Shows what was found, asks, does it, and looks again; a dry run only shows it.
 * @throws DeployError `cannot-tell` when the evidence does not tell what is there, `not-resolved` when the attempt failed
 * @throws NotApprovedError when nobody said yes
 */
export async function resolveFound(
  found: Resolved,
  onChange: () => Promise<void>,
  tools: Tools,
): Promise<Resolved> {
  const { migration, standing, resolution } = found
  if (migration === undefined || standing === undefined) return found
  show(formatResolution(migration, standing, resolution), tools)
  if (resolution.kind === 'refuse') throw cannotTell(migration, resolution.why, await wayBack(tools))
  if (tools.settings.dryRun) return found
  await assertApproved(migration, tools)
  await onChange()
  await act(migration, resolution, tools)
  const after = await diagnose(tools, { patienceMs })
  if (after.unfinished.some(({ rowId }) => rowId === migration.rowId)) {
    throw new DeployError(
      'not-resolved',
      `"${migration.name}" is still unfinished in the migration history`,
      {
        databaseUnchanged: false,
        hint: 'Run the command again: it looks anew what is in the database.',
      },
    )
  }
  return { ...found, done: true, left: after.unfinished.map(({ name }) => name) }
}

function show(text: string, { settings, prompter, screen }: Tools): void {
  screen.clearProgress()
  if (!settings.yes && prompter.interactive) prompter.show(text)
  else for (const line of text.split('\n')) screen.print(line)
}

/** The last resort, where nothing else can be told. */
async function wayBack(tools: Tools): Promise<string> {
  const { settings, prompter } = tools
  const hasBackup = await withTarget(tools, async (client) =>
    hasKeptBackup(await readTargetIdentity(client, settings.target), settings.backupsPath),
  )
  return hasBackup
    ? `Or go back to the backup of the last deploy: npx migrate-guard resolve --back${prompter.interactive ? '' : ' --yes'}`
    : 'Or restore a backup of your own into a new database with pg_restore; no run of migrate-guard has made one'
}

function cannotTell({ name }: UnfinishedMigration, why: string, back: string): DeployError {
  return new DeployError('cannot-tell', `what of "${name}" is in the database cannot be told: ${why}`, {
    databaseUnchanged: false,
    hint: `Look at the objects named above. Make the rest of the migration by hand and run npx prisma migrate resolve --applied "${name}", or take back what is there and run npx prisma migrate resolve --rolled-back "${name}". ${back}.`,
  })
}

async function assertApproved({ name }: UnfinishedMigration, tools: Tools): Promise<void> {
  const { settings, prompter, signal } = tools
  if (settings.yes) return
  if (!prompter.interactive) {
    throw new NotApprovedError(
      'no-terminal',
      'nobody can be asked: there is no terminal, and no approval was given',
      {
        hint: 'Approve what is shown above: npx migrate-guard resolve --yes.',
      },
    )
  }
  const left = {
    message: 'the question was left without an answer; nothing was changed',
    hint: 'Run the command again when you are ready.',
  }
  const answer = await interruptible(
    tools,
    () => prompter.type(`Type yes to do this to ${settings.target.database}`, signal),
    left,
  ).catch((cause) => {
    throw new InterruptedError('interrupted', left.message, { hint: left.hint, cause })
  })
  if (answer.trim().toLowerCase() === 'yes') return
  throw new NotApprovedError('declined', `the resolution of "${name}" was declined`, {
    hint: 'Nothing was changed; run the command again when you are ready.',
  })
}
