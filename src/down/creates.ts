import type { CatalogDifference } from '../domain/catalog-object.js'
import type { Definition } from '../postgres/definitions/definition.js'
import { quoteIdentifier } from '../sql/names.js'
import { comesWithWhole } from './drops.js'
import { oneWay, type Step } from './step.js'

/** Makes again what the statement took away, as it was defined. Rows and values do not come back with it. */
export function createOf(
  { kind }: Pick<CatalogDifference, 'kind'>,
  definition: Definition | undefined,
  isConcurrent: boolean,
): Step | undefined {
  if (definition === undefined || comesWithWhole(kind, definition)) return undefined
  if (kind === 'column') return columnBack(definition)
  if (definition.create === undefined) return undefined
  if (kind !== 'index' || !isConcurrent) return oneWay(definition.create)
  return oneWay(definition.create.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY '))
}

/**
 * NOT NULL comes as a statement of its own where the column has nothing to fill it with: between the two is the place for
 * an UPDATE that brings the values back.
 */
function columnBack({ on = '', own, column }: Definition): Step | undefined {
  if (column === undefined) return undefined
  const { type, generated, default: value, notNull } = column
  const name = quoteIdentifier(own)
  if (on.startsWith('TYPE ')) return oneWay(`ALTER ${on} ADD ATTRIBUTE ${name} ${type}`)
  const filled = generated ?? (value === undefined ? undefined : `DEFAULT ${value}`)
  const add = `ALTER ${on} ADD COLUMN ${[name, type, filled].filter(Boolean).join(' ')}`
  if (!notNull) return oneWay(add)
  if (filled !== undefined) return oneWay(`${add} NOT NULL`)
  return oneWay(add, `ALTER ${on} ALTER COLUMN ${name} SET NOT NULL`)
}
