import { exitCode } from '../../domain/exit-code.js'
import { loadSettings } from '../../load-settings.js'
import { runResolve } from '../../recovery.js'
import { formatMigrationStanding } from '../../report/diagnosis-text.js'
import { formatJson } from '../../report/words.js'
import type { Resolved } from '../../steps/resolve/resolve.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { withCrashPromise, withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'
import { TerminalScreen } from '../terminal-screen.js'
import { terminalText } from '../terminal-text.js'

/** Resolves a migration that was started and never finished. Gives the exit code. */
export async function runResolveCommand(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('resolve', flags)
    const output = settings.format === 'text' ? process.stdout : process.stderr
    const screen = new TerminalScreen(output, settings)
    const { record, resolved, error } = await withStopSignal(terminalPrompter, ({ stop, ...signals }) =>
      withCrashPromise(stop, (crash) =>
        runResolve(settings, { screen, prompter: terminalPrompter, ...signals, crash }),
      ),
    )
    if (resolved && error === undefined) output.write(terminalText(formatResolved(resolved), output))
    if (settings.format === 'json') console.log(formatJson(asJson(record, resolved)))
    if (error !== undefined) printError(error, settings)
    return record.exitCode ?? exitCode.bug
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

function formatResolved({ migration, resolution, done, left }: Resolved): string {
  if (migration === undefined) return 'nothing to resolve: no migration is unfinished\n'
  const rest = left.length > 0 ? `; still unfinished: ${left.map((name) => `"${name}"`).join(', ')}` : ''
  return done ? `resolved: "${migration.name}" is ${doneWords[resolution.kind]}${rest}\n` : ''
}

const doneWords: Record<Resolved['resolution']['kind'], string> = {
  nothing: 'left as it is',
  'mark-rolled-back':
    'marked as rolled back, and nothing of it is in the database; run npx migrate-guard deploy when you are ready',
  'mark-applied': 'marked as applied, and all of it is in the database',
  'run-rest': 'run to its end and marked as applied',
  refuse: 'left as it is',
}

function asJson(
  record: Awaited<ReturnType<typeof runResolve>>['record'],
  resolved: Resolved | undefined,
): object {
  const { tool, version, command, runId, exitCode: code, failure = null } = record
  const { migration = null, standing = null, resolution = null, done = false, left = [] } = resolved ?? {}
  return {
    tool,
    version,
    command,
    runId,
    exitCode: code ?? null,
    migration,
    standing: standing && { ...standing, text: formatMigrationStanding(standing) },
    resolution,
    done,
    left,
    failure,
  }
}
