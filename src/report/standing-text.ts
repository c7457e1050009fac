import type { Standing } from '../domain/standing.js'
import { plural } from './words.js'

/** So many objects are named; the rest is counted. */
const namedObjects = 10

/** How much of the pending migrations is in the database, in the words that every report uses. */
export function formatStanding(standing: Standing): string {
  switch (standing.kind) {
    case 'unchanged':
      return 'unchanged'
    case 'prefix': {
      const { applied, pending } = standing
      return `exactly the first ${applied.length} of ${plural(applied.length + pending.length, 'migration')} applied`
    }
    case 'all':
      return 'fully applied'
    case 'part':
      return `partly applied: ${formatPart(standing)}`
    case 'unknown':
      return `unknown: ${standing.why}`
  }
}

function formatPart({ migration, statements, objects }: Extract<Standing, { kind: 'part' }>): string {
  const ran = statements ? [`the first ${plural(statements, 'statement')} of "${migration}"`] : []
  const more = objects.length - namedObjects
  const named = [...objects.slice(0, namedObjects), ...(more > 0 ? [`${more} more`] : [])].join(', ')
  const parts = [...ran, ...(named ? [named] : [])]
  return parts.length > 0 ? parts.join(': ') : `something of "${migration}"`
}
