import type { Backup } from '../domain/backup.js'
import type { Deployment, MigrationOutcome } from '../domain/deployment.js'
import { DeployError, InterruptedError, LockedError } from '../domain/errors.js'
import { formatStanding } from '../report/standing-text.js'

/** What the hint must know beside the deployment. */
export interface Circumstances {
  /** Somebody told the run to stop. */
  readonly interrupted: boolean
  readonly backup: Backup
  /** Somebody can be asked; else what is to be run next must bring its approval along. */
  readonly interactive?: boolean
}

/**
 * @throws LockedError when another deploy was at work and this run changed nothing.
 * @throws DeployError when the deployment is not complete; its exit code says whether the target is unchanged.
 */
export function assertDeployed(deployment: Deployment, circumstances: Circumstances): void {
  if (deployment.complete) return
  if (deployment.byOther) throw otherDeploy(deployment.byOther)
  if (circumstances.interrupted && isNotBegun(deployment)) {
    throw new InterruptedError('interrupted', 'the run was stopped before anything was changed', {
      hint: 'Run the command again when you are ready.',
    })
  }
  const databaseUnchanged = deployment.state === 'unchanged'
  if (deployment.refused !== undefined) {
    throw new DeployError('plan-out-of-date', `${deployment.refused}; ${whatIsThere(deployment)}`, {
      databaseUnchanged,
      hint: 'Find out who changed the files; then run the command again: it plans, checks and backs up what is there now.',
    })
  }
  throw new DeployError(
    databaseUnchanged ? 'deploy-failed' : 'deploy-incomplete',
    `${whatHappened(deployment)}; ${whatIsThere(deployment)}`,
    { databaseUnchanged, hint: nextStep(deployment, circumstances) },
  )
}

function otherDeploy({ kind, who }: NonNullable<Deployment['byOther']>): LockedError {
  if (kind === 'deployed') {
    const by = who ?? 'another deploy'
    return new LockedError(
      'deployed-by-other',
      `${by} has applied all pending migrations meanwhile; this run changed nothing`,
      {
        hint: 'Nothing is left to deploy; audit the target: npx migrate-guard verify.',
      },
    )
  }
  return new LockedError(
    'prisma-locked',
    `Prisma's migration lock is held by ${who ?? 'a session that has ended in the meantime'}; this run changed nothing`,
    {
      hint: 'Wait for that deploy to end, then run the command again; npx migrate-guard status shows who holds the lock.',
    },
  )
}

function isNotBegun({ state, migrations }: Deployment): boolean {
  return state === 'unchanged' && migrations.every(({ outcome }) => outcome === 'not-run')
}

function stoppedAt({ migrations }: Deployment): MigrationOutcome | undefined {
  return migrations.find(({ outcome }) => outcome !== 'applied')
}

function whatHappened(deployment: Deployment): string {
  const stopped = stoppedAt(deployment)
  if (stopped === undefined) return `every migration is applied, but ${deployment.unmet?.join(', ')}`
  const { name, outcome, traces, historyRow, error } = stopped
  if (outcome === 'not-run') return `migration "${name}" was never started${saidOf(deployment)}`
  if (historyRow === 'finished')
    return `the migration history says that "${name}" is applied, but the engine did not run it`
  if (traces === 'all')
    return `migration "${name}" ran to its end, but its row in the migration history is not finished`
  return `migration "${name}" failed${error ? reasonOf(error) : saidOf(deployment)}`
}

/** Prisma's own words, where no statement failed. */
export function saidOf({ prismaSaid }: { readonly prismaSaid?: string }): string {
  if (prismaSaid === undefined) return ''
  return prismaSaid === '' ? ', and Prisma said nothing' : `, and Prisma said: ${prismaSaid}`
}

function reasonOf({ line, message, sqlstate }: NonNullable<MigrationOutcome['error']>): string {
  return `: ${line ? `line ${line}: ` : ''}${message}${sqlstate ? ` (${sqlstate})` : ''}`
}

function whatIsThere({ state, standing }: Deployment): string {
  if (state === 'unchanged') return 'the target is proven unchanged'
  if (standing && standing.kind !== 'unknown') return formatStanding(standing)
  return state === 'unknown' ? 'the state of the target is unknown' : 'the target is changed'
}

/** What to do in exactly this state. */
function nextStep(deployment: Deployment, { interrupted, backup, interactive }: Circumstances): string {
  const stopped = stoppedAt(deployment)
  if (stopped === undefined) {
    const way =
      backup.outcome === 'proven'
        ? 'the backup in the run folder is from before the deploy'
        : 'this run made no backup'
    return `Compare the objects named in the report with the migrations; ${way}.`
  }
  const { name, historyRow } = stopped
  const resolve = `run npx migrate-guard resolve${interactive ? '' : ' --yes'}`
  if (historyRow === 'finished')
    return `Do not trust the migration history: look which prisma stands in node_modules and what of "${name}" is in the database.`
  switch (stopped.traces) {
    case 'none':
      if (historyRow === 'unfinished')
        return `Nothing of "${name}" is in the database: ${resolve}, which marks it as rolled back, then run the command again.`
      if (interrupted) return 'Run the command again when you are ready; the history is clean.'
      return `${nextStepAfterNothing(stopped)}; the history is clean.${alreadyApplied(deployment)}`
    case 'all':
      return `All of "${name}" is in the database: ${resolve}, which marks it as applied, then run the command again.`
    case 'part':
      return `A part of "${name}" is in the database: correct what stopped it, then ${resolve}, which ${dropInvalid(deployment)}${isOnlyInvalid(deployment) ? 'marks it as rolled back' : 'runs the rest of it'}.`
    default:
      return `Look at the objects in the report before anything else is deployed; then ${resolve}, which says what of "${name}" is in the database.`
  }
}

function nextStepAfterNothing({ error, outcome }: MigrationOutcome): string {
  if (outcome === 'not-run') return 'Correct what Prisma names, then run the command again'
  if (error?.sqlstate === '55P03')
    return 'Find the session that holds the lock, or give a longer --lock-timeout, then run the command again'
  if (error?.sqlstate === undefined || /^(08|57)/.test(error.sqlstate))
    return 'Nothing is wrong with the migration itself: find out what ended it, then run the command again'
  return 'Correct the migration or the data, then run the command again'
}

function alreadyApplied({ migrations }: Deployment): string {
  const names = migrations.filter(({ outcome }) => outcome === 'applied').map(({ name }) => `"${name}"`)
  return names.length === 0 ? '' : ` Applied and there to stay: ${names.join(', ')}.`
}

/** Nothing else of the migration is there. */
function isOnlyInvalid({ standing }: Deployment): boolean {
  return standing?.kind === 'part' && standing.statements === 0
}

function dropInvalid({ invalidIndexes = [] }: Deployment): string {
  if (invalidIndexes.length === 0) return ''
  return `drops the invalid index ${invalidIndexes.join(', ')} and `
}
