import { exitCode } from '../../domain/exit-code.js'
import { loadSettings } from '../../load-settings.js'
import { formatPastRuns, makePastRun, type PastRun } from '../../report/past-runs.js'
import { formatJson } from '../../report/words.js'
import type { Settings } from '../../settings/settings.js'
import { passedOver } from '../../steps/run-folder/passed-over.js'
import { readRuns } from '../../steps/run-folder/runs.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { terminalText } from '../terminal-text.js'

interface PastRuns {
  readonly runs: readonly PastRun[]
  /** Run folders that cannot be read, a sentence each. */
  readonly unreadable: readonly string[]
}

/** Prints what was run against this database, by the run folders. Opens no database. */
export async function runHistory(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('history', flags)
    const { runs, unreadable } = await findPastRuns(settings, flags.all === true)
    if (settings.format === 'json') console.log(formatJson({ command: 'history', runs, unreadable }))
    else {
      const lines = [...passedOver(unreadable), ...formatPastRuns(runs, settings.backupsPath)]
      console.log(terminalText(lines.join('\n'), process.stdout))
    }
    return exitCode.passed
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

async function findPastRuns(
  { backupsPath, mostRuns, target }: Settings,
  ofAllDatabases: boolean,
): Promise<PastRuns> {
  const runs: PastRun[] = []
  const unreadable: string[] = []
  for await (const run of readRuns(backupsPath)) {
    if (runs.length === mostRuns) break
    if (run.problem !== undefined) {
      unreadable.push(run.problem)
      continue
    }
    const past = makePastRun(run.record)
    const isOurs = past.database === target.database && past.server === `${target.host}:${target.port}`
    if (ofAllDatabases || isOurs) runs.push(past)
  }
  return { runs, unreadable }
}
