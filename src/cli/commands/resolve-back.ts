import { exitCode } from '../../domain/exit-code.js'
import { loadSettings } from '../../load-settings.js'
import { runResolveBack } from '../../recovery.js'
import { formatRestoredBeside } from '../../report/go-back-text.js'
import { formatJson } from '../../report/words.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'
import { terminalText } from '../terminal-text.js'

/** Restores the backup of the last deploy beside the target and says how to swap them. Gives the exit code. */
export async function runResolveBackCommand(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('resolve', flags)
    const output = settings.format === 'text' ? process.stdout : process.stderr
    const screen = new TerminalScreen(output, settings)
    const { record, plan, restored, error } = await withStopSignal(terminalPrompter, ({ stop, ...signals }) =>
      withCrashPromise(stop, (crash) =>
        runResolveBack(settings, { screen, prompter: terminalPrompter, ...signals, crash }),
      ),
    )
    if (restored && error === undefined)
      output.write(`${terminalText(formatRestoredBeside(restored), output)}\n`)
    if (settings.format === 'json') {
      const { tool, version, runId, exitCode: code = null, failure = null } = record
      const json = {
        tool,
        version,
        command: 'resolve --back',
        runId,
        exitCode: code,
        plan,
        restored,
        failure,
      }
      console.log(formatJson({ ...json, plan: plan ?? null, restored: restored ?? null }))
    }
    if (error !== undefined) printError(error, settings)
    return record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}
