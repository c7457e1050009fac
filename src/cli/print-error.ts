import { GuardError } from '../domain/errors.js'
import { clean, cleanLines } from '../report/words.js'
import { exitCodeOf } from '../run.js'

/** Prints an error for a person, one sentence and a hint; the trace only for a bug or when asked for. */
export function printError(error: unknown, { debug }: { debug: boolean }): number {
  if (error instanceof GuardError) {
    printFailure(error)
    if (debug) console.error(error)
  } else {
    console.error('error: this is a bug in migrate-guard; please report it with the trace below')
    console.error(error)
  }
  return exitCodeOf(error)
}

/** One sentence, and what to do next. */
export function printFailure({ message, hint }: { readonly message: string; readonly hint: string }): void {
  console.error(`error: ${clean(message)}\nhint: ${cleanLines(hint).join('\n')}`)
}
