import type { Diagnosis } from '../../domain/diagnosis.js'
import { type Finding, isBlocking } from '../../domain/finding.js'
import type { MigrationState } from '../../domain/migration-state.js'
import type { Plan } from '../../domain/plan.js'
import type { RunRecord } from '../../domain/run-record.js'
import { loadSettings } from '../../load-settings.js'
import { runDiagnosis } from '../../recovery.js'
import { formatDiagnosis } from '../../report/diagnosis-text.js'
import { formatFindingCounts, formatFindings } from '../../report/findings-text.js'
import { makeJsonReport } from '../../report/json.js'
import { formatMigrationStates } from '../../report/migration-states-text.js'
import { formatPlan } from '../../report/plan-text.js'
import { formatHeadline } from '../../report/screen.js'
import { formatJson, plural } from '../../report/words.js'
import { passedOver } from '../../steps/run-folder/passed-over.js'
import { readRuns } from '../../steps/run-folder/runs.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'
import { terminalText } from '../terminal-text.js'

/** Prints target, history, pending migrations and the last run. Changes nothing. */
export async function runStatus(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('status', flags)
    const screen = new TerminalScreen(process.stderr, { quiet: true, plain: true })
    const result = await withStopSignal(terminalPrompter, ({ signal }) =>
      runDiagnosis(settings, { screen, prompter: terminalPrompter, signal }),
    )
    if (result.error) return printError(result.error, settings)
    const { record, diagnosis, migrations = [] } = result
    if (settings.format === 'json')
      console.log(
        formatJson({ ...makeJsonReport(record), history: migrations, diagnosis: diagnosis ?? null }),
      )
    else {
      const last = await findLastRun(settings.backupsPath)
      console.log(terminalText(formatStatus(record, last, migrations, diagnosis), process.stdout))
    }
    return record.exitCode ?? 1
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

function formatStatus(
  { plan }: RunRecord,
  { record: last, unreadable }: LastRun,
  migrations: readonly MigrationState[],
  diagnosis: Diagnosis | undefined,
): string {
  if (plan === undefined) return ''
  return [
    formatPlan(plan),
    `history     ${plural(plan.appliedCount, 'migration')} applied`,
    ...formatMigrationStates(migrations),
    `last run    ${last ? `${last.runId}: ${formatHeadline(last)}` : 'none in the backups folder'}`,
    ...passedOver([...new Set([...unreadable, ...(diagnosis?.unreadable ?? [])])]),
    ...(diagnosis ? formatDiagnosis(diagnosis) : []),
    ...formatFound(plan.findings),
    ...formatNext(plan, diagnosis),
  ].join('\n')
}

/** Where something is unfinished, the diagnosis says what to do. */
function formatNext({ pending, findings }: Plan, diagnosis: Diagnosis | undefined): string[] {
  const isClear = pending.length > 0 && !findings.some(isBlocking) && diagnosis?.unfinished.length === 0
  return isClear ? ['next        npx migrate-guard rehearse'] : []
}

/** What blocks, whole; the rest is counted, for `plan` and `check` tell it. */
function formatFound(findings: readonly Finding[]): string[] {
  const [blocking, others] = [findings.filter(isBlocking), findings.filter((one) => !isBlocking(one))]
  return [
    ...(others.length > 0
      ? [`findings    ${formatFindingCounts(others)}; npx migrate-guard plan shows them`]
      : []),
    ...formatFindings(blocking, { isVerbose: false }).map((block) => `\n${block}`),
  ]
}

interface LastRun {
  readonly record?: RunRecord
  /** Newer ones that cannot be read, a sentence each. */
  readonly unreadable: readonly string[]
}

async function findLastRun(backupsPath: string): Promise<LastRun> {
  const unreadable: string[] = []
  for await (const run of readRuns(backupsPath)) {
    if (run.problem === undefined) return { record: run.record, unreadable }
    unreadable.push(run.problem)
  }
  return { unreadable }
}
