import { quoteIdentifier } from '../sql/names.js'
import { equals } from '../sql/operators.js'
import type { Node } from '../sql/parser.js'
import { NotFollowed } from './casts.js'
import { equalityOf, orderingOf } from './equality.js'
import { findColumn } from './lookup.js'
import type { Column, PartitionKey, Relation } from './model.js'
import { named, shown } from './named.js'
import { allRows, needInForce, type Rows } from './needs.js'
import { Rewriter } from './rewrite.js'
import { namesOf } from './tree.js'
import { columnsIn, opacityOf, sampleOf, type Walk } from './walk.js'

/**
 * Rows of a partitioned table are the rows of its partitions, each within its bounds; so what a statement writes to one
 * of the family changes the others. https://www.postgresql.org/docs/current/ddl-partitioning.html
 * @param changed the columns whose values are others, where the rows stay; else there are other rows
 */
export function followFamily(walk: Walk, relation: Relation, changed?: ReadonlySet<Column>): void {
  spreadToParts(walk, relation, changed)
  for (const parent of relation.parents) {
    if (isPartOf(relation, parent)) gatherPart(walk, parent, relation)
    else walk.blur(parent, `a statement writes to "${relation.name}", which inherits from "${parent.name}"`)
  }
}

/** Every new row is within the bounds of a partition, or of the one that it is put into. SQLSTATE 23514, as for a CHECK. */
export function needWithinBounds(walk: Walk, relation: Relation, rows = allRows(walk, relation)): void {
  if (relation.partitionKey) {
    const bounds = leavesOf(relation).map((leaf) => boundsOf(walk, leaf))
    const known = bounds.filter((bound) => bound !== undefined)
    needBounds(walk, relation, known.length > 0 ? known.join(' OR ') : 'false', rows, {
      title: `every row of ${shown(relation)} is within the bounds of a partition`,
      opaque:
        known.length < bounds.length ? [`the bounds of a partition of "${relation.name}" are not known`] : [],
    })
  }
  if (relation.bound) {
    const own = boundsOf(walk, relation)
    needBounds(walk, relation, own ?? 'true', rows, {
      title: `every row of ${shown(relation)} is within its bounds`,
      opaque: own === undefined ? [`the bounds of "${relation.name}" are not known`] : [],
    })
  }
}

/** The partitions that hold rows themselves: a partitioned partition without any takes none. */
function leavesOf({ children }: Relation): Relation[] {
  return children.flatMap((child) => (child.partitionKey ? leavesOf(child) : child))
}

/** A table becomes a part: its rows are rows of the parent from here on. */
export function addPart(walk: Walk, parent: Relation, child: Relation): void {
  const fallback = parent.children.find((one) => one !== child && one.bound?.is_default)
  const bounds = boundsOf(walk, child)
  if (fallback && !fallback.isEmpty && bounds !== undefined) {
    needBounds(walk, fallback, `NOT ${bounds}`, allRows(walk, fallback), {
      title: `no row of "${fallback.name}" is within the bounds of ${shown(child)}`,
      opaque: [],
    })
  }
  if (child.isEmpty) return
  needWithinBounds(walk, child)
  const list = columnsOf(parent)
  const source = `SELECT ${list} FROM ${walk.content.read(child)} AS c`
  const before = walk.content.read(parent)
  walk.content.replace(
    parent,
    parent.isEmpty ? source : `SELECT ${list} FROM ${before} AS p UNION ALL ${source}`,
  )
  parent.isEmpty = false
  shareOpacity(child, parent)
  needInForce(walk, parent, allRows(walk, parent), () => true)
  gatherUpwards(walk, parent)
}

/** A part goes, with its rows. */
export function removePart(walk: Walk, parent: Relation, child: Relation): void {
  if (child.isEmpty) return
  const bounds = boundsOf(walk, child)
  if (bounds === undefined) {
    walk.blur(parent, `"${child.name}" was a part of it`)
    return
  }
  const rows = `SELECT ${columnsOf(parent)} FROM ${walk.content.read(parent)} AS p WHERE NOT ${bounds}`
  walk.content.replace(parent, `${rows} OFFSET 0`)
  gatherUpwards(walk, parent)
}

function isPartOf(child: Relation, parent: Relation): boolean {
  return parent.partitionKey !== undefined && child.bound !== undefined
}

function spreadToParts(walk: Walk, parent: Relation, changed?: ReadonlySet<Column>): void {
  const staying = changed && isKeyAmong(parent, changed) ? undefined : changed
  for (const child of parent.children) {
    const bounds = isPartOf(child, parent) ? boundsOf(walk, child) : undefined
    if (bounds === undefined) {
      walk.blur(child, `a statement writes to "${parent.name}", of which "${child.name}" is a part`)
      continue
    }
    if (walk.inTransaction && !child.isEmpty)
      child.past.push({ source: walk.content.read(child), mayBeHeapOnly: true })
    const query = `SELECT ${columnsOf(child)} FROM ${walk.content.read(parent)} AS p WHERE ${bounds} OFFSET 0`
    const own = staying && sameNamed(child, staying)
    walk.content.replace(child, query, own ? { changed: own } : {})
    child.isEmpty = parent.isEmpty
    shareOpacity(parent, child)
    spreadToParts(walk, child, own)
  }
}

/** A row whose key is another may move into another partition. */
function isKeyAmong({ partitionKey }: Relation, changed: ReadonlySet<Column>): boolean {
  const keys = partitionKey?.keys.flatMap(({ column, expression }) => column ?? [...columnsIn(expression)])
  return keys?.some((column) => changed.has(column)) ?? true
}

function sameNamed(child: Relation, columns: ReadonlySet<Column>): Set<Column> {
  const names = new Set([...columns].map(({ name }) => name))
  return new Set(child.columns.filter(({ name }) => names.has(name)))
}

/** The rows of a part have changed: those that the parent had of it make way for them. */
function gatherPart(walk: Walk, parent: Relation, child: Relation): void {
  const bounds = boundsOf(walk, child)
  if (bounds === undefined) {
    walk.blur(parent, `a statement writes to "${child.name}", a part of "${parent.name}"`)
    return
  }
  const list = columnsOf(parent)
  const others = `SELECT ${list} FROM ${walk.content.read(parent)} AS p WHERE NOT ${bounds}`
  const own = `SELECT ${list} FROM ${walk.content.read(child)} AS c`
  walk.content.replace(parent, parent.isEmpty ? own : `${others} UNION ALL ${own}`)
  parent.isEmpty &&= child.isEmpty
  shareOpacity(child, parent)
  // A part that the migrations make has the constraints of its parent.
  if (child.live === undefined) needInForce(walk, parent, allRows(walk, parent), () => true)
  gatherUpwards(walk, parent)
}

function gatherUpwards(walk: Walk, relation: Relation): void {
  for (const parent of relation.parents) gatherPart(walk, parent, relation)
}

function shareOpacity(from: Relation, to: Relation): void {
  if (from.opaque !== undefined) to.opaque ??= from.opaque
  for (const column of to.columns) {
    const reason = findColumn(from, column.name)?.opaque
    if (reason !== undefined) column.opaque ??= reason
  }
}

function columnsOf({ columns }: Relation): string {
  return columns.map(({ name }) => quoteIdentifier(name)).join(', ') || '1 AS "~none"'
}

function needBounds(
  walk: Walk,
  relation: Relation,
  bounds: string,
  rows: Rows,
  { title, opaque }: { title: string; opaque: readonly string[] },
): void {
  const columns = relation.partitionKey?.keys.flatMap(({ column }) => column ?? []) ?? []
  walk.need({
    code: 'check-violation',
    sqlstate: '23514',
    ...named(relation),
    title,
    question: {
      kind: 'rows',
      from: rows.from,
      violation: `NOT (${bounds})`,
      sample: sampleOf(relation, columns),
    },
    opaque: [...rows.opaque, ...opaque, ...opacityOf(relation, columns)],
  })
}

/**
 * SQL, true for a row within the bounds of a partition and of those that it is a part of itself; undefined where they
 * are not known.
 */
function boundsOf(walk: Walk, child: Relation): string | undefined {
  const [parent] = child.parents
  if (!parent?.partitionKey || !child.bound) return undefined
  const outer = parent.bound ? boundsOf(walk, parent) : 'true'
  const own = ownBounds(walk, parent, parent.partitionKey, child)
  return outer === undefined || own === undefined ? undefined : `((${outer} AND ${own}) IS TRUE)`
}

function ownBounds(walk: Walk, parent: Relation, key: PartitionKey, child: Relation): string | undefined {
  const { bound } = child
  if (!bound) return undefined
  if (bound.is_default) {
    // A second default is refused; it must not be asked what the first one leaves out.
    const others = parent.children.filter((one) => !one.bound?.is_default)
    const bounds = others.map((one) => ownBounds(walk, parent, key, one))
    if (bounds.includes(undefined)) return undefined
    return bounds.length === 0 ? 'true' : `NOT (${bounds.join(' OR ')})`
  }
  const sql = (tree: Node) => new Rewriter(walk.content).expression(tree, [parent]).sql
  const keys = key.keys.map(({ column, expression }) =>
    column ? quoteIdentifier(column.name) : sql(expression as Node),
  )
  const bounded = keys.map((one, i) => {
    const type = key.keys[i]?.column?.type
    return { sql: one, equality: type ? equalityOf(type) : equals }
  })
  switch (bound.strategy) {
    case 'l':
      return listBounds(bounded[0], bound.listdatums, sql)
    case 'r':
      return rangeBounds(bounded, bound.lowerdatums, bound.upperdatums, sql)
    case 'h':
      // The server hashes; it wants to know by which table's key.
      return parent.oid === undefined
        ? undefined
        : `pg_catalog.satisfies_hash_partition(${parent.oid}::oid, ${bound.modulus}, ${bound.remainder ?? 0}, ${keys.join(', ')})`
    default:
      return undefined
  }
}

/** A part of the key, and by which operator its values are equal. */
interface Bounded {
  readonly sql: string
  readonly equality: string
}

function listBounds(
  { sql: key, equality }: Bounded = { sql: '', equality: equals },
  values: readonly Node[],
  sql: (tree: Node) => string,
): string {
  const isNull = values.some((one) => one.A_Const?.isnull)
  const equals = values.filter((one) => !one.A_Const?.isnull).map((one) => `${key} ${equality} ${sql(one)}`)
  return `((${[...(isNull ? [`${key} IS NULL`] : []), ...equals].join(' OR ')}) IS TRUE)`
}

/** Compared key by key; the lower bound belongs to the range, the upper one does not. */
function rangeBounds(
  keys: readonly Bounded[],
  lower: readonly Node[],
  upper: readonly Node[],
  sql: (tree: Node) => string,
): string {
  const isThere = keys.map((key) => `${key.sql} IS NOT NULL`)
  return `((${[...isThere, beyond(keys, lower, '>', sql), beyond(keys, upper, '<', sql)].join(' AND ')}) IS TRUE)`
}

function beyond(
  keys: readonly Bounded[],
  values: readonly Node[],
  operator: '>' | '<',
  sql: (tree: Node) => string,
): string {
  const [key, ...more] = keys
  const [value, ...rest] = values
  const edge = namesOf(value?.ColumnRef?.fields)[0]
  if (edge !== undefined) return String((edge === 'minvalue') === (operator === '>'))
  if (value === undefined) throw new NotFollowed('a partition has no bounds')
  const { sql: own = '', equality = equals } = key ?? {}
  const is = (name: string) => `${own} ${orderingOf(equality, name)} ${sql(value)}`
  if (more.length === 0) return is(operator === '>' ? '>=' : operator)
  return `(${is(operator)} OR (${own} ${equality} ${sql(value)} AND ${beyond(more, rest, operator, sql)}))`
}
