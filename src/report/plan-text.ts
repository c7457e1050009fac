import type { Plan } from '../domain/plan.js'
import { clean, formatBytes, plural } from './words.js'

const shownChanges = 8

/** What would run where, and how: for `plan`, and above the question. */
export function formatPlan(plan: Plan): string {
  const { target, pending } = plan
  const lines = [
    `target      ${clean(target.database)} on ${clean(target.host)}:${target.port} as ${clean(target.user)}`,
    `server      PostgreSQL ${clean(target.serverVersion)}, database of ${formatBytes(target.databaseSizeBytes)}`,
    `plan        ${plan.hash.slice(0, 12)}, ${plural(pending.length, 'pending migration')}`,
  ]
  for (const { name, statements, execution, dataChanges } of pending) {
    lines.push(`  ${clean(name)}: ${plural(statements.length, 'statement')}, ${execution.mode}`)
    if (execution.reason) lines.push(`    ${clean(execution.reason)}`)
    for (const { kind, line, text } of dataChanges.slice(0, shownChanges)) {
      lines.push(`    ${kind === 'drop' ? 'drops' : 'rewrites'} data, line ${line}: ${clean(text)}`)
    }
    const more = dataChanges.length - shownChanges
    if (more > 0) lines.push(`    … and ${more} more`)
  }
  return lines.join('\n')
}
