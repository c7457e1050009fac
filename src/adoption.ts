// Databases that are there already: the migrations that one has without a history of them, and how it differs from its own.
import { CheckError } from './domain/errors.js'
import { isBlocking } from './domain/finding.js'
import type { Plan } from './domain/plan.js'
import { plural } from './domain/quantities.js'
import type { Surroundings } from './domain/surroundings.js'
import { inRun, type RunResult } from './in-run.js'
import { assertStillLocked } from './postgres/deploy-lock.js'
import { readMigrationFolders } from './prisma/migrations-folder.js'
import type { Settings } from './settings/settings.js'
import { assertStillAsPlanned } from './steps/deploy.js'
import { type Drift, findDrift, foldersOfApplied } from './steps/drift/find-drift.js'
import { chooseBaseline } from './steps/mark-baseline/choose.js'
import { approveBaseline, markBaseline } from './steps/mark-baseline/mark.js'
import { assertBaselineFits, proveBaseline } from './steps/mark-baseline/prove.js'
import { makePlan } from './steps/plan.js'
import { summaries } from './steps/summaries.js'
import { interruptible } from './steps/tools.js'
import { takeTurn } from './steps/turn.js'

/**
 * Marks migrations as applied that the database has already: `migrate-guard baseline`. It proves first that the database is what
 * they make, and asks. With `dryRun` it only shows it.
 */
export async function runBaseline(settings: Settings, surroundings: Surroundings): Promise<RunResult> {
  return inRun(settings, surroundings, async (run, tools) => {
    // No guard may deploy while this one looks and marks.
    const lock = settings.dryRun ? undefined : await takeTurn(tools)
    try {
      const plan = await run.step('plan', () => interruptible(tools, () => makePlan(tools)), summaries.plan)
      const chosen = await interruptible(tools, () => chooseBaseline(plan, tools))
      const proof = await run.step(
        'check',
        () => proveBaseline(chosen, tools),
        (value) => ({
          ...summaries.check(value),
          record: { findings: value, baseline: chosen.baseline },
        }),
      )
      assertBaselineFits(proof)
      if (lock === undefined || chosen.toMark.length === 0) return
      const approvedBy = await run.step(
        'confirm',
        () => approveBaseline(plan, chosen.baseline, tools),
        (method) => ({ outcome: 'passed', summary: `approved (${method})` }),
      )
      await interruptible(tools, async () => {
        await assertStillAsPlanned(plan, tools)
        await assertStillLocked(lock)
      })
      await run.expectChange()
      await run.step(
        'verify',
        () => markBaseline(chosen, lock, () => run.proveUnchanged(), tools),
        (baseline) => ({
          outcome: 'passed',
          summary: `${plural(baseline.migrations.length, 'migration')} marked as applied, as seen in the history`,
          record: { baseline: { ...baseline, approvedBy }, databaseState: 'changed' },
        }),
      )
    } finally {
      await lock?.release()
    }
  })
}

/** Compares the database with what its applied migrations make: `migrate-guard drift`. Opens the target read-only. */
export async function runDrift(
  settings: Settings,
  surroundings: Surroundings,
): Promise<RunResult & { readonly drift?: Drift }> {
  let drift: Drift | undefined
  const result = await inRun(settings, surroundings, async (run, tools) => {
    const plan = await run.step('plan', () => interruptible(tools, () => makePlan(tools)), summaries.plan)
    assertHistoryTells(plan)
    const { migrationsPath, directory } = tools.project
    const folders = await readMigrationFolders(migrationsPath, directory)
    drift = await run.step(
      'check',
      () => findDrift(foldersOfApplied(folders, plan.history), { adopt: true }, tools),
      ({ findings }) =>
        summaries.check({
          results: [
            {
              id: 'drift',
              title: 'the database is what its applied migrations make',
              outcome: findings.some(isBlocking) ? 'failed' : 'passed',
            },
          ],
          findings,
        }),
    )
    assertNoDrift(drift)
  })
  return drift ? { ...result, drift } : result
}

/** Findings about the history without which nobody can say what the database should be. */
const historyMustTell: ReadonlySet<string> = new Set(['no-history', 'failed-migration', 'missing-migration'])

function assertHistoryTells({ findings }: Plan): void {
  const found = findings.find(
    ({ code, verdict }) => historyMustTell.has(code) || (code === 'squashed-history' && verdict === 'block'),
  )
  if (found === undefined) return
  throw new CheckError(found.code, `what the database should be cannot be told: ${found.message}`, {
    hint: found.hint ?? 'Run npx migrate-guard status.',
  })
}

function assertNoDrift({ findings }: Drift): void {
  const blocking = findings.filter(isBlocking)
  if (blocking.length === 0) return
  const unknown = blocking.find(({ verdict }) => verdict === 'unknown')
  if (unknown) {
    throw new CheckError('drift-unknown', unknown.message, {
      hint: unknown.hint ?? 'Correct what was found, and run the command again.',
    })
  }
  throw new CheckError(
    'drift',
    `the database is not what its applied migrations make: ${plural(blocking.length, 'difference')}`,
    {
      hint: 'To keep what the database has, put the SQL that is shown into a new migration and run npx migrate-guard baseline, which proves it and marks it as applied; otherwise take the change back in the database.',
    },
  )
}
