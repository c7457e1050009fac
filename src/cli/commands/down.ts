import { verdictOf } from '../../domain/down.js'
import { exitCode } from '../../domain/exit-code.js'
import { loadOfflineSettings } from '../../load-settings.js'
import { formatDownWritten } from '../../report/down-report.js'
import { formatJson } from '../../report/words.js'
import { writeDown } from '../../steps/down/write-down.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { steersNothing } from '../printable.js'

/** Writes the down.sql of a migration. Exit code 3 where it does not lead back and no line of it says why. */
export async function runDownCommand(name: string, flags: Flags): Promise<number> {
  try {
    const settings = await loadOfflineSettings('down', flags)
    const printOnly = flags.print === true
    const written = await writeDown(settings, { name, force: flags.force === true, printOnly })
    const verdict = verdictOf(written)
    const code = verdict === 'wrong' ? exitCode.blocked : exitCode.passed
    // A program reads standard output: what is for people goes to the other one.
    const people = settings.format === 'text' && !printOnly ? process.stdout : process.stderr
    people.write(steersNothing(`${formatDownWritten(written)}\n`))
    if (settings.format === 'json') console.log(formatJson({ ...written, verdict, exitCode: code }))
    else if (printOnly) process.stdout.write(steersNothing(written.text))
    return code
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}
