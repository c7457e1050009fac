import type { MigrationOutcome } from '../domain/deployment.js'
import type { DeployEvidence } from './deploy-evidence.js'
import { markInHistory } from './mark-in-history.js'
import type { Tools } from './tools.js'

/** With the proof in hand that nothing of it is there, a failed attempt must not block the next deploy (P3009). */
export async function clearHistory(
  { migrations, standing }: DeployEvidence,
  tools: Tools,
): Promise<{ migrations: readonly MigrationOutcome[]; lines: string[] }> {
  const lines: string[] = []
  const cleared: MigrationOutcome[] = []
  for (const migration of migrations) {
    const { traces, historyRow, name } = migration
    const isProven = traces === 'none' && standing?.kind !== 'unknown'
    if (!isProven || historyRow !== 'unfinished' || migration.rowByOther) {
      cleared.push(migration)
      continue
    }
    const { exitCode } = await markInHistory(name, 'rolled-back', 'deploy.resolve', tools)
    const done = exitCode === 0
    cleared.push(done ? { ...migration, historyRow: 'rolled-back' } : migration)
    lines.push(
      done
        ? `the attempt is marked as rolled back in the migration history: "${name}"`
        : `the attempt could not be marked as rolled back in the migration history: "${name}"`,
    )
  }
  return { migrations: cleared, lines }
}
