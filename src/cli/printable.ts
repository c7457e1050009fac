import { withoutPasswords } from '../domain/secrets.js'
import { cleanLines } from '../report/words.js'

/** What others have written, such as names or a command line, can neither steer the terminal nor tell a password. */
export function printable(text: string): string {
  return cleanLines(withoutPasswords(text)).join('\n')
}

/** A report, or another text of many lines, as it may stand on a terminal: whoever names a table chooses what we print. */
export function steersNothing(text: string): string {
  return cleanLines(text).join('\n') + (text.endsWith('\n') ? '\n' : '')
}
