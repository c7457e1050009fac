import { exitCode } from '../../domain/exit-code.js'
import { isBlocking } from '../../domain/finding.js'
import type { RunRecord } from '../../domain/run-record.js'
import type { RunResult } from '../../in-run.js'
import { loadSettings } from '../../load-settings.js'
import { runCheck, runDeploy, runPlan, runRehearse, runVerify } from '../../pipeline.js'
import { formatFindings } from '../../report/findings-text.js'
import { makeJsonReport } from '../../report/json.js'
import { formatMarkdownReport } from '../../report/markdown.js'
import { formatFullPlan } from '../../report/plan-text.js'
import { formatEnd, formatLastScreen } from '../../report/screen.js'
import { formatJson } from '../../report/words.js'
import type { Settings } from '../../settings/settings.js'
import type { Flags } from '../flags.js'
import { optionsToRepeat } from '../options-to-repeat.js'
import { printError, printFailure } from '../print-error.js'
import { steersNothing } from '../printable.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'
import { terminalText } from '../terminal-text.js'

const pipelines = {
  deploy: runDeploy,
  rehearse: runRehearse,
  verify: runVerify,
  check: runCheck,
  plan: runPlan,
}

/** Runs one of the commands that follow the line, or a part of it. Gives the exit code. */
export async function runGuarded(name: keyof typeof pipelines, flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings(name, flags)
    // A program reads standard output: what is for people goes to the other one.
    const output = settings.format === 'text' ? process.stdout : process.stderr
    const screen = new TerminalScreen(output, settings)
    const result = await withStopSignal(terminalPrompter, ({ stop, ...signals }) =>
      withCrashPromise(stop, (crash) =>
        pipelines[name](settings, { screen, prompter: terminalPrompter, ...signals, crash }),
      ),
    )
    output.write(terminalText(formatForPeople(result, settings, flags), output))
    if (settings.format === 'json') console.log(formatJson(makeJsonReport(result.record)))
    if (settings.format === 'markdown') console.log(steersNothing(formatMarkdownReport(result.record)))
    if (result.error !== undefined) {
      // On one terminal, the last lines have said it.
      const isSaid = result.record.plan && output.isTTY && process.stderr.isTTY && !settings.debug
      if (!isSaid) printError(result.error, settings)
    }
    // All went well but for a record or a report that could not be written.
    else if (result.record.failure) printFailure(result.record.failure)
    return result.record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

function formatForPeople({ record, reportPath }: RunResult, settings: Settings, flags: Flags): string {
  const { command, quiet, verbose } = settings
  const shown = findingsOf(record).filter(
    (finding) => isBlocking(finding) || (!quiet && finding.verdict !== 'info'),
  )
  const blocks = formatFindings(shown, { isVerbose: verbose })
  if (command === 'plan' && record.plan) blocks.unshift(formatFullPlan(record.plan))
  const options = optionsToRepeat(flags)
  // A run that came to no plan has nothing to tell but its error, which is printed by itself.
  if (record.plan && ['deploy', 'rehearse', 'verify'].includes(command))
    blocks.push(
      formatLastScreen(record, {
        reportPath: reportPath ?? 'none could be written',
        options,
        isToldAbove: !quiet,
      }),
    )
  else if (record.plan) blocks.push(formatEnd(record, options))
  else if (reportPath) blocks.push(`report    ${reportPath}`)
  if (blocks.length === 0) return ''
  // The lines of the steps stand above.
  return `${quiet || !record.plan ? '' : '\n'}${blocks.join('\n\n')}\n`
}

function findingsOf({ verification, rehearsal, findings, plan }: RunRecord) {
  if (verification) return verification.findings
  return [...(findings?.findings ?? plan?.findings ?? []), ...(rehearsal?.findings ?? [])]
}
