// The way back after a deploy that ended well: the last migrations are taken back by their down.sql.
import { type Backup, isProven } from './domain/backup.js'
import type { Surroundings } from './domain/surroundings.js'
import { inRun, type RunResult } from './in-run.js'
import { assertStillLocked } from './postgres/deploy-lock.js'
import { takeSnapshot } from './postgres/snapshot.js'
import { formatMs, plural } from './report/words.js'
import type { Run } from './run.js'
import type { Settings } from './settings/settings.js'
import { assertNothingBlocks } from './steps/accept.js'
import { backup } from './steps/backup.js'
import { assertStillAsChosen, type ChosenRollback, chooseRollback } from './steps/rollback/choose.js'
import { approveRollback, showRollback } from './steps/rollback/confirm-rollback.js'
import { findLosses, type LossOfRollback } from './steps/rollback/losses.js'
import { rehearseRollback } from './steps/rollback/rehearse-rollback.js'
import { runRollbackOn, verifyRollback } from './steps/rollback/run-rollback.js'
import { summaries } from './steps/summaries.js'
import { interruptible, readSession, type Tools } from './steps/tools.js'
import { takeTurn, untilPrismaIsDone } from './steps/turn.js'

/**
 * plan → check → backup → rehearse → confirm → run → verify: `migrate-guard rollback`. With `dryRun` it ends before the question,
 * and the target is only read.
 */
export async function runRollback(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  return inRun(settings, surroundings, async (run, tools) => {
    const lock = settings.dryRun ? undefined : await takeTurn(tools)
    try {
      const chosen = await run.step(
        'plan',
        () => interruptible(tools, () => chooseRollback(tools)),
        ({ names, plan }) => ({
          summary: `${plural(names.length, 'migration')} to take back: ${names.join(', ')}`,
          record: { ...summaries.plan(plan).record, rollback: { migrations: names, done: false } },
        }),
      )
      const { losses, made } = await look(chosen, run, tools)
      if (!isProven(made)) throw new Error('a rollback makes a backup')
      const rehearsed = await run.step(
        'rehearse',
        () => rehearseRollback(chosen, made, tools),
        ({ durationMs, findings }) => ({
          summary: `backup exact, taken back in ${formatMs(durationMs)} on the copy`,
          record: {
            backup: { ...made, level: 'exact' },
            findings: { ...losses.findings, findings: [...losses.findings.findings, ...findings] },
          },
        }),
      )
      showRollback(chosen, losses, made, rehearsed, tools)
      // A dry run ends here.
      if (lock === undefined) return
      const ask = () => approveRollback(chosen, tools)
      await run.step('confirm', ask, (method) => ({ summary: `approved (${method})` }))
      await interruptible(tools, async () => {
        await untilPrismaIsDone(tools)
        await assertStillAsChosen(chosen, tools)
        await assertStillLocked(lock)
      })
      await run.expectChange()
      const before = await run.step(
        'deploy',
        () => runRollbackOn(chosen, lock, () => run.proveUnchanged(), tools),
        () => ({
          summary: `${plural(chosen.names.length, 'migration')} taken back, as seen in the history`,
          record: { databaseState: 'changed', rollback: { migrations: chosen.names, done: true } },
        }),
      )
      await run.step(
        'verify',
        () => verifyRollback(rehearsed, before, tools),
        () => ({ summary: 'the catalog changed as on the copy, object by object' }),
      )
    } finally {
      await lock?.release()
    }
  })
}

/** Counts what would be lost and makes the backup, both of the same instant. */
async function look(
  chosen: ChosenRollback,
  run: Run,
  tools: Tools,
): Promise<{ losses: LossOfRollback; made: Backup }> {
  const snapshot = await takeSnapshot(tools.settings.target, readSession(tools))
  try {
    const losses = await run.step(
      'check',
      () => interruptible(tools, () => findLosses(chosen, snapshot, tools)),
      ({ findings }) => summaries.check(findings),
    )
    assertNothingBlocks(losses.findings)
    const made = await run.step('backup', () => backup(chosen.plan, snapshot, tools), summaries.backup)
    return { losses, made }
  } finally {
    await snapshot.release()
  }
}
