import { isBlocking } from '../../domain/finding.js'
import type { OfflinePlan } from '../../domain/plan.js'
import { loadOfflineSettings } from '../../load-settings.js'
import { formatFindings } from '../../report/findings-text.js'
import { makeJsonReport } from '../../report/json.js'
import { formatMarkdownReport } from '../../report/markdown.js'
import { formatOfflinePlan } from '../../report/plan-text.js'
import { formatJson } from '../../report/words.js'
import { makeOfflineRecord } from '../../run.js'
import type { OfflineSettings } from '../../settings/settings.js'
import { assertNothingBlocks } from '../../steps/accept.js'
import { planOffline } from '../../steps/plan-offline.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { steersNothing } from '../printable.js'
import { terminalText } from '../terminal-text.js'

/** Prints what the files alone tell. Exit code 3 when something in them blocks. */
export async function runOfflinePlan(flags: Flags): Promise<number> {
  try {
    const startedAt = new Date()
    const settings = await loadOfflineSettings('plan', flags)
    const plan = await planOffline(settings)
    const error = errorOf(() => assertNothingBlocks(plan, settings.failOn))
    const record = makeOfflineRecord(plan, startedAt, error)
    // A program reads standard output: what is for people goes to the other one.
    const output = settings.format === 'text' ? process.stdout : process.stderr
    output.write(terminalText(formatForPeople(plan, settings), output))
    if (settings.format === 'json') console.log(formatJson(makeJsonReport(record)))
    if (settings.format === 'markdown') console.log(steersNothing(formatMarkdownReport(record)))
    if (error !== undefined) printError(error, settings)
    return record.exitCode ?? 0
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}

function formatForPeople(plan: OfflinePlan, { quiet, verbose }: OfflineSettings): string {
  const findings = plan.findings.filter((one) => isBlocking(one) || (!quiet && one.verdict === 'warn'))
  const found = formatFindings(findings, { isVerbose: verbose })
  return `${[formatOfflinePlan(plan), ...found].join('\n\n')}\n`
}

function errorOf(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
