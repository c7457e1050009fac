import { join } from 'node:path'
import type { BackupManifest } from '../domain/backup.js'
import { isBlocking } from '../domain/finding.js'
import type { RunRecord } from '../domain/run-record.js'
import type { TargetIdentity } from '../domain/target.js'
import type { Verification } from '../domain/verification.js'
import { readHistory } from '../prisma/history.js'
import { factsOf } from './baseline.js'
import type { RowCountBaseline } from './compare-row-counts.js'
import { manifestShape } from './run-folder/backup-shape.js'
import { readKeptJson } from './run-folder/kept-file.js'
import { passedOver } from './run-folder/passed-over.js'
import { readRuns, sentenceOf } from './run-folder/runs.js'
import { type Tools, withTarget } from './tools.js'
import type { Baseline } from './verify.js'

/**
 * What an audit after the fact compares with: the newest run in the backups folder that deployed to this very
 * database. Its own audit has counted the rows that its deploy left; where it came to none, its backup has those from
 * before. Without such a run, the after-checks of the migration that was applied last are asked, and nothing is compared.
 */
export async function findBaseline(target: TargetIdentity, tools: Tools): Promise<Baseline> {
  const run = await findDeployedRun(target, tools)
  const applied = await appliedMigrations(target, tools)
  if (run?.plan === undefined) return { migrations: applied.slice(-1), measured: new Map() }
  const migrations = run.plan.pending.map(({ name }) => name)
  const later = applied.slice(applied.findLastIndex((name) => migrations.includes(name)) + 1)
  const rowCounts = await countsOf(run, migrations, later, tools)
  return {
    migrations,
    measured: run.findings ? factsOf(run.findings) : new Map(),
    ...(rowCounts ? { rowCounts } : {}),
    ...(run.verification ? { schemaDifferences: knownDifferences(run.verification) } : {}),
  }
}

/** The differences from the schema that the audit of the deploy let pass; one that blocked there blocks again. */
function knownDifferences({ schemaDiff, findings }: Verification): string[] {
  const blocked = findings.filter((one) => one.code === 'schema-difference' && isBlocking(one))
  return schemaDiff.split('\n').filter((line) => !blocked.some(({ message }) => message.startsWith(line)))
}

/** The rows to compare with, and the migrations that have run since they were counted. */
async function countsOf(
  { runId, verification, findings }: RunRecord,
  migrations: readonly string[],
  later: readonly string[],
  tools: Tools,
): Promise<RowCountBaseline | undefined> {
  if (verification?.rowCounts)
    return { source: `after the deploy of run ${runId}`, counts: verification.rowCounts, migrations: later }
  const path = join(tools.settings.backupsPath, runId, 'manifest.json')
  const kept = await readKeptJson<BackupManifest>(path, manifestShape)
  if (kept === undefined) return undefined
  if (kept.problem !== undefined) {
    for (const line of passedOver([sentenceOf(path, kept.problem)])) tools.screen.print(line)
    return undefined
  }
  const manifest = kept.value
  return {
    source: `in the backup of run ${runId}`,
    counts: manifest.rowCounts,
    migrations: [...migrations, ...later],
    ...(findings?.lineage ? { lineage: findings.lineage } : {}),
  }
}

/** A record that cannot be read is passed over, and named. */
async function findDeployedRun(target: TargetIdentity, tools: Tools): Promise<RunRecord | undefined> {
  const unreadable: string[] = []
  try {
    for await (const run of readRuns(tools.settings.backupsPath, tools.runId)) {
      if (run.problem !== undefined) unreadable.push(run.problem)
      else if (run.record.deployment && run.record.plan && isSameDatabase(run.record.plan.target, target))
        return run.record
    }
    return undefined
  } finally {
    for (const line of passedOver(unreadable)) tools.screen.print(line)
  }
}

function isSameDatabase(a: TargetIdentity, b: TargetIdentity): boolean {
  return a.systemIdentifier === b.systemIdentifier && a.databaseOid === b.databaseOid && a.schema === b.schema
}

/** In the order in which they were started. */
async function appliedMigrations({ schema }: TargetIdentity, tools: Tools): Promise<string[]> {
  const history = await withTarget(tools, (client) => readHistory(client, schema))
  return history
    .filter(({ finishedAt, rolledBackAt }) => finishedAt !== null && rolledBackAt === null)
    .map(({ migrationName }) => migrationName)
}
