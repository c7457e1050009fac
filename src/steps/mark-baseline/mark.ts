// THE TARGET IS WRITTEN: rows are added to its migration history, and nothing else.
import { DeployError, InterruptedError, NotApprovedError } from '../../domain/errors.js'
import type { MarkedBaseline } from '../../domain/marked-baseline.js'
import { approvableHash, type Plan } from '../../domain/plan.js'
import type { DeployLock } from '../../postgres/deploy-lock.js'
import { readHistory } from '../../prisma/history.js'
import { markAllApplied } from '../../prisma/mark-applied.js'
import { matchesChecksum } from '../../prisma/migrations-folder.js'
import { formatBaseline } from '../../report/baseline-text.js'
import { applicationName, interruptible, type Tools, withTargetThroughout } from '../tools.js'
import type { ChosenBaseline } from './choose.js'

const statementTimeoutMs = 30_000

/**
 * Shows what would be marked and asks, or takes the approval that was given.
 * @throws NotApprovedError when nobody said yes to exactly this
 */
export async function approveBaseline(
  plan: Plan,
  baseline: MarkedBaseline,
  tools: Tools,
): Promise<NonNullable<MarkedBaseline['approvedBy']>> {
  const { settings, prompter, screen, signal } = tools
  screen.clearProgress()
  const isGiven = settings.yes || settings.confirmHash !== undefined
  const show = !isGiven && prompter.interactive ? prompter.show : screen.print
  show(formatBaseline(plan, baseline))
  if (settings.yes) return 'yes-option'
  if (settings.confirmHash !== undefined) {
    if (baseline.hash.startsWith(settings.confirmHash)) return 'plan-hash'
    throw new NotApprovedError(
      'plan-changed',
      `--confirm names another baseline: it is now ${approvableHash(baseline)}`,
      { hint: 'Something changed since it was reviewed: review it again, then confirm its hash.' },
    )
  }
  if (!prompter.interactive) {
    throw new NotApprovedError(
      'no-terminal',
      'nobody can be asked: there is no terminal, and no approval was given',
      {
        hint: `Approve exactly this with --confirm ${approvableHash(baseline)}, or whatever comes with --yes.`,
      },
    )
  }
  const left = {
    message: 'the question was left without an answer; nothing was changed',
    hint: 'Run the command again when you are ready.',
  }
  const question = `Type yes to mark them in the history of ${settings.target.database}`
  const answer = await interruptible(tools, () => prompter.type(question, signal), left).catch((cause) => {
    throw new InterruptedError('interrupted', left.message, { hint: left.hint, cause })
  })
  if (answer.trim().toLowerCase() === 'yes') return 'typed-yes'
  throw new NotApprovedError('declined', 'the baseline was declined', {
    hint: 'Nothing was changed; run the command again when you are ready.',
  })
}

/**
 * Marks all of them, or none, and looks whether their rows are there, with the checksums of the files.
 * @param onUnchanged called when the history was seen to be as before
 * @throws DeployError `not-marked`
 */
export async function markBaseline(
  { toMark, baseline }: ChosenBaseline,
  lock: DeployLock,
  onUnchanged: () => void,
  tools: Tools,
): Promise<MarkedBaseline> {
  const { settings, project, screen, signal } = tools
  screen.progress('marking the migrations as applied')
  const session = {
    applicationName: applicationName(tools, 'baseline'),
    parameters: { statement_timeout: String(statementTimeoutMs) },
  }
  const marking = { folders: toMark, migrationsPath: project.migrationsPath, deployLockPid: lock.pid, signal }
  let problem: Error | undefined
  try {
    await markAllApplied(settings.target, session, marking)
  } catch (error) {
    problem = error as Error
  } finally {
    screen.clearProgress()
  }
  const missing = await findMissing(toMark, tools)
  if (missing.length === 0) return { ...baseline, marked: true }
  if (missing.length === toMark.length) onUnchanged()
  if (problem instanceof DeployError) throw problem
  throw new DeployError(
    'not-marked',
    `no migration was marked: ${problem?.message.trim() ?? 'their rows are not there'}`,
    {
      databaseUnchanged: missing.length === toMark.length,
      hint: 'Correct the cause, then run the command again: it looks anew what is there.',
      ...(problem ? { cause: problem } : {}),
    },
  )
}

async function findMissing(
  toMark: ChosenBaseline['toMark'],
  tools: Tools,
): Promise<ChosenBaseline['toMark']> {
  const history = await withTargetThroughout(tools, (client) =>
    readHistory(client, tools.settings.target.schema),
  )
  return toMark.filter(
    (folder) =>
      !history.some(
        ({ migrationName, checksum, finishedAt, rolledBackAt }) =>
          migrationName === folder.name &&
          finishedAt !== null &&
          rolledBackAt === null &&
          matchesChecksum(folder, checksum),
      ),
  )
}
