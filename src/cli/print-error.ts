import { inspect } from 'node:util'
import { GuardError } from '../domain/errors.js'
import { withoutPasswords } from '../domain/secrets.js'
import { clean } from '../report/words.js'
import { exitCodeOf } from '../run.js'
import { printable } from './printable.js'
import { terminalText } from './terminal-text.js'

/** Prints an error for a person, one sentence and a hint; the trace only for a bug or when asked for. */
export function printError(error: unknown, { debug }: { debug: boolean }): number {
  if (error instanceof GuardError) {
    printFailure(error)
    if (debug) console.error(printable(inspect(error)))
  } else {
    console.error('error: this is a bug in migrate-guard; please report it with the trace below')
    console.error(printable(inspect(error)))
  }
  return exitCodeOf(error)
}

/** One sentence, and what to do next. */
export function printFailure({ message, hint }: { readonly message: string; readonly hint: string }): void {
  const text = `error: ${clean(withoutPasswords(message))}\nhint: ${printable(hint)}`
  console.error(terminalText(text, process.stderr))
}
