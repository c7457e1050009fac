import type { CatalogDifference } from '../domain/catalog-object.js'
import type { Definition } from '../postgres/definitions/definition.js'
import { quoteIdentifier } from '../sql/names.js'
import { nameOn } from './renames.js'
import { oneWay, type Step } from './step.js'

/** Comes and goes with what it belongs to, where nobody can make it by itself. */
const parts: ReadonlySet<string> = new Set(['index', 'constraint', 'trigger', 'sequence'])

/** Whether an object has no statement of its own: an index behind a key, the sequence of an identity, a view's column. */
export function comesWithWhole(kind: string, definition: Definition | undefined): boolean {
  if (definition === undefined) return kind === 'column'
  if (kind === 'column') return /^(MATERIALIZED )?VIEW /.test(definition.on ?? '')
  return parts.has(kind) && definition.create === undefined
}

/**
 * Takes away what the statement made.
 * @param isConcurrent the index was built without blocking writes, and goes the same way
 */
export function dropOf(
  { kind, name }: Pick<CatalogDifference, 'kind' | 'name'>,
  definition: Definition | undefined,
  isConcurrent: boolean,
): Step | undefined {
  if (comesWithWhole(kind, definition)) return undefined
  const { on = '', own = '' } = definition ?? {}
  const quoted = quoteIdentifier(own)
  switch (kind) {
    case 'column':
      return oneWay(`ALTER ${on} DROP ${on.startsWith('TYPE ') ? 'ATTRIBUTE' : 'COLUMN'} ${quoted}`)
    case 'constraint':
      return oneWay(`ALTER ${on} DROP CONSTRAINT ${quoted}`)
    case 'trigger':
    case 'rule':
    case 'policy':
      return oneWay(`DROP ${kind.toUpperCase()} ${quoted} ON ${nameOn(on)}`)
    case 'index':
      return oneWay(`DROP INDEX ${isConcurrent ? 'CONCURRENTLY ' : ''}${definition?.name ?? name}`)
    case 'default privileges':
    case 'database':
    case 'large object':
      return undefined
    default:
      return oneWay(`DROP ${kind.toUpperCase()} ${definition?.name ?? name}`)
  }
}

/** What depends on others goes first; the server tells where that is not enough. */
const order: readonly string[] = [
  'event trigger',
  'publication',
  'trigger',
  'policy',
  'rule',
  'view',
  'materialized view',
  'constraint',
  'index',
  'statistics',
  'column',
  'table',
  'foreign table',
  'sequence',
]

/** The place of a kind among those that are dropped; what is made again comes the other way round. */
export function dropRank(kind: string): number {
  const at = order.indexOf(kind)
  if (at !== -1) return at
  return kind === 'schema' || kind === 'extension' ? order.length + 1 : order.length
}
