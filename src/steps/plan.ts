// plan: reads the migrations folder, the migration history and the catalog; decides what will run and how.
// Writes plan.json into the run folder. The target is only read.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Finding } from '../domain/finding.js'
import type { MigrationFolder } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import type { TargetIdentity } from '../domain/target.js'
import { writePrivateFile } from '../effects/private-files.js'
import { readCatalog } from '../postgres/catalog.js'
import { assertSchemaExists, readTargetIdentity } from '../postgres/identity.js'
import { findPooledConnection } from '../postgres/pooled-connection.js'
import { poolingWords } from '../postgres/pooling.js'
import { findMissingBaseline } from '../prisma/baseline.js'
import { readHistory } from '../prisma/history.js'
import { readMigrationFolders } from '../prisma/migrations-folder.js'
import { findPending } from '../prisma/pending.js'
import type { Settings } from '../settings/settings.js'
import { catalogExpectationsOf } from '../sql/expectations.js'
import { scriptEngineOf } from '../sql/script-engine.js'
import { planWithoutSecrets } from '../sql/without-secrets.js'
import { acceptancesFor, applyAcceptances } from './accept.js'
import { markUnreadable } from './ask-parser.js'
import { foldFindings } from './fold-findings.js'
import { planFiles } from './plan-files.js'
import { readSince } from './since.js'
import { addStaticForecast } from './static-forecast.js'
import { readSession, type Tools, withTarget } from './tools.js'
import { upTo } from './up-to.js'

/** Makes the plan. Problems of files and history are findings in it, not errors: the check step weighs them. */
export async function makePlan(tools: Tools): Promise<Plan> {
  const { settings, project } = tools
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const { target, history, noHistory, catalog } = await withTarget(tools, async (client) => {
    const identity = await readTargetIdentity(client, settings.target)
    await assertSchemaExists(client, settings.target)
    return {
      target: identity,
      history: await readHistory(client, settings.target.schema),
      noHistory: await findMissingBaseline(client, settings.target.schema, folders, {
        willDeploy: settings.command === 'deploy' || settings.command === 'rehearse',
      }),
      catalog: await readCatalog(client),
    }
  })
  const pooled = await findPooledConnection(settings.target, readSession(tools))
  const { pending: allPending, appliedCount, findings } = findPending(folders, history)
  const { chosen: pendingFolders, leftOut } = chooseFolders(allPending, settings)
  const files = await planFiles(pendingFolders, scriptEngineOf(settings.engine, project.version))
  const pending =
    files.pending.length === 0
      ? files.pending
      : await withTarget(tools, (client) => markUnreadable(files.pending, files.statements, client, target))
  const expectations = catalogExpectationsOf(
    pending.map(({ name }, at) => ({ migration: name, statements: files.statements[at] ?? [] })),
  )
  const plan = {
    target,
    engine: settings.engine,
    prismaVersion: project.version,
    history,
    pending,
    appliedCount,
    catalogHash: catalog.hash,
    expectations,
    ...(leftOut.length > 0 ? { leftOut } : {}),
    findings: [
      ...noHistory,
      ...findings.filter(isOfNone(leftOut)),
      ...files.findings,
      ...targetFindings(target, { pooled }),
    ],
  }
  return Object.freeze({ hash: hashOf(plan), ...plan })
}

/** Splits the pending migrations at the last one that this run is to deploy. */
function chooseFolders(
  pending: readonly MigrationFolder[],
  { upTo: last, mostMigrations }: Pick<Settings, 'upTo' | 'mostMigrations'>,
): { readonly chosen: readonly MigrationFolder[]; readonly leftOut: readonly string[] } {
  const names = pending.map(({ name }) => name)
  const count = mostMigrations ?? upTo(last, names, '--up-to').length
  return { chosen: pending.slice(0, count), leftOut: names.slice(count) }
}

function isOfNone(names: readonly string[]): (finding: Finding) => boolean {
  const known = new Set(names)
  return ({ migration }) => migration === undefined || !known.has(migration)
}

/**
 * The plan as it is shown by itself: with what the catalog tells of each statement, what is accepted marked, and with
 * `--since` only what is new. Only catalog and history of the target are read.
 */
export async function reviewPlan(tools: Tools): Promise<Plan> {
  const { settings, project } = tools
  const plan = await addStaticForecast(await makePlan(tools), tools)
  const shown = settings.since === undefined ? plan : await limitToNew(plan, settings.since, project)
  const findings = foldFindings(
    applyAcceptances(shown.findings, acceptancesFor(shown.pending, settings), 'plan'),
  )
  return Object.freeze({ ...shown, findings })
}

async function limitToNew(
  plan: Plan,
  ref: string,
  { migrationsPath, directory }: { migrationsPath: string; directory: string },
): Promise<Plan> {
  const since = await readSince(ref, { migrationsPath, projectDirectory: directory })
  const leftOut = new Set(plan.pending.map(({ name }) => name).filter((name) => !since.isNew(name)))
  return {
    ...plan,
    pending: plan.pending.filter(({ name }) => !leftOut.has(name)),
    findings: [...since.findings, ...plan.findings.filter(({ migration = '' }) => !leftOut.has(migration))],
    since: { ref, pendingInAll: plan.pending.length },
  }
}

/** Keeps the plan beside the record: what a person reviews, and what `--confirm` names. */
export async function writePlan(plan: Plan, { runFolder }: Tools): Promise<void> {
  await writePrivateFile(
    join(runFolder, 'plan.json'),
    `${JSON.stringify(planWithoutSecrets(plan), null, 2)}\n`,
  )
}

type Pooled = NonNullable<Awaited<ReturnType<typeof findPooledConnection>>>

function targetFindings(target: TargetIdentity, { pooled }: { pooled: Pooled | undefined }): Finding[] {
  const common = { kind: 'health', verdict: 'block', step: 'plan', object: target.database } as const
  const standby: Finding = {
    ...common,
    code: 'target-is-standby',
    message: `the server at ${target.host}:${target.port} is a standby, which takes no writes`,
    hint: 'Give the URL of the primary.',
  }
  const pooler: Finding = {
    ...common,
    code: 'pooled-connection',
    message: `a connection pooler at ${target.host}:${target.port} ${pooled === undefined ? '' : poolingWords[pooled]}`,
    hint: 'Give the direct URL of the database by --database-url.',
  }
  return [...(target.inRecovery ? [standby] : []), ...(pooled ? [pooler] : [])]
}

/**
 * Names exactly this plan on exactly this database in exactly this place; whatever is in it, a change of it changes the
 * hash. An attempt that was rolled back is not in it: the database is as if it had never been.
 */
function hashOf(plan: Omit<Plan, 'hash'>): string {
  const { host, port, database, systemIdentifier, databaseOid, schema, marks } = plan.target
  const { timeline, statisticsSince, clusterName, place } = marks
  const named = {
    target: { host, port, database, systemIdentifier, databaseOid, schema },
    marks: { timeline, statisticsSince, clusterName, place },
    engine: plan.engine,
    catalog: plan.catalogHash,
    history: plan.history
      .filter(({ rolledBackAt }) => rolledBackAt === null)
      .map(({ id, finishedAt }) => [id, finishedAt !== null]),
    pending: plan.pending.map(({ name, checksum }) => [name, checksum]),
  }
  return createHash('sha256').update(JSON.stringify(named)).digest('hex')
}
