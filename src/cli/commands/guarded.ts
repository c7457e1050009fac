import { exitCode } from '../../domain/exit-code.js'
import { isBlocking } from '../../domain/finding.js'
import type { RunRecord } from '../../domain/run-record.js'
import type { RunResult } from '../../in-run.js'
import { loadSettings } from '../../load-settings.js'
import { runCheck, runDeploy, runPlan, runRehearse, runVerify } from '../../pipeline.js'
import { formatFinding } from '../../report/finding-text.js'
import { makeJsonReport } from '../../report/json.js'
import { formatMarkdownReport } from '../../report/markdown.js'
import { formatFullPlan } from '../../report/plan-text.js'
import { formatLastScreen } from '../../report/screen.js'
import { formatJson } from '../../report/words.js'
import type { Settings } from '../../settings/settings.js'
import type { Flags } from '../flags.js'
import { optionsToRepeat } from '../options-to-repeat.js'
import { printError, printFailure } from '../print-error.js'
import { steersNothing } from '../printable.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'

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
    output.write(steersNothing(formatForPeople(result, settings, flags)))
    if (settings.format === 'json') console.log(formatJson(makeJsonReport(result.record)))
    if (settings.format === 'markdown') console.log(steersNothing(formatMarkdownReport(result.record)))
    if (result.error !== undefined) printError(result.error, settings)
    // All went well but for a record or a report that could not be written.
    else if (result.record.failure) printFailure(result.record.failure)
    return result.record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

function formatForPeople({ record, reportPath }: RunResult, settings: Settings, flags: Flags): string {
  const blocks = findingsOf(record)
    .filter((finding) => isBlocking(finding) || (!settings.quiet && finding.verdict === 'warn'))
    .map(formatFinding)
  if (settings.command === 'plan' && record.plan) blocks.push(formatFullPlan(record.plan))
  // A run that came to no plan has nothing to tell but its error, which is printed by itself.
  if (record.plan && ['deploy', 'rehearse', 'verify'].includes(settings.command)) {
    const options = optionsToRepeat(flags)
    blocks.push(formatLastScreen(record, { reportPath: reportPath ?? 'none could be written', options }))
  } else if (reportPath) blocks.push(`report    ${reportPath}`)
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n`
}

function findingsOf({ verification, rehearsal, findings, plan }: RunRecord) {
  if (verification) return verification.findings
  return [...(findings?.findings ?? plan?.findings ?? []), ...(rehearsal?.findings ?? [])]
}
