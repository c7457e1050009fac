// confirm: shows what will happen and asks. The only place where an Approval is made.
// Writes nothing; the target is untouched.
import { type Approval, type ApprovalMethod, makeApproval } from '../domain/approval.js'
import type { Backup } from '../domain/backup.js'
import { InterruptedError, NotApprovedError } from '../domain/errors.js'
import type { Findings } from '../domain/finding.js'
import { approvableHash, type Plan, touchesExistingData } from '../domain/plan.js'
import type { Rehearsal } from '../domain/rehearsal.js'
import { formatQuestion } from '../report/question.js'
import type { Settings } from '../settings/settings.js'
import { interruptible, type Tools } from './tools.js'

/** A name can be mistyped; who types another one again and again does not mean this database. */
const mostTypings = 3

/** Asks for approval of this plan, or takes the one given on the command line. */
export async function confirm(
  plan: Plan,
  findings: Findings,
  backup: Backup,
  rehearsal: Rehearsal,
  tools: Tools,
): Promise<Approval> {
  const { settings, screen, prompter } = tools
  screen.clearProgress()
  const isGiven = settings.yes || settings.confirmHash !== undefined
  const show = !isGiven && prompter.interactive ? prompter.show : screen.print
  show(formatQuestion(plan, findings, backup, rehearsal))
  const method = approvalMethod(plan, tools)
  if (method === undefined && !prompter.interactive) {
    throw new NotApprovedError(
      'no-terminal',
      'nobody can be asked: there is no terminal, and no approval was given',
      {
        hint: `Approve exactly this plan with --confirm ${approvableHash(plan)}, or whatever comes with --yes.`,
      },
    )
  }
  const approvedBy = method ?? (await askPerson(plan, tools))
  if (approvedBy === undefined) {
    throw new NotApprovedError('declined', `the deploy to "${settings.target.database}" was declined`, {
      hint: 'Nothing was changed; run the command again when you are ready.',
    })
  }
  return makeApproval({ planHash: plan.hash, method: approvedBy, at: new Date().toISOString() })
}

/** False where `--confirm` approves another plan than this one. */
export function isConfirmable(plan: Plan, { confirmHash }: Pick<Settings, 'confirmHash'>): boolean {
  return confirmHash === undefined || plan.hash.startsWith(confirmHash)
}

/**
 * Refuses a plan that is not the one that `--confirm` approves.
 * @throws NotApprovedError
 */
export function assertConfirmable(plan: Plan, settings: Pick<Settings, 'confirmHash'>): void {
  if (isConfirmable(plan, settings)) return
  throw new NotApprovedError(
    'plan-changed',
    `--confirm names another plan: the plan is now ${approvableHash(plan)}`,
    { hint: 'Something changed since the plan was reviewed: review the new one, then confirm its hash.' },
  )
}

function approvalMethod(plan: Plan, { settings }: Tools): ApprovalMethod | undefined {
  if (settings.confirmHash === undefined) return settings.yes ? 'yes-option' : undefined
  assertConfirmable(plan, settings)
  return 'plan-hash'
}

async function askPerson(plan: Plan, tools: Tools): Promise<ApprovalMethod | undefined> {
  const { prompter, signal } = tools
  const { database } = plan.target
  const left = {
    message: 'the question was left without an answer; nothing was changed',
    hint: 'Run the command again when you are ready.',
  }
  try {
    // A question on a terminal that is gone may never come back.
    return await interruptible(tools, () => ask(), left)
  } catch (error) {
    throw new InterruptedError('interrupted', left.message, { hint: left.hint, cause: error })
  }

  async function ask(): Promise<ApprovalMethod | undefined> {
    if (!touchesExistingData(plan)) {
      return (await prompter.confirm(`Deploy to ${database}?`, signal)) ? 'typed-yes' : undefined
    }
    const question = 'This drops or rewrites data. Type the name of the database to deploy'
    for (let left = mostTypings; left > 0; left -= 1) {
      const typed = (await prompter.type(question, signal)).trim()
      if (typed === database) return 'typed-database-name'
      if (typed === '') return undefined
      if (left > 1) prompter.show(`"${typed}" is not the name of the database; an empty answer declines`)
    }
    return undefined
  }
}
