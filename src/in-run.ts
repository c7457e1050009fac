import { join } from 'node:path'
import type { RunRecord } from './domain/run-record.js'
import type { Surroundings } from './domain/surroundings.js'
import { asMachineTrouble } from './effects/machine-trouble.js'
import { withScratchFolder } from './effects/private-files.js'
import { withShownValues } from './effects/shown-values.js'
import { readVersion } from './effects/version.js'
import { asServerTrouble } from './postgres/connection.js'
import { withPlainKeyFiles } from './postgres/key-files.js'
import { formatStepLine } from './report/screen.js'
import { Run } from './run.js'
import type { Settings } from './settings/settings.js'
import { writeReports } from './steps/report.js'
import type { Tools } from './steps/tools.js'
import { makeTools } from './tools.js'

/** How a run ended: its record, and where the report lies. */
export interface RunResult {
  readonly record: RunRecord
  /** Absent for a run that leaves nothing behind. */
  readonly reportPath?: string
  /** What ended the run before its end; absent when all went well. */
  readonly error?: unknown
  /** How long the run waited for others before it made its plan; absent when it did not. */
  readonly waitedMs?: number
}

/** Every program of the run finds certificate and key of the client as it can read them. */
async function withPlainKeys(settings: Settings, scratchFolder: string): Promise<Settings> {
  const { target, rehearsal } = settings
  const { url } = rehearsal
  return {
    ...settings,
    target: await withPlainKeyFiles(target, join(scratchFolder, 'tls-target')),
    rehearsal: {
      ...rehearsal,
      ...(url ? { url: await withPlainKeyFiles(url, join(scratchFolder, 'tls-rehearsal')) } : {}),
    },
  }
}

/** Opens the run, does the work, and writes record and report whatever happens. */
export async function inRun(
  settings: Settings,
  surroundings: Surroundings,
  work: (run: Run, tools: Tools) => Promise<void>,
): Promise<RunResult> {
  const { backupsPath, target, command, dryRun } = settings
  const leavesFolder = ['deploy', 'rehearse', 'verify', 'baseline', 'rollback'].includes(command)
  const run = await Run.open({
    ...(leavesFolder ? { backupsPath } : {}),
    command:
      dryRun && ['deploy', 'baseline', 'rollback'].includes(command) ? `${command} --dry-run` : command,
    version: readVersion(),
    database: target.database,
    onStep: (name, step) => {
      if (step.outcome === 'running' || name === 'report') return
      // What the step was at is over with it.
      surroundings.screen.clearProgress()
      surroundings.screen.print(formatStepLine(name, step))
    },
  })
  let error: unknown
  try {
    await withShownValues(settings.showValues, () =>
      withScratchFolder(async (scratchFolder) => {
        const folders = { runId: run.record.runId, runFolder: run.folder ?? scratchFolder, scratchFolder }
        const working = withPlainKeys(settings, scratchFolder)
          .then((readable) => makeTools(readable, surroundings, folders))
          .then((tools) => work(run, tools))
        await (surroundings.crash ? Promise.race([working, surroundings.crash]) : working)
      }),
    )
  } catch (caught) {
    error = asMachineTrouble(asServerTrouble(caught))
  }
  surroundings.screen.clearProgress()
  await run.end(error)
  const reportPath = await run.report(writeReports)
  return {
    record: run.record,
    ...(reportPath ? { reportPath } : {}),
    ...(error === undefined ? {} : { error }),
  }
}
