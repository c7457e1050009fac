import { exitCode } from '../../domain/exit-code.js'
import { loadSettings } from '../../load-settings.js'
import { clean, formatJson } from '../../report/words.js'
import { examine } from '../../steps/examine.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'

/** Prints one line for each thing that a deploy needs. Exit code 3 when one is missing or could not be looked at. */
export async function runDoctor(flags: Flags): Promise<number> {
  try {
    const settings = await loadSettings('doctor', flags)
    const examinations = await examine(settings)
    if (settings.format === 'json') console.log(formatJson(examinations))
    else {
      for (const { subject, outcome, found, hint } of examinations) {
        console.log(`${subject.padEnd(11)} ${outcome.padEnd(8)} ${clean(found)}`)
        if (hint) console.log(`${' '.repeat(21)}hint: ${clean(hint)}`)
      }
    }
    return examinations.every(({ outcome }) => outcome === 'passed' || outcome === 'warned')
      ? exitCode.passed
      : exitCode.blocked
  } catch (error) {
    return printError(error, { debug: flags.debug === true })
  }
}
