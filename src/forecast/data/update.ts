import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { equalityOf, isDistinct } from '../equality.js'
import { needNoTransientExclusion } from '../exclusion.js'
import { followFamily, needWithinBounds } from '../family.js'
import { findRelation } from '../lookup.js'
import { mayRaise } from '../may-raise.js'
import type { Column, Relation } from '../model.js'
import { named, shown } from '../named.js'
import { allRows, needConstant, needEvaluation, needInForce, type Rows } from '../needs.js'
import { putOffReferences } from '../put-off-checks.js'
import { emptyScope, Rewriter, type Rewritten, type Scope } from '../rewrite.js'
import { namesOf } from '../tree.js'
import { FiredTriggers } from '../triggers/fired.js'
import { columnsIn, opacityOf, sampleOf, type Walk } from '../walk.js'
import { type Assignment, assignmentsOf } from './assignments.js'
import { canBeFound, dependsOnPlan, orderOf } from './condition-order.js'
import { recomputed } from './generated.js'
import { type FoundHits, findHits } from './hits.js'
import { followReferences } from './references.js'
import { oldName, type Target, targetOf } from './target.js'
import { type UniqueJoin, uniqueJoinOf } from './unique-join.js'

/** UPDATE … SET … [FROM …] [WHERE …]. Gives the link that holds the rows hit, for RETURNING. */
export async function followUpdate(
  walk: Walk,
  node: Node,
  scope: Scope = emptyScope,
): Promise<string | undefined> {
  const target = targetOf(walk, node.relation)
  const { relation } = target
  if (relation.isEmpty) return undefined
  const assignments = assignmentsOf(walk, node.targetList, relation, {
    ...scope,
    // A join computes the new values of the rows hit alone.
    ...(node.fromClause ? {} : { rowNumber: 'pg_catalog.row_number() OVER (PARTITION BY "~hit") - 1' }),
  })
  const where = node.whereClause
    ? new Rewriter(walk.content, scope).expression(node.whereClause, [relation])
    : undefined
  const from = node.fromClause ? new Rewriter(walk.content, scope).from(node.fromClause) : undefined
  const isVolatile = [where, from].some((one) => one?.isVolatile)
  const unknown = [
    ...(where?.opaque ?? []),
    ...(from?.opaque ?? []),
    ...(relation.opaque === undefined ? [] : [relation.opaque]),
  ]
  const joined = await hitsInOrder(walk, target, node, scope, { where, from, opaque: unknown, assignments })
  unknown.push(...joined.opaque)
  const opaque = isVolatile ? [...unknown, 'its condition is random'] : unknown
  const changed = new Set(assignments.map(({ column }) => column))
  const triggers = FiredTriggers.of(walk, relation, 'update', changed, opaque)
  const made = makeLink(walk, target, joined, assignments, triggers !== undefined)
  if (await triggers?.hitsNothing(made)) return undefined
  const opaqueNew = opaqueColumns(assignments, opaque)
  const before = await triggers?.before(made, opaqueNew)
  const link = before?.link ?? made
  for (const column of before?.assigned.keys() ?? []) changed.add(column)

  walk.watcher.updated(relation, {
    from: `${link} AS "~new"`,
    alias: '"~new"',
    isHit: '"~new"."~hit"',
    changes: assignments.map(({ column, tree }) => ({
      column,
      old: `"~new".${oldName(column)}`,
      now: `"~new".${quoteIdentifier(column.name)}`,
      tree,
    })),
    hasCondition: node.whereClause !== undefined,
    opaque: [...opaque, ...assignments.flatMap((one) => one.opaque)],
    opaqueHits: opaque,
  })
  for (const sequence of assignments.flatMap(({ takes }) => takes))
    sequence.taken.push(`(SELECT pg_catalog.count(*) FROM ${link} AS c WHERE "~hit")`)
  if (walk.inTransaction) {
    const mayBeHeapOnly = !isIndexed(relation, (column) => changed.has(column))
    relation.past.push({ source: target.before, mayBeHeapOnly })
  }
  const wasOpaque = opacityOf(relation, changed)
  for (const { column, opaque: reasons } of assignments)
    setOpacity(column, [...opaque, ...reasons], node.whereClause === undefined && from === undefined)
  const list = recomputed(walk, relation, changed)
  const isComputed = relation.columns.some(({ generated }) => generated)
  walk.content.replace(
    relation,
    `SELECT ${list} FROM ${link} AS ${quoteIdentifier(relation.name)}${isComputed ? ' OFFSET 0' : ''}`,
    { changed },
  )
  for (const [column, reason] of before?.assigned ?? []) {
    if (reason !== undefined) column.opaque = reason
  }
  if (before?.dropsOpaque !== undefined) walk.blur(relation, before.dropsOpaque)

  if (before === undefined) needValues(walk, target, node, { assignments, link, opaque, unknown })
  else needEvaluation(walk, relation, opaque)
  const rows = allRows(walk, relation)
  needWithinBounds(walk, relation, rows)
  const changedRows = (moved: readonly Column[]): Rows => {
    const set = moved.filter((one) => assignments.some(({ column }) => column === one))
    const isMoved = set.map((one) =>
      isDistinct(`h.${quoteIdentifier(one.name)}`, `h.${oldName(one)}`, one.type),
    )
    const condition = ['"~hit"', ...(isMoved.length > 0 ? [`(${isMoved.join(' OR ')})`] : [])].join(' AND ')
    const alias = quoteIdentifier(relation.name)
    return { from: `(SELECT h.* FROM ${link} AS h WHERE ${condition}) AS ${alias}`, opaque, holdsOld: false }
  }
  needInForce(
    walk,
    relation,
    { ...rows, opaque: [...rows.opaque, ...opaque] },
    (column) => changed.has(column),
    isComputed ? undefined : changedRows,
  )
  needNoTransientDuplicates(walk, target, link, assignments)
  needNoTransientExclusion(walk, relation, link, changed)
  putOffReferences(walk, relation, { link, kind: 'update', changed, opaque: [...opaque, ...wasOpaque] })
  await followReferences(walk, relation, { kind: 'update', link, changed, opaque })
  await triggers?.after(link, opaqueNew)
  followFamily(walk, relation, changed)
  return link
}

/** Why the new values of columns cannot be known. */
function opaqueColumns(
  assignments: readonly Assignment[],
  opaque: readonly string[],
): Map<Column, string | undefined> {
  return new Map(assignments.map((one) => [one.column, opaque[0] ?? one.opaque[0]]))
}

function isIndexed({ indexes }: Relation, isChanged: (column: Column) => boolean): boolean {
  return indexes.some(({ keys, included, predicate }) =>
    [
      ...keys.flatMap(({ column, expression }) => column ?? [...columnsIn(expression)]),
      ...included,
      ...columnsIn(predicate),
    ].some(isChanged),
  )
}

/** Rows hit, as a FROM item that has all columns of the target under its alias, and whether each is hit. */
interface Hits {
  readonly from: string
  /** SQL, true for a row that is hit. */
  readonly isHit: string
  /** SQL of the new value of each assignment, where the join computes it. */
  readonly values?: readonly string[]
}

interface Parts {
  readonly where: Rewritten | undefined
  readonly from: Rewritten | undefined
  readonly opaque: readonly string[]
  readonly assignments: readonly Assignment[]
}

/** The condition is asked in the order in which the server will, where that may matter. */
async function hitsInOrder(
  walk: Walk,
  target: Target,
  node: Node,
  scope: Scope,
  parts: Parts,
): Promise<Hits & { readonly opaque: readonly string[] }> {
  const written = hitsOf(walk, target, node, scope, parts)
  const { where, from, opaque, assignments } = parts
  if (opaque.length > 0 || where?.isVolatile || from?.isVolatile) return { ...written, opaque: [] }
  const order = await orderOf(walk, target, node.whereClause, { where, from, written })
  if (order.kind === 'any') return { ...written, opaque: [] }
  const { reason } = order.kind === 'unknown' ? order : { reason: undefined }
  if (reason !== undefined)
    return { ...hitsOf(walk, target, node, scope, { ...parts, opaque: [reason] }), opaque: [reason] }
  const found = findHits(walk, target, {
    from: from?.sql,
    where: where?.sql,
    values: from ? assignments.map(({ value }) => value) : [],
    asPlanned: true,
  })
  if (!(await canBeFound(walk, target.relation, found.link)))
    return {
      ...hitsOf(walk, target, node, scope, { ...parts, opaque: [dependsOnPlan] }),
      opaque: [dependsOnPlan],
    }
  return { ...(from ? joinHits(target, found, assignments) : markHits(target, found)), opaque: [] }
}

function hitsOf(
  walk: Walk,
  target: Target,
  node: Node,
  scope: Scope,
  { where, from, opaque, assignments }: Parts,
): Hits {
  // Which rows are hit is not known, and the condition and the values may name what does not exist today.
  if (opaque.length > 0) {
    const old = assignments.map(({ column }) => `${target.alias}.${quoteIdentifier(column.name)}`)
    return { ...hitsByCondition(target, 'false', assignments), values: old }
  }
  if (from === undefined) return hitsByCondition(target, where?.sql, assignments)
  const isNumbered = assignments.some(({ takes }) => takes.length > 0)
  const unique = isNumbered ? undefined : uniqueJoinOf(walk, target.relation, node, scope)
  return unique && where
    ? hitsByKey(target, unique, where.sql)
    : hitsByJoin(walk, target, from.sql, where?.sql, assignments)
}

/** The condition stands in a lateral item of its own, so that the target keeps its columns for whoever reads whole rows. */
function hitsByCondition(
  { before, alias }: Target,
  where: string | undefined,
  assignments: readonly Assignment[],
): Hits {
  const isHit = where === undefined ? 'true' : '"~h"."~hit"'
  const isNumbered = assignments.some(({ takes }) => takes.length > 0)
  if (where === undefined && !isNumbered) return { from: `${before} AS ${alias}`, isHit }
  return {
    from: `${before} AS ${alias} CROSS JOIN LATERAL (SELECT ${where ?? 'true'} IS TRUE AS "~hit" OFFSET 0) AS "~h"`,
    isHit,
  }
}

/** The same, where the rows are found already. */
function markHits({ alias }: Target, { before, link, on }: FoundHits): Hits {
  return {
    from: `${before} AS ${alias} LEFT JOIN ${link} AS "~f" ON ${on('"~f"')} CROSS JOIN LATERAL (SELECT "~f"."~k0" IS NOT NULL AS "~hit" OFFSET 0) AS "~h"`,
    isHit: '"~h"."~hit"',
  }
}

/** Each row meets at most one row of the other side. */
function hitsByKey({ before, alias }: Target, { source, alias: other }: UniqueJoin, where: string): Hits {
  const marked = `(SELECT src.*, true AS "~there" FROM ${source} AS src) AS ${other}`
  return {
    from: `${before} AS ${alias} LEFT JOIN ${marked} ON ${where}`,
    isHit: `${other}."~there" IS NOT NULL`,
  }
}

/** A row that meets several rows of the FROM list takes the values of one of them. */
function hitsByJoin(
  walk: Walk,
  target: Target,
  from: string,
  where: string | undefined,
  assignments: readonly Assignment[],
): Hits {
  const values = assignments.map(({ value }) => value)
  return joinHits(target, findHits(walk, target, { from, where, values, asPlanned: false }), assignments)
}

function joinHits(
  { alias }: Target,
  { before, link, on }: FoundHits,
  assignments: readonly Assignment[],
): Hits {
  return {
    from: `${before} AS ${alias} LEFT JOIN ${link} AS "~h" ON ${on('"~h"')}`,
    isHit: '"~h"."~k0" IS NOT NULL',
    values: assignments.map((_, i) => `"~h"."~v${i}"`),
  }
}

/**
 * The rows with their new values, the old values beside them, and whether each was hit.
 * @param isOldKept the old values of every column, not just of those that are set
 */
function makeLink(
  walk: Walk,
  { relation, alias }: Target,
  { from, isHit, values }: Hits,
  assignments: readonly Assignment[],
  isOldKept: boolean,
): string {
  const assigned = new Map(assignments.map(({ column, value }, i) => [column, values?.[i] ?? value]))
  const list = relation.columns.flatMap((column) => {
    const name = quoteIdentifier(column.name)
    const old = `${alias}.${name}`
    const value = assigned.get(column)
    if (value === undefined)
      return [`${old} AS ${name}`, ...(isOldKept ? [`${old} AS ${oldName(column)}`] : [])]
    const now = isHit === 'true' ? value : `CASE WHEN ${isHit} THEN ${value} ELSE ${old} END`
    return [`${now} AS ${name}`, `${old} AS ${oldName(column)}`]
  })
  return walk.content.chain.add(
    `${relation.name}_updated`,
    `SELECT ${[...list, `${isHit} AS "~hit"`].join(', ')} FROM ${from} OFFSET 0`,
    { isVolatile: assignments.some((one) => one.isVolatile) },
  )
}

function setOpacity(column: Column, reasons: readonly string[], isEveryRow: boolean): void {
  const [reason] = reasons
  if (reason !== undefined) column.opaque = reason
  else if (isEveryRow) delete column.opaque
}

/**
 * A constant is computed once, a copy of a column of the same type needs no computing, and anything else is computed
 * for each row. Literals are read even where there is no row, and may be refused then.
 */
function needValues(
  walk: Walk,
  { relation }: Target,
  node: Node,
  {
    assignments,
    link,
    opaque,
    unknown,
  }: {
    assignments: readonly Assignment[]
    link: string
    opaque: readonly string[]
    /** Without randomness, which does not matter where every row would get the same. */
    unknown: readonly string[]
  },
): void {
  const sources = [relation, ...fromRelations(walk, node)]
  const computed = assignments.filter(
    ({ isConstant, tree, column }) => !isConstant && !isCopy(tree, column, sources),
  )
  if (computed.length > 0 || mayRaise(node.whereClause))
    needEvaluation(walk, relation, computed.length > 0 ? opaque : unknown)
  else needConstant(walk, named(relation), `(SELECT 1 FROM ${link} AS l WHERE false)`)
  for (const { column, value, isConstant, takes } of assignments) {
    if (isConstant && takes.length === 0) needConstant(walk, named(relation, [column]), value)
  }
}

function fromRelations(walk: Walk, node: Node): Relation[] {
  return (node.fromClause ?? []).flatMap(
    ({ RangeVar }: Node) => (RangeVar && findRelation(walk.catalog, relationOf(RangeVar))) ?? [],
  )
}

function isCopy(tree: Node, { type }: Column, sources: readonly Relation[]): boolean {
  const name = namesOf(tree.ColumnRef?.fields).at(-1)
  const columns = sources.flatMap((source) => source.columns.filter((column) => column.name === name))
  return (
    columns.length > 0 &&
    columns.every(
      (column) =>
        column.type.object === type.object &&
        column.type.modifiers === type.modifiers &&
        column.type.isArray === type.isArray,
    )
  )
}

/**
 * `SET id = id + 1` is checked row by row: it can fail although no two rows have the same key in the end. Whether it
 * does depends on the order in which the rows lie in the table.
 */
function needNoTransientDuplicates(
  walk: Walk,
  { relation, before }: Target,
  link: string,
  assignments: readonly Assignment[],
): void {
  const computed = new Set(assignments.filter((one) => !one.isConstant).map(({ column }) => column))
  for (const index of relation.indexes) {
    const columns = index.keys.map(({ column }) => column)
    const constraint = relation.constraints.find((one) => one.index === index)
    if (
      !index.isUnique ||
      constraint?.isDeferrable ||
      index.predicate ||
      !columns.some((column) => column && computed.has(column))
    )
      continue
    if (columns.some((column) => column === undefined)) continue
    const pairs = columns.map(
      (column) =>
        `o.${quoteIdentifier((column as Column).name)} ${equalityOf((column as Column).type)} "~new".${quoteIdentifier((column as Column).name)}`,
    )
    const moved = columns
      .filter((column) => column && assignments.some((one) => one.column === column))
      .map((column) =>
        isDistinct(
          `"~new".${quoteIdentifier((column as Column).name)}`,
          `"~new".${oldName(column as Column)}`,
          (column as Column).type,
        ),
      )
    walk.need({
      code: 'unique-violation',
      sqlstate: '23505',
      ...named(relation, index.name),
      title: `no row of ${shown(relation)} takes a key of "${index.name}" that another row still has`,
      question: {
        kind: 'rows',
        from: `${link} AS "~new"`,
        violation: `"~new"."~hit" AND (${moved.join(' OR ')}) AND EXISTS (SELECT 1 FROM ${before} AS o WHERE ${pairs.join(' AND ')})`,
        sample: sampleOf(relation, columns as Column[]),
      },
      opaque: [],
      mayPass: `it depends on the order of the rows of ${shown(relation)}, since keys are checked row by row`,
    })
  }
}
