import { exitCode } from '../../domain/exit-code.js'
import { isBlocking } from '../../domain/finding.js'
import { loadSettings } from '../../load-settings.js'
import { formatFindings } from '../../report/findings-text.js'
import { makeJsonReport } from '../../report/json.js'
import { formatMarkdownReport } from '../../report/markdown.js'
import { formatJson } from '../../report/words.js'
import { runRollback } from '../../rollback.js'
import type { Flags } from '../flags.js'
import { printError, printFailure } from '../print-error.js'
import { steersNothing } from '../printable.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'

/** Takes the last migrations back. Gives the exit code. */
export async function runRollbackCommand(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('rollback', flags)
    // A program reads standard output: what is for people goes to the other one.
    const output = settings.format === 'text' ? process.stdout : process.stderr
    const screen = new TerminalScreen(output, settings)
    const { record, reportPath, error } = await withStopSignal(terminalPrompter, ({ stop, ...signals }) =>
      withCrashPromise(stop, (crash) =>
        runRollback(settings, { screen, prompter: terminalPrompter, ...signals, crash }),
      ),
    )
    const blocking = (record.findings?.findings ?? []).filter(isBlocking)
    const lines = [
      ...formatFindings(blocking, { isVerbose: settings.verbose }),
      ...(reportPath === undefined ? [] : [`report    ${reportPath}`]),
    ]
    output.write(steersNothing(`${lines.join('\n\n')}\n`))
    if (settings.format === 'json') console.log(formatJson(makeJsonReport(record)))
    if (settings.format === 'markdown') console.log(steersNothing(formatMarkdownReport(record)))
    if (error !== undefined) printError(error, settings)
    else if (record.failure) printFailure(record.failure)
    return record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}
