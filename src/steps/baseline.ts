// Measures, right before the deploy, what the verification will compare with. The target is only read.
import { runDeclaredChecks } from '../checks/declared-checks.js'
import type { Findings } from '../domain/finding.js'
import type { TableLineage } from '../domain/lineage.js'
import type { Plan } from '../domain/plan.js'
import { readProvenByServer } from '../postgres/proven-by-server.js'
import { countRows, readWriteCounters } from '../postgres/row-counts.js'
import { readCheckFiles } from './check-files.js'
import type { Rehearsed } from './rehearsal/rehearsed-end.js'
import { readSchemaDiff } from './schema-diff.js'
import { linesOf } from './schema-diff-findings.js'
import { type Tools, withTarget } from './tools.js'
import type { Baseline } from './verify.js'

/**
 * Takes the facts of the before-checks and the row counts once more: the application went on writing while the dump
 * was made and a person read the question. With a rehearsal nothing is counted: its fingerprints say more, and the deploy
 * need not wait.
 */
export async function takeBaseline(
  plan: Plan,
  rehearsed: Rehearsed | undefined,
  lineage: readonly TableLineage[],
  tools: Tools,
): Promise<Baseline> {
  const { files } = await readCheckFiles(tools, plan.pending, 'before')
  const facts = files.filter(({ verdict }) => verdict === 'info')
  const migrations = plan.pending.map(({ name }) => name)
  const schemaDifferences = linesOf(await readSchemaDiff(tools, 'baseline.diff'))
  return withTarget(tools, async (client) => {
    const writeCounters = await readWriteCounters(client)
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const { target, questionTimeoutMs: timeoutMs } = tools.settings
    const measured = await runDeclaredChecks(
      facts,
      [client],
      // The check of this run has warned of what may act. What is measured is only compared.
      { step: 'check', schema: target.schema, timeoutMs, showValues: true },
      tools.screen.progress,
    )
    const knownBefore = await readProvenByServer(client)
    const { leftOut } = plan
    const known = {
      migrations,
      ...(leftOut ? { leftOut } : {}),
      measured: factsOf(measured),
      knownBefore,
      schemaDifferences,
    }
    if (rehearsed) return { ...known, rehearsed }
    const counts = await countRows(client)
    return {
      ...known,
      rowCounts: { source: 'right before the deploy', counts, writeCounters, migrations, lineage },
    }
  })
}

/** The facts by the id of the check that read them. */
export function factsOf({ results }: Findings): Baseline['measured'] {
  return new Map(
    results.flatMap(({ id, outcome, facts }) => (outcome === 'info' && facts ? [[id, facts]] : [])),
  )
}
