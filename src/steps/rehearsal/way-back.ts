import { join } from 'node:path'
import type { StatementFailure } from '../../domain/deployment.js'
import { type Finding, isBlocking } from '../../domain/finding.js'
import type { Plan } from '../../domain/plan.js'
import type { TableProof, WayBack } from '../../domain/rehearsal.js'
import { effect } from '../../effects/effect.js'
import { withConnection } from '../../postgres/connection.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { quoteRelation } from '../../sql/names.js'
import { applyMigrations } from '../apply-migrations.js'
import { type FullFingerprint, fingerprintDatabase } from '../fingerprint.js'
import { applicationName, type Tools } from '../tools.js'
import { withCopy } from './copy.js'
import { type DownScript, readDownScripts, runDownScript } from './down-scripts.js'
import { differencesAfterDown, differencesAfterSecondUp } from './way-back-differences.js'

/** The copy before the migrations and after them. */
export interface WayUp {
  readonly before: FullFingerprint
  readonly after: FullFingerprint
  /** What became of the data on the way. */
  readonly proof: readonly TableProof[]
}

/** What the way back showed; nothing where no down.sql stands beside a pending migration. */
export interface RehearsedWayBack {
  readonly wayBack?: WayBack
  readonly findings: readonly Finding[]
}

/**
 * Exercises the way back on the copy, which has the migrations: the down.sql of the last of them, newest first, then the
 * same migrations once more. A migration without a down.sql cannot be taken back, nor what came before it.
 * @param copy the tools for the copy
 */
export async function rehearseWayBack(
  plan: Plan,
  { before, after, proof }: WayUp,
  database: RehearsalDatabase,
  copy: Tools,
): Promise<RehearsedWayBack> {
  const scripts = await readDownScripts(plan.pending)
  const lastFirst = plan.pending.toReversed()
  const last = lastFirst.findIndex(({ name }, i) => scripts[i]?.migration.name !== name)
  const reachable = last === -1 ? scripts : scripts.slice(0, last)
  const notRun = scripts.slice(reachable.length).map((script) => notRehearsed(script, plan))
  if (reachable.length === 0) return { findings: notRun }
  const migrations = reachable.map(({ migration }) => migration.name)
  const reachesBeginning = reachable.length === lastFirst.length

  const end = (findings: readonly Finding[]): RehearsedWayBack => ({
    wayBack: {
      migrations,
      reachesBeginning,
      outcome: findings.some(isBlocking) ? 'failed' : 'passed',
      differences: findings.map(({ message }) => message),
    },
    findings: [...findings, ...notRun],
  })

  for (const script of reachable) {
    copy.screen.progress(`rehearsing the way back: ${script.file}`)
    const failure = await runDownScript(script, copy)
    if (failure) return end([downFails(script, failure)])
  }
  const down = await withCopy(database, copy, (clients) => fingerprintDatabase(clients, copy.screen))
  const fromDown = reachesBeginning
    ? differencesAfterDown(before, after, down, proof)
    : [notCompared(reachable.at(-1) as DownScript)]

  await forgetMigrations(migrations, plan, copy)
  const again = await applyMigrations(
    { ...plan, pending: plan.pending.filter(({ name }) => migrations.includes(name)) },
    copy,
    {
      purpose: 'rehearse',
      eventsFile: join(copy.runFolder, 'way-back-events.ndjson'),
      appliedSince: plan.pending.map(({ name }) => name).filter((name) => !migrations.includes(name)),
    },
  )
  const failed = again.migrations.find(({ outcome }) => outcome !== 'applied')
  if (failed) return end([...fromDown, upFails(failed.name, failed.error)])
  const secondUp = await withCopy(database, copy, (clients) => fingerprintDatabase(clients, copy.screen))
  return end([...fromDown, ...differencesAfterSecondUp(after, secondUp)])
}

/** Prisma runs a migration again only when the history does not know it. */
async function forgetMigrations(names: readonly string[], { target }: Plan, copy: Tools): Promise<void> {
  const table = quoteRelation(target.schema, '_prisma_migrations')
  await withConnection(
    copy.settings.target,
    { applicationName: applicationName(copy, 'way back') },
    (client) =>
      effect('rehearsal.forget', () =>
        client.query(`DELETE FROM ${table} WHERE migration_name = ANY ($1)`, [names]),
      ),
  )
}

function downFails({ migration, file }: DownScript, failure: StatementFailure): Finding {
  return {
    ...fails(migration.name, `the down.sql of "${migration.name}" fails on the copy: ${format(failure)}`),
    file,
    ...(failure.line === undefined ? {} : { line: failure.line }),
  }
}

function upFails(name: string, failure?: StatementFailure): Finding {
  const why = failure ? format(failure) : 'Prisma did not apply it'
  return fails(name, `after its down.sql "${name}" cannot be deployed again: ${why}`)
}

function fails(migration: string, message: string): Finding {
  return {
    code: 'way-back-fails',
    kind: 'failure',
    verdict: 'block',
    step: 'rehearse',
    migration,
    object: migration,
    message,
    hint: 'Fix down.sql, or take it away: nobody must rely on a way back that fails.',
  }
}

function format({ line, sqlstate, message }: StatementFailure): string {
  return `${line === undefined ? '' : `line ${line}: `}${sqlstate === undefined ? '' : `${sqlstate}: `}${message}`
}

/** Between two migrations that run in one deploy nothing is fingerprinted. */
function notCompared(script: DownScript): Finding {
  return {
    ...notTried(script),
    message: `where the down.sql of "${script.migration.name}" leads was not compared: the migration before it, which is deployed with it, has none`,
    hint: 'Write a down.sql for the older ones too, or deploy them first.',
  }
}

function notRehearsed(script: DownScript, plan: Plan): Finding {
  const { migration } = script
  const newer = plan.pending.slice(plan.pending.indexOf(migration) + 1).map(({ name }) => `"${name}"`)
  return {
    ...notTried(script),
    message: `the down.sql of "${migration.name}" was not run: a newer migration has none, of ${newer.join(', ')}`,
    hint: 'Write a down.sql for the newer ones too, or do not rely on this one.',
  }
}

function notTried({ migration, file }: DownScript): Omit<Finding, 'message'> {
  return {
    code: 'way-back-not-rehearsed',
    kind: 'failure',
    verdict: 'warn',
    step: 'rehearse',
    migration: migration.name,
    object: migration.name,
    file,
  }
}
