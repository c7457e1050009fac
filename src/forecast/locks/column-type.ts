import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { CatalogModel, Column, ColumnType, IndexObject } from '../model.js'
import { namesOf } from '../tree.js'
import { typeOf } from '../types.js'

/** The type that a statement names; undefined for one that is not known. */
export function typeNamed(catalog: CatalogModel, typeName: Node | undefined): ColumnType | undefined {
  try {
    return typeName && typeOf(catalog, typeName)
  } catch (error) {
    if (error instanceof NotFollowed) return undefined
    throw error
  }
}

/**
 * ALTER COLUMN TYPE writes every row anew unless the old values may stand as they are.
 * https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
 */
export function typeChangeRewrites(
  catalog: CatalogModel,
  column: Column,
  to: ColumnType,
  using?: Node,
): boolean {
  const steps = using ? castsIn(catalog, using, column) : []
  if (!steps) return true
  let from = column.type
  for (const step of [...steps, to]) {
    if (!isRelabelling(catalog, from, step)) return true
    from = step
  }
  return false
}

/** The types that USING takes the column through; undefined when it does more than cast. */
function castsIn(catalog: CatalogModel, using: Node, column: Column): ColumnType[] | undefined {
  if (using.ColumnRef) return namesOf(using.ColumnRef.fields).at(-1) === column.name ? [] : undefined
  const cast: Node | undefined = using.TypeCast
  const type = typeNamed(catalog, cast?.typeName)
  const before = cast?.arg && castsIn(catalog, cast.arg, column)
  return type && before ? [...before, type] : undefined
}

function isRelabelling(catalog: CatalogModel, from: ColumnType, to: ColumnType): boolean {
  if (from.object === to.object && from.isArray === to.isArray) {
    return areWider(from.object.name, from.modifiers, to.modifiers, to.isArray)
  }
  if (from.isArray || to.isArray) return false
  const { base } = to.object
  if (base) {
    const isConstrained = to.object.domainNotNull || (to.object.domainChecks ?? []).length > 0
    return !isConstrained && isRelabelling(catalog, from, base)
  }
  // What the modifiers of a domain were is forgotten when its values are taken out.
  if (from.object.base) return isRelabelling(catalog, { ...from.object.base, modifiers: '' }, to)
  const names = [from.object.name, to.object.name]
  if (names.every((name) => name === 'timestamp' || name === 'timestamptz')) {
    return isUtc(catalog.timeZone) && areWider(to.object.name, '', to.modifiers, false)
  }
  return to.modifiers === '' && binaryCoercible.has(names.join(' '))
}

/** Pairs of `pg_cast` without a function that a column can come to by itself. */
const binaryCoercible = new Set([
  ...[
    'varchar text',
    'text varchar',
    'varchar bpchar',
    'text bpchar',
    'bit varbit',
    'varbit bit',
    'cidr inet',
  ],
  ...[
    'xml text',
    'xml varchar',
    'xml bpchar',
    'citext text',
    'text citext',
    'citext varchar',
    'varchar citext',
  ],
])

/** The modifiers take less and less away from the values, or nothing. */
function areWider(type: string, from: string, to: string, isArray: boolean): boolean {
  const before = numbersIn(type, from)
  const after = numbersIn(type, to)
  if (after.length === 0 || before.join() === after.join()) return true
  if (isArray) return false
  const [old, oldScale] = before
  const [now = 0, scale] = after
  if (temporal.has(type) && now === maximalPrecision) return true
  if (old === undefined || old > now) return false
  return type === 'numeric'
    ? scale === oldScale
    : type === 'varchar' || type === 'varbit' || temporal.has(type)
}

const temporal = new Set(['timestamp', 'timestamptz', 'time', 'timetz', 'interval'])

/** Microseconds: https://www.postgresql.org/docs/current/datatype-datetime.html */
const maximalPrecision = 6

/** `numeric(10)` is `numeric(10,0)`. Of `interval(3)` the parser gives the fields first. */
function numbersIn(type: string, modifiers: string): number[] {
  const numbers = (modifiers.match(/\d+/g) ?? []).map(Number)
  if (type === 'numeric' && numbers.length === 1) return [...numbers, 0]
  return type === 'interval' ? numbers.slice(-1) : numbers
}

function isUtc(timeZone: string | undefined): boolean {
  return (
    timeZone !== undefined && /^(Etc\/)?(UTC|UCT|GMT|GMT[+-]?0|Universal|Zulu|Greenwich)$/i.test(timeZone)
  )
}

/**
 * An index on a column whose type changes keeps its file when the values stay, in the same order, and nothing has to be
 * computed anew.
 */
export function indexSurvives(
  index: IndexObject,
  column: Column,
  to: ColumnType,
  collation: string | undefined,
): boolean {
  if (index.predicate || index.keys.some(({ expression }) => expression)) return false
  return index.keys
    .filter((key) => key.column === column)
    .every(
      (key) =>
        orderingOf(column.type) === orderingOf(to) &&
        (key.collation ?? column.collation) === (key.collation ?? collation),
    )
}

/** Types that share an operator class. */
function orderingOf({ object, isArray }: ColumnType): string {
  if (object.base) return orderingOf(object.base)
  const name = object.name === 'varchar' ? 'text' : object.name === 'cidr' ? 'inet' : object.name
  return isArray ? `${name}[]` : name
}

export function isConstrainedDomain({ object, isArray }: ColumnType): boolean {
  if (isArray || object.kind !== 'domain') return false
  const isConstrained = object.domainNotNull || (object.domainChecks ?? []).length > 0
  return isConstrained || (object.base !== undefined && isConstrainedDomain(object.base))
}
