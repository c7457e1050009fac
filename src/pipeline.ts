import type { Approval } from './domain/approval.js'
import { type Backup, isProven } from './domain/backup.js'
import type { Findings } from './domain/finding.js'
import type { Plan } from './domain/plan.js'
import type { Rehearsal } from './domain/rehearsal.js'
import type { Surroundings } from './domain/surroundings.js'
import { inRun, type RunResult } from './in-run.js'
import { assertStillLocked, type DeployLock } from './postgres/deploy-lock.js'
import { type Snapshot, takeSnapshot } from './postgres/snapshot.js'
import type { Run } from './run.js'
import type { Settings } from './settings/settings.js'
import { assertNothingBlocks } from './steps/accept.js'
import { backup } from './steps/backup.js'
import { takeBaseline } from './steps/baseline.js'
import { type Checked, check } from './steps/check.js'
import { assertConfirmable, confirm, isConfirmable } from './steps/confirm.js'
import { assertStillAsPlanned, deploy } from './steps/deploy.js'
import { assertDeployed } from './steps/deploy-verdict.js'
import { findBaseline } from './steps/earlier-run.js'
import { makePlan, reviewPlan, writePlan } from './steps/plan.js'
import { type Rehearsed, readRehearsed } from './steps/rehearsal/rehearsed-end.js'
import { takeRehearsal } from './steps/rehearsal/rehearsed-run.js'
import { assertRehearsalPossible, assertRehearsed, rehearse } from './steps/rehearse.js'
import { summaries } from './steps/summaries.js'
import { interruptible, readSession, type Tools } from './steps/tools.js'
import { assertHadTurn, takeTurn, untilPrismaIsDone } from './steps/turn.js'
import { assertVerified, type Baseline, verify } from './steps/verify.js'

/**
 * The guarded upgrade: plan → check → backup → rehearse → confirm → deploy → verify → report. With `dryRun`, all of it
 * but confirm, deploy and verify, on connections that the server holds read-only.
 */
export async function runDeploy(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  let waitedMs = 0
  const result = await inRun(settings, surroundings, async (run, tools) => {
    // One deploy at a time; a dry run changes nothing and needs no lock.
    const lock = settings.dryRun ? undefined : await takeTurn(tools)
    waitedMs = lock?.waitedMs ?? 0
    try {
      const planned = await run.step(
        'plan',
        () => interruptible(tools, () => makePlan(tools)),
        summaries.plan,
      )
      await refuseAnotherPlan(planned, run, tools)
      await writePlan(planned, tools)
      await assertRehearsalPossible(planned, tools)
      const { plan, findings, backup } = await look(planned, run, tools)

      // Nothing to do is a good end; what the checks found has been weighed all the same.
      if (plan.pending.length === 0) return

      // On a restored copy, which proves the backup too.
      const { rehearsal, provenBackup } = await rehearseOrSay(plan, findings, backup, run, tools)
      // A dry run ends here.
      if (lock === undefined) return

      // A person, or the hash of a reviewed plan, says yes to exactly this.
      const approval = await run.step(
        'confirm',
        () => confirm(plan, findings, provenBackup, rehearsal, tools),
        summaries.confirm,
      )
      await assertStillLocked(lock)
      const rehearsed = await readRehearsed(rehearsal, findings.lineage ?? [], tools)
      const baseline = await deployApproved(
        plan,
        findings,
        provenBackup,
        rehearsed,
        approval,
        lock,
        run,
        tools,
      )

      await audit(baseline, run, tools, provenBackup)
    } finally {
      await lock?.release()
    }
  })
  return waitedMs > 0 ? { ...result, waitedMs } : result
}

/** A plan that is not the one that was approved is refused before the long work on it. */
async function refuseAnotherPlan(plan: Plan, run: Run, { settings }: Tools): Promise<void> {
  if (settings.dryRun || plan.pending.length === 0 || isConfirmable(plan, settings)) return
  await run.step(
    'confirm',
    async () => assertConfirmable(plan, settings),
    () => ({}),
  )
}

/** The dry run by its own name: everything up to the question, and the target is only read. */
export async function runRehearse(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  return runDeploy({ ...settings, dryRun: true }, surroundings)
}

/** The audit after the fact: `migrate-guard verify`. Opens the target read-only. */
export async function runVerify(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  return inRun(settings, surroundings, async (run, tools) => {
    const plan = await run.step('plan', () => interruptible(tools, () => makePlan(tools)), summaries.plan)
    const baseline = await interruptible(tools, () => findBaseline(plan.target, tools))
    await audit(baseline, run, tools)
  })
}

/**
 * Only the plan: what is pending and how it would run. Needs no data, leaves nothing behind; fails when the plan has a
 * blocker, except for `status`, which only tells.
 */
export async function runPlan(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  return inRun(settings, surroundings, async (run, tools) => {
    const plan = await run.step('plan', () => interruptible(tools, () => reviewPlan(tools)), summaries.plan)
    if (settings.command === 'plan') assertNothingBlocks(plan, settings.failOn)
  })
}

/** Plan and check: does the live data allow it? Opens the target read-only and leaves nothing behind. */
export async function runCheck(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  return inRun(settings, surroundings, async (run, tools) => {
    const plan = await run.step('plan', () => interruptible(tools, () => makePlan(tools)), summaries.plan)
    const snapshot = await takeSnapshot(settings.target, readSession(tools))
    try {
      await checkData(plan, snapshot, run, tools)
    } finally {
      await snapshot.release()
    }
  })
}

/** Checks the data and makes the backup, both of the same instant. */
async function look(planned: Plan, run: Run, tools: Tools): Promise<Checked & { backup: Backup }> {
  const snapshot = await takeSnapshot(tools.settings.target, readSession(tools))
  try {
    const { plan, findings } = await checkData(planned, snapshot, run, tools)
    await writePlan(plan, tools)
    return { plan, findings, backup: await backUp(plan, snapshot, run, tools) }
  } finally {
    await snapshot.release()
  }
}

async function checkData(plan: Plan, snapshot: Snapshot, run: Run, tools: Tools): Promise<Checked> {
  const work = () => interruptible(tools, () => check(plan, snapshot, tools))
  const checked = await run.step('check', work, summaries.checkOfPlan)
  try {
    assertNothingBlocks(checked.findings)
  } catch (error) {
    // What another deploys at this moment looks like a blocker: a row that is not finished, a table that exists already.
    if (!tools.settings.dryRun && tools.settings.command === 'deploy') await untilPrismaIsDone(tools)
    await interruptible(tools, () => assertStillAsPlanned(plan, tools))
    throw error
  }
  return checked
}

async function backUp(plan: Plan, snapshot: Snapshot, run: Run, tools: Tools): Promise<Backup> {
  const skipped: Backup = { outcome: 'skipped' }
  if (plan.pending.length === 0) return skipped
  if (!tools.settings.skipBackup)
    return run.step('backup', () => backup(plan, snapshot, tools), summaries.backup)
  await run.step('backup', async () => skipped, summaries.backup)
  return skipped
}

/** Rehearses, takes an earlier rehearsal of this very plan, or says loudly that there was none. */
async function rehearseOrSay(
  plan: Plan,
  findings: Findings,
  backup: Backup,
  run: Run,
  tools: Tools,
): Promise<{ rehearsal: Rehearsal; provenBackup: Backup }> {
  const { skipRehearsal, rehearsedRunId } = tools.settings
  const work = async (): Promise<Rehearsal> => {
    if (rehearsedRunId !== undefined) return takeRehearsal(rehearsedRunId, plan, tools)
    if (skipRehearsal || !isProven(backup)) return { outcome: 'skipped' }
    return rehearse(plan, findings, backup, tools)
  }
  const rehearsal = await run.step('rehearse', work, (value) => summaries.rehearse(value, backup))
  assertRehearsed(rehearsal)
  return { rehearsal, provenBackup: run.record.backup ?? backup }
}

/** THE TARGET IS WRITTEN here, and in no other step. */
async function deployApproved(
  plan: Plan,
  { lineage = [] }: Findings,
  backup: Backup,
  rehearsed: Rehearsed | undefined,
  approval: Approval,
  lock: DeployLock,
  run: Run,
  tools: Tools,
): Promise<Baseline> {
  const baseline = await interruptible(tools, async () => {
    // In this order: what a bare prisma command has deployed by now is seen by the second look.
    await untilPrismaIsDone(tools)
    await assertStillAsPlanned(plan, tools)
    return takeBaseline(plan, rehearsed, lineage, tools)
  })
  await interruptible(tools, () => assertStillLocked(lock))
  await run.expectChange()
  const deployment = await run.step('deploy', () => deploy(plan, approval, lock, tools), summaries.deploy)
  assertHadTurn(deployment)
  const interrupted = tools.signal.aborted
  assertDeployed(deployment, { interrupted, backup, interactive: tools.prompter.interactive })
  return baseline
}

async function audit(baseline: Baseline, run: Run, tools: Tools, backup?: Backup): Promise<void> {
  const stopped = {
    message: 'the verification was stopped',
    hint: 'Audit the target when you are ready: npx migrate-guard verify.',
  }
  const work = () => interruptible(tools, () => verify(baseline, tools), stopped)
  const verification = await run.step('verify', work, summaries.verify)
  assertVerified(verification, backup)
}
