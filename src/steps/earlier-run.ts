import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupManifest } from '../domain/backup.js'
import type { RunRecord } from '../domain/run-record.js'
import type { TargetIdentity } from '../domain/target.js'
import { readHistory } from '../prisma/history.js'
import { factsOf } from './baseline.js'
import { type Tools, withTarget } from './tools.js'
import type { Baseline } from './verify.js'

/**
 * What an audit after the fact compares with: the newest run in the backups folder that deployed to this very
 * database. Without one, the after-checks of the migration that was applied last are asked, and nothing is compared.
 */
export async function findBaseline(target: TargetIdentity, tools: Tools): Promise<Baseline> {
  const run = await findDeployedRun(target, tools)
  if (run?.plan === undefined) return { migrations: await lastApplied(target, tools), measured: new Map() }
  const migrations = run.plan.pending.map(({ name }) => name)
  const manifest = await readManifest(join(tools.settings.backupsPath, run.runId))
  return {
    migrations,
    measured: run.findings ? factsOf(run.findings) : new Map(),
    ...(manifest
      ? { rowCounts: { source: `in the backup of run ${run.runId}`, counts: manifest.rowCounts, migrations } }
      : {}),
  }
}

async function findDeployedRun(target: TargetIdentity, tools: Tools): Promise<RunRecord | undefined> {
  const { backupsPath } = tools.settings
  const names = existsSync(backupsPath) ? await readdir(backupsPath) : []
  // A run id begins with its time, so the newest comes last.
  for (const name of names.sort().reverse()) {
    const path = join(backupsPath, name, 'run.json')
    if (name === tools.runId || !existsSync(path)) continue
    const record = JSON.parse(await readFile(path, 'utf8')) as RunRecord
    if (record.deployment && record.plan && isSameDatabase(record.plan.target, target)) return record
  }
  return undefined
}

async function readManifest(folder: string): Promise<BackupManifest | undefined> {
  const path = join(folder, 'manifest.json')
  return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as BackupManifest) : undefined
}

function isSameDatabase(a: TargetIdentity, b: TargetIdentity): boolean {
  return a.systemIdentifier === b.systemIdentifier && a.databaseOid === b.databaseOid && a.schema === b.schema
}

async function lastApplied({ schema }: TargetIdentity, tools: Tools): Promise<string[]> {
  const history = await withTarget(tools, (client) => readHistory(client, schema))
  const applied = history.filter(
    ({ finishedAt, rolledBackAt }) => finishedAt !== null && rolledBackAt === null,
  )
  return applied.slice(-1).map(({ migrationName }) => migrationName)
}
