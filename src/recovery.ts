// After a deploy that did not end well: what state the database is in, and the way on or back.
import type { Diagnosis } from './domain/diagnosis.js'
import type { GoBackPlan, RestoredBeside } from './domain/go-back.js'
import type { MigrationState } from './domain/migration-state.js'
import type { Surroundings } from './domain/surroundings.js'
import { inRun, type RunResult } from './in-run.js'
import { migrationStatesOf } from './prisma/migration-states.js'
import { readMigrationFolders } from './prisma/migrations-folder.js'
import type { Settings } from './settings/settings.js'
import { reviewPlan } from './steps/plan.js'
import { approveGoBack, goBack } from './steps/resolve/back/go-back.js'
import { planGoBack } from './steps/resolve/back/plan-back.js'
import { assertNothingAtWork, findResolution, type Resolved, resolveFound } from './steps/resolve/resolve.js'
import { diagnose } from './steps/standing/diagnose.js'
import { summaries } from './steps/summaries.js'
import { interruptible } from './steps/tools.js'
import { takeTurn } from './steps/turn.js'

/** What state the database and each migration is in, as far as can be told without starting anything; for `status`. */
export async function runDiagnosis(
  settings: Settings,
  surroundings: Surroundings,
): Promise<RunResult & { readonly diagnosis?: Diagnosis; readonly migrations?: readonly MigrationState[] }> {
  let diagnosis: Diagnosis | undefined
  let migrations: readonly MigrationState[] = []
  const result = await inRun(settings, surroundings, async (run, tools) => {
    const plan = await run.step('plan', () => interruptible(tools, () => reviewPlan(tools)), summaries.plan)
    const { migrationsPath, directory } = tools.project
    migrations = migrationStatesOf(await readMigrationFolders(migrationsPath, directory), plan.history)
    diagnosis = await interruptible(tools, () => diagnose(tools, { patienceMs: 0 }))
  })
  return diagnosis ? { ...result, diagnosis, migrations } : result
}

/**
 * Does the one right thing with a migration that was started and never finished: `migrate-guard resolve`. With `dryRun`
 * it only shows it.
 */
export async function runResolve(
  settings: Settings,
  surroundings: Surroundings,
): Promise<RunResult & { readonly resolved?: Resolved }> {
  let resolved: Resolved | undefined
  const result = await inRun(settings, surroundings, async (run, tools) => {
    // No guard may deploy while this one looks and acts.
    const lock = settings.dryRun ? undefined : await takeTurn(tools)
    try {
      resolved = await findResolution(tools)
      resolved = await resolveFound(resolved, () => run.expectChange(), tools)
    } finally {
      await lock?.release()
    }
  })
  return resolved ? { ...result, resolved } : result
}

/**
 * Goes back to the backup of the last deploy: `migrate-guard resolve --back`. It is restored beside the target, which is only
 * read; the commands that swap the two are left to a person.
 */
export async function runResolveBack(
  settings: Settings,
  surroundings: Surroundings,
): Promise<RunResult & { readonly plan?: GoBackPlan; readonly restored?: RestoredBeside }> {
  let plan: GoBackPlan | undefined
  let restored: RestoredBeside | undefined
  const result = await inRun(settings, surroundings, async (_, tools) => {
    // No guard may deploy, or go back, while this one does.
    const lock = settings.dryRun ? undefined : await takeTurn(tools)
    try {
      await assertNothingAtWork(tools)
      const found = await interruptible(tools, () => planGoBack(tools))
      plan = found.plan
      if (await approveGoBack(found, tools)) restored = await goBack(found, tools)
    } finally {
      await lock?.release()
    }
  })
  return { ...result, ...(plan ? { plan } : {}), ...(restored ? { restored } : {}) }
}
