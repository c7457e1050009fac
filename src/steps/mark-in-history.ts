import type { ProcessResult } from '../effects/run-process.js'
import { applicationName, type Tools } from './tools.js'

/**
 * Runs the project's own `prisma migrate resolve`, which marks a migration in the history and runs nothing of it.
 * @param effect its name in the record of effects
 */
export function markInHistory(
  name: string,
  as: 'applied' | 'rolled-back',
  effect: string,
  tools: Tools,
): Promise<ProcessResult> {
  const { prisma, project } = tools
  const schema = project.major < 7 ? ['--schema', project.schemaPath] : []
  return prisma.run({
    effect,
    arguments: ['migrate', 'resolve', `--${as}`, name, ...schema],
    applicationName: applicationName(tools, 'resolve'),
    readOnly: false,
  })
}
