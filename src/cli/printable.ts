import { withoutPasswords } from '../domain/secrets.js'
import { cleanLines } from '../report/words.js'

/** What others have written, such as names or a command line, can neither steer the terminal nor tell a password. */
export function printable(text: string): string {
  return cleanLines(withoutPasswords(text)).join('\n')
}
