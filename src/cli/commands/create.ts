import { verdictOf } from '../../domain/down.js'
import { exitCode } from '../../domain/exit-code.js'
import { loadOfflineSettings } from '../../load-settings.js'
import { formatCreated } from '../../report/down-report.js'
import { formatJson } from '../../report/words.js'
import { createMigration } from '../../steps/down/create.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'
import { steersNothing } from '../printable.js'

/** Makes a migration folder. Exit code 3 where its way back does not lead back and no line of it says why. */
export async function runCreateCommand(name: string, flags: Flags): Promise<number> {
  try {
    const settings = await loadOfflineSettings('create', flags)
    const created = await createMigration(settings, name, new Date())
    const verdict = verdictOf(created)
    const code = verdict === 'wrong' ? exitCode.blocked : exitCode.passed
    const people = settings.format === 'text' ? process.stdout : process.stderr
    people.write(steersNothing(`${formatCreated(created)}\n`))
    if (settings.format === 'json') console.log(formatJson({ ...created, verdict, exitCode: code }))
    return code
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}
