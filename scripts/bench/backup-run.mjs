// A process of its own that backs a database up and, asked to, restores the backup and compares it, as a run does: for
// bench:snapshot, which watches its memory. Writes the durations, in milliseconds, as JSON.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { observeEffects } from '../../dist/effects/effect.js'
import { withConnection } from '../../dist/postgres/connection.js'
import { readTargetIdentity } from '../../dist/postgres/identity.js'
import { withRehearsalDatabase } from '../../dist/postgres/rehearsal-database/open.js'
import { takeSnapshot } from '../../dist/postgres/snapshot.js'
import { parseDatabaseUrl } from '../../dist/settings/database-url.js'
import { backup } from '../../dist/steps/backup.js'
import { restoreBackup } from '../../dist/steps/rehearsal/restore-backup.js'

const target = parseDatabaseUrl(process.env.DATABASE_URL, 'DATABASE_URL')
const restores = process.argv.includes('--restore')
const runFolder = await mkdtemp(join(tmpdir(), 'migrate-guard-bench-'))
const tools = {
  settings: { command: restores ? 'rehearse' : 'check', target, jobs: 2, accept: [] },
  screen: { print: () => undefined, progress: () => undefined },
  signal: new AbortController().signal,
  runId: '20261120T043400Z-bench',
  runFolder,
  scratchFolder: await mkdtemp(join(runFolder, 'scratch-')),
}

let dumpMs = 0
observeEffects({
  before: (name) => {
    if (name === 'backup.pg-dump') dumpMs = -performance.now()
  },
  after: (name) => {
    if (name === 'backup.pg-dump') dumpMs += performance.now()
  },
})

try {
  await withConnection(target, { applicationName: 'bench', readOnly: true }, async (targetClient) => {
    const targetIdentity = await readTargetIdentity(targetClient, target)
    const plan = { target: targetIdentity }
    const started = performance.now()
    const snapshot = await takeSnapshot(target, { applicationName: 'bench snapshot' })
    const made = await backup(plan, snapshot, tools).finally(() => snapshot.release())
    const backupMs = performance.now() - started
    if (restores) await restore(made, plan, targetClient)
    console.log(JSON.stringify({ dumpMs, backupMs, allMs: performance.now() - started }))
  })
} finally {
  await rm(runFolder, { recursive: true, force: true })
}

async function restore(made, plan, targetClient) {
  const { runId, signal } = tools
  const request = { place: 'local', target, targetIdentity: plan.target, targetClient, runId, signal }
  await withRehearsalDatabase(request, async (database) => {
    const { backupLevel } = await restoreBackup(database, plan, made, tools)
    if (backupLevel !== 'exact') throw new Error(`the backup came back ${backupLevel}, not exact`)
  })
}
