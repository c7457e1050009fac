import { DeployError } from '../../domain/errors.js'
import type { Tools } from '../tools.js'

/** The attempt came to nothing, or not to its end; the next one looks anew. */
export function notResolved(message: string, { signal }: Pick<Tools, 'signal'>): DeployError {
  return new DeployError('not-resolved', message, {
    databaseUnchanged: false,
    hint: `${signal.aborted ? 'When you are ready,' : 'Fix the cause, then'} run the command again: it looks anew what is in the database.`,
  })
}
