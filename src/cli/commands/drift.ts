import { runDrift } from '../../adoption.js'
import { exitCode } from '../../domain/exit-code.js'
import { isBlocking } from '../../domain/finding.js'
import { loadSettings } from '../../load-settings.js'
import { formatDrift } from '../../report/drift-text.js'
import { formatJson } from '../../report/words.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'
import { terminalText } from '../terminal-text.js'

/** Compares the database with what its applied migrations make. Gives the exit code: 3 when it is something else. */
export async function runDriftCommand(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('drift', flags)
    const output = settings.format === 'text' ? process.stdout : process.stderr
    const screen = new TerminalScreen(output, settings)
    const { record, drift, error } = await withStopSignal(terminalPrompter, ({ stop, ...signals }) =>
      withCrashPromise(stop, (crash) =>
        runDrift(settings, { screen, prompter: terminalPrompter, ...signals, crash }),
      ),
    )
    if (drift) output.write(`${terminalText(formatDrift(drift, settings), output)}\n`)
    if (settings.format === 'json') {
      const { tool, version, command, runId, exitCode: code = null, failure = null } = record
      const { findings = [], adopting = null } = drift ?? {}
      const verdict = findings.some(isBlocking) || failure ? 'block' : findings.length > 0 ? 'warn' : 'pass'
      console.log(
        formatJson({ tool, version, command, runId, verdict, exitCode: code, findings, adopting, failure }),
      )
    }
    if (error !== undefined) printError(error, settings)
    return record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}
