import { runBaseline } from '../../adoption.js'
import { exitCode } from '../../domain/exit-code.js'
import { isBlocking } from '../../domain/finding.js'
import type { RunRecord } from '../../domain/run-record.js'
import { loadSettings } from '../../load-settings.js'
import { formatFinding } from '../../report/finding-text.js'
import { makeJsonReport } from '../../report/json.js'
import { formatMarkdownReport } from '../../report/markdown.js'
import { formatDatabaseState } from '../../report/screen.js'
import { formatJson } from '../../report/words.js'
import type { Flags } from '../flags.js'
import { printError, printFailure } from '../print-error.js'
import { steersNothing } from '../printable.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'
import { terminalText } from '../terminal-text.js'

/** Marks migrations as applied that the database has already. Gives the exit code. */
export async function runBaselineCommand(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('baseline', flags)
    const output = settings.format === 'text' ? process.stdout : process.stderr
    const screen = new TerminalScreen(output, settings)
    const { record, reportPath, error } = await withStopSignal(terminalPrompter, ({ stop, ...signals }) =>
      withCrashPromise(stop, (crash) =>
        runBaseline(settings, { screen, prompter: terminalPrompter, ...signals, crash }),
      ),
    )
    output.write(terminalText(formatEnd(record, reportPath, settings.quiet), output))
    if (settings.format === 'json') console.log(formatJson(makeJsonReport(record)))
    if (settings.format === 'markdown') console.log(steersNothing(formatMarkdownReport(record)))
    if (error !== undefined) printError(error, settings)
    // All went well but for a record or a report that could not be written.
    else if (record.failure) printFailure(record.failure)
    return record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

function formatEnd(record: RunRecord, reportPath: string | undefined, quiet: boolean): string {
  const { findings, baseline } = record
  const shown = (findings?.findings ?? []).filter(
    (one) => isBlocking(one) || (!quiet && one.verdict !== 'info'),
  )
  const lines = shown.map((finding) => `${formatFinding(finding)}\n`)
  if (baseline && baseline.migrations.length === 0)
    lines.push('nothing to mark: every migration has its row in the history')
  else if (baseline) {
    lines.push(`${baseline.marked ? 'marked' : 'to mark'}    ${baseline.migrations.join(', ')}`)
    lines.push(`database  ${formatDatabaseState(record)}`)
  }
  if (reportPath) lines.push(`report    ${reportPath}`)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
