import { exitCode } from '../domain/exit-code.js'
import { configBeingRead } from '../prisma/prisma-config.js'
import { printable } from './printable.js'

/**
 * Says that the process ends before the command does, which is no success: code of the project that runs in this process, such as
 * its configuration, has called process.exit, or waits for what never comes, so that Node has nothing left to do.
 * @returns the exit code
 */
export function printEndedFromWithin(): number {
  const file = configBeingRead()
  const [message, hint] = file
    ? [
        `${file} cannot be read: it ends the program (process.exit), or waits for what never comes`,
        'Correct the file: it must give its default export and go on.',
      ]
    : [
        'the program was ended before the command was done; only the configuration of the project can have called process.exit here',
        'Run npx migrate-guard status, which tells what is in the database, and take the call out of the configuration.',
      ]
  console.error(`error: ${printable(message)}\nhint: ${printable(hint)}`)
  return file ? exitCode.usage : exitCode.deployFailedChanged
}
