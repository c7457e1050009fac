import { GuardError } from '../domain/errors.js'
import { exitCodeOf } from '../run.js'

/** Prints an error for a person, one sentence and a hint; the trace only for a bug or when asked for. */
export function printError(error: unknown, { debug }: { debug: boolean }): number {
  if (error instanceof GuardError) {
    console.error(`error: ${error.message}\nhint: ${error.hint}`)
    if (debug) console.error(error)
  } else {
    console.error('error: this is a bug in migrate-guard; please report it with the trace below')
    console.error(error)
  }
  return exitCodeOf(error)
}
