// verify: audits the target after a deploy, on a connection that the server holds read-only.
// Writes nothing; the target is only read.
import { runChecks } from '../checks/check.js'
import { runDeclaredChecks } from '../checks/declared-checks.js'
import type { MeasuredFacts } from '../checks/facts.js'
import { generalChecks } from '../checks/general-checks.js'
import { gate } from '../checks/harmless/gate.js'
import type { Backup, TableRowCount } from '../domain/backup.js'
import { VerificationError } from '../domain/errors.js'
import type { CheckResult, Finding, Findings } from '../domain/finding.js'
import { isBlocking } from '../domain/finding.js'
import type { MigrationFolder } from '../domain/migration.js'
import type { Verification } from '../domain/verification.js'
import type { Client } from '../postgres/connection.js'
import { readDeclared } from '../prisma/declared-schema.js'
import { readHistory } from '../prisma/history.js'
import { readMigrationFolders } from '../prisma/migrations-folder.js'
import { findPending } from '../prisma/pending.js'
import { applyAcceptances, usedHere } from './accept.js'
import { readCheckFiles } from './check-files.js'
import { compareRowCounts, type RowCountBaseline } from './compare-row-counts.js'
import { maskValues } from './mask-values.js'
import { compareWithRehearsal } from './rehearsal/compare-with-rehearsal.js'
import type { Rehearsed } from './rehearsal/rehearsed-end.js'
import { readSchemaDiff } from './schema-diff.js'
import { linesOf, notCompared, schemaDiffFindings } from './schema-diff-findings.js'
import { readSession, type Tools, withTargetSnapshot } from './tools.js'

/** What the audit compares with. */
export interface Baseline {
  /** Migrations whose after-checks are to hold. */
  readonly migrations: readonly string[]
  /** Pending migrations that this run leaves for a later deploy. */
  readonly leftOut?: readonly string[]
  /** What the before-checks measured. */
  readonly measured: MeasuredFacts
  readonly rowCounts?: RowCountBaseline
  /** The differences from the Prisma schema that were there before, in words; absent where nobody looked. */
  readonly schemaDifferences?: readonly string[]
  /** The end of the rehearsal; says more than numbers of rows. */
  readonly rehearsed?: Rehearsed
  /** Foreign keys and unique indexes right before the deploy of this run; absent in any other audit. */
  readonly knownBefore?: ReadonlySet<string>
}

/** Audits history, schema, general checks, after-checks and row counts. */
export async function verify(baseline: Baseline, tools: Tools): Promise<Verification> {
  const { settings, project, screen } = tools
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const audited = folders.filter(({ name }) => baseline.migrations.includes(name))
  const { files, findings: unreadable } = await readCheckFiles(tools, audited, 'after')

  const declaring = readDeclared(project, settings.target, readSession(tools))
  const [{ parts, rowCounts }, diff] = await Promise.all([
    // Two connections see the same instant, so that a machine with two cores needs half the time.
    withTargetSnapshot(tools, async (client, other) => {
      const readers = [client, other] as const
      const history = await auditHistory(folders, baseline.leftOut, client, tools)
      const { schema } = settings.target
      const { readers: gated, judgeIn } = await gate(readers)
      const own = await runDeclaredChecks(
        files,
        readers,
        {
          step: 'verify',
          schema,
          timeoutMs: settings.questionTimeoutMs,
          measured: baseline.measured,
          showValues: settings.showValues,
          judge: judgeIn([schema]),
        },
        screen.progress,
      )
      const { knownBefore } = baseline
      const context = {
        step: 'verify' as const,
        schema,
        declared: await declaring,
        ...(knownBefore ? { knownBefore } : {}),
      }
      const general = await runChecks(generalChecks, gated, context, screen.progress)
      const { rowCounts, ...data } = await auditData(baseline, folders, readers, tools)
      return { parts: [history, own, general, data], rowCounts }
    }),
    // Prisma's engine answers one question at a time.
    declaring.then(() => readSchemaDiff(tools, 'verify.diff')),
  ])
  const all = [
    ...parts,
    baseline.leftOut ? notCompared(baseline.leftOut) : schemaDiffFindings(diff, baseline.schemaDifferences),
  ]
  const found = [...unreadable, ...all.flatMap((part) => part.findings)]
  const { accept, target } = settings
  const weighed = applyAcceptances(found, usedHere(accept, found, target.schema), 'verify', target.schema)
  const findings = maskValues(weighed, settings)
  return {
    results: all.flatMap((part) => part.results),
    findings,
    outcome: findings.some(isBlocking) ? 'failed' : 'passed',
    schemaDiff: linesOf(diff).join('\n'),
    ...(rowCounts ? { rowCounts } : {}),
  }
}

async function auditData(
  { rehearsed, rowCounts }: Baseline,
  folders: readonly MigrationFolder[],
  readers: readonly [Client, Client],
  { screen, settings: { target } }: Tools,
): Promise<Findings & { rowCounts?: readonly TableRowCount[] }> {
  if (rehearsed) return compareWithRehearsal(rehearsed, readers, screen)
  screen.progress('counting rows')
  return compareRowCounts(rowCounts, folders, readers[0], target.schema)
}

async function auditHistory(
  folders: readonly MigrationFolder[],
  leftOut: readonly string[] | undefined,
  client: Parameters<typeof readHistory>[0],
  tools: Tools,
): Promise<Findings> {
  const history = await readHistory(client, tools.settings.target.schema)
  const { pending: all, findings } = findPending(folders, history)
  const pending = all.filter(({ name }) => !leftOut?.includes(name))
  const found: Finding[] = findings.map((finding) => ({ ...finding, step: 'verify' }))
  if (pending.length > 0) {
    found.push({
      code: 'pending-migration',
      kind: 'history',
      verdict: 'block',
      step: 'verify',
      object: pending[0]?.name ?? '',
      message: `${pending.length} ${pending.length === 1 ? 'migration is' : 'migrations are'} not applied: ${pending.map(({ name }) => name).join(', ')}`,
      hint: 'Deploy them: npx migrate-guard deploy.',
    })
  }
  const result: CheckResult = {
    id: 'migration-history',
    title: leftOut
      ? 'files and migration history agree, and nothing is pending but what was left out'
      : 'files and migration history agree, and nothing is pending',
    outcome: found.some(({ verdict }) => verdict === 'block')
      ? 'failed'
      : found.length > 0
        ? 'warned'
        : 'passed',
  }
  return { results: [result], findings: found }
}

/** @throws VerificationError when the audit found something that blocks. */
export function assertVerified({ outcome, findings }: Verification, backup?: Backup): void {
  if (outcome === 'passed') return
  const blocking = findings.filter(isBlocking)
  throw new VerificationError(
    'not-verified',
    `the verification found ${blocking.length} ${blocking.length === 1 ? 'problem' : 'problems'}`,
    {
      hint:
        backup?.outcome === 'proven'
          ? 'Look at each one in the report; the backup in the run folder is from before the deploy.'
          : 'Look at each one in the report; this run made no backup.',
    },
  )
}
