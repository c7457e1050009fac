import { quoteIdentifier } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import type { Deferral } from './deferrals.js'
import { equalityBetween } from './equality.js'
import { exclusionColumns, needExclusion } from './exclusion.js'
import { fixNulls, fixOrphans } from './fixes.js'
import { keyHashOf } from './key-hash.js'
import { mayRaise } from './may-raise.js'
import type { Column, Constraint, IndexObject, Relation } from './model.js'
import { type Named, named, shown } from './named.js'
import { Rewriter } from './rewrite.js'
import { columnsIn, opacityOf, sampleOf, shownOf, type Walk } from './walk.js'

/** Where the rows come from that a requirement is about, and whether rows in it may be there from before. */
export interface Rows {
  /** FROM item with its alias. */
  readonly from: string
  /** Why the rows themselves cannot be known. */
  readonly opaque: readonly string[]
  /** Rows that were there before are among them: a constraint NOT VALID may hold for them or not. */
  readonly holdsOld: boolean
}

/** The same rows, but only the columns that a question names, where those come from further back. */
function plainFrom(
  walk: Walk,
  relation: Relation,
  rows: Rows,
  columns: Iterable<Column>,
): { plainFrom?: string } {
  const source = rows.holdsOld ? walk.content.readColumns(relation, columns) : undefined
  return source === undefined ? {} : { plainFrom: `${source} AS ${quoteIdentifier(relation.name)}` }
}

/** All rows of the relation at this point. */
export function allRows(walk: Walk, relation: Relation): Rows {
  return { from: walk.rowsOf(relation), opaque: opacityOf(relation, []), holdsOld: true }
}

export function needNotNull(
  walk: Walk,
  relation: Relation,
  column: Column,
  { rows = allRows(walk, relation), comesFirst = false }: { rows?: Rows; comesFirst?: boolean } = {},
): void {
  walk.need({
    ...(comesFirst ? { comesFirst } : {}),
    ...fixNulls(relation, column),
    ...hintForNulls(walk, column, rows),
    code: 'not-null-violation',
    sqlstate: '23502',
    ...named(relation, [column]),
    title: `${shown(relation, column.name)} holds no NULL`,
    question: {
      kind: 'rows',
      from: rows.from,
      violation: `${quoteIdentifier(column.name)} IS NULL`,
      sample: sampleOf(relation, [column]),
      ...plainFrom(walk, relation, rows, shownOf(relation, [column])),
    },
    opaque: [...rows.opaque, ...opacityOf(relation, [column])],
  })
}

/** What can be done depends on whether a statement before this one could have filled the column. */
function hintForNulls(walk: Walk, column: Column, rows: Rows): { hint?: string } {
  if (column.addedAt === walk.place)
    return {
      hint: 'The column does not exist before this statement: give it a default, or add it without NOT NULL, fill it with an UPDATE, and then SET NOT NULL.',
    }
  return rows.holdsOld
    ? {}
    : { hint: 'Give every new row a value for the column, or give the column a default.' }
}

export function needCheck(
  walk: Walk,
  relation: Relation,
  constraint: Constraint,
  rows = allRows(walk, relation),
): void {
  if (!constraint.expression) return
  const { sql, opaque } = new Rewriter(walk.content).expression(constraint.expression, [relation])
  walk.need({
    code: 'check-violation',
    sqlstate: '23514',
    ...named(relation, constraint.name),
    title: `every row of ${shown(relation)} satisfies "${constraint.name}"`,
    question: {
      kind: 'rows',
      from: rows.from,
      violation: `${sql} IS FALSE`,
      sample: sampleOf(relation, columnsIn(constraint.expression)),
      ...plainFrom(walk, relation, rows, shownOf(relation, columnsIn(constraint.expression))),
    },
    opaque: [...rows.opaque, ...opaque],
    ...(constraint.isValidated || !rows.holdsOld
      ? {}
      : { mayPass: `"${constraint.name}" is NOT VALID, and old rows may break it` }),
  })
}

/** Rows of the relation itself: what inherits from it has keys of its own. */
function ownRows(walk: Walk, relation: Relation): Rows {
  const rows = allRows(walk, relation)
  if (relation.partitionKey || relation.children.length === 0) return rows
  if (relation.isDirty || relation.source !== relation.live)
    return { ...rows, opaque: [...rows.opaque, `its rows are not told from those that inherit`] }
  return { ...rows, from: `ONLY ${relation.live} AS ${quoteIdentifier(relation.name)}` }
}

/** A unique index holds no key twice. NULLs are no keys unless it says NULLS NOT DISTINCT. */
export function needUnique(
  walk: Walk,
  relation: Relation,
  index: IndexObject,
  rows = ownRows(walk, relation),
): void {
  const columns = index.keys.flatMap(({ column, expression }) => [
    ...(column ? [column] : columnsIn(expression)),
  ])
  const opaque = new Set([
    ...rows.opaque,
    ...opacityOf(relation, [...columns, ...columnsIn(index.predicate)]),
  ])
  const keys = index.keys.map(({ column, expression, collation }) => {
    const key = column ? quoteIdentifier(column.name) : renderKey(walk, relation, expression, opaque)
    return collation ? `(${key} COLLATE ${collation})` : key
  })
  const hash = keyHashOf(index.keys, keys)
  const predicate = index.predicate && new Rewriter(walk.content).expression(index.predicate, [relation])
  for (const reason of predicate?.opaque ?? []) opaque.add(reason)
  walk.need({
    code: 'unique-violation',
    sqlstate: '23505',
    ...named(relation, index.name),
    title: `no key of "${index.name}" is used twice in ${shown(relation)}`,
    question: {
      kind: 'groups',
      from: rows.from,
      keys: [...new Set(keys)],
      ...(hash === undefined ? {} : { hash }),
      ...conditionOf(index, keys, predicate?.sql),
      ...plainFrom(walk, relation, rows, [...columns, ...columnsIn(index.predicate)]),
    },
    opaque: [...opaque],
  })
}

/**
 * The server computes a key of those rows alone for which the predicate holds, and the predicate as it is written; the
 * parts of a WHERE it would ask in an order of its own.
 */
function conditionOf(
  { areNullsNotDistinct, keys: parts, predicate: tree }: IndexObject,
  keys: readonly string[],
  predicate: string | undefined,
) {
  const isThere = areNullsNotDistinct ? [] : keys.map((key) => `${key} IS NOT NULL`)
  if (predicate === undefined) return isThere.length > 0 ? { condition: isThere.join(' AND ') } : {}
  const mayMatter = mayRaise(tree) || parts.some(({ expression }) => expression)
  return {
    condition: mayMatter
      ? `CASE WHEN ${predicate} THEN ${isThere.join(' AND ') || 'true'} END`
      : [...isThere, predicate].join(' AND '),
  }
}

/** What the server computes of a row for an index, as a list of SQL over its table; nothing where that is columns alone. */
export function computedKeys(
  walk: Walk,
  relation: Relation,
  { keys, predicate: tree }: IndexObject,
): { list: string; columns: Column[]; mayRaise: boolean } | undefined {
  const expressions = keys.flatMap(({ expression }) => expression ?? [])
  const all = tree ? [...expressions, tree] : expressions
  if (all.length === 0) return undefined
  const sqlOf = (one: Node) => new Rewriter(walk.content).expression(one, [relation]).sql
  const predicate = tree && sqlOf(tree)
  // A key is computed for those rows alone for which the predicate holds.
  const computed = expressions.map((one) =>
    predicate ? `CASE WHEN ${predicate} THEN ${sqlOf(one)} END` : sqlOf(one),
  )
  return {
    list: [...computed, ...(predicate ? [predicate] : [])].map((sql, i) => `${sql} AS "~e${i}"`).join(', '),
    columns: all.flatMap((one) => [...columnsIn(one)]),
    mayRaise: all.some(mayRaise),
  }
}

/** Every index can take the rows that a statement has put in or changed, whether it is unique or not. */
export function needIndexable(
  walk: Walk,
  relation: Relation,
  rows: Rows,
  isChanged: (column: Column) => boolean,
): void {
  for (const index of relation.indexes) {
    const computed = computedKeys(walk, relation, index)
    if (!computed?.mayRaise || !computed.columns.some(isChanged)) continue
    walk.need({
      code: 'invalid-value',
      sqlstate: '22000',
      ...named(relation, index.name),
      title: `every key of "${index.name}" can be computed`,
      question: {
        kind: 'evaluates',
        from: `(SELECT ${computed.list} FROM ${rows.from} OFFSET 0) AS e`,
        alias: 'e',
      },
      opaque: [...new Set([...rows.opaque, ...opacityOf(relation, computed.columns)])],
    })
  }
}

function renderKey(walk: Walk, relation: Relation, expression: unknown, opaque: Set<string>): string {
  const rewritten = new Rewriter(walk.content).expression(expression as never, [relation])
  for (const reason of rewritten.opaque) opaque.add(reason)
  return rewritten.sql
}

/** Every reference leads to a row. MATCH FULL also refuses a key that is NULL in part. */
export function needForeignKey(
  walk: Walk,
  relation: Relation,
  key: Constraint,
  rows = ownRows(walk, relation),
): void {
  const { parent, parentColumns = [], columns, name } = key
  if (!parent) return
  const opaque = [...rows.opaque, ...opacityOf(relation, columns), ...opacityOf(parent, parentColumns)]
  walk.need({
    code: 'foreign-key-violation',
    sqlstate: '23503',
    ...named(relation, name),
    title: `every (${columns.map((column) => column.name).join(', ')}) of ${shown(relation)} is in ${shown(parent)}`,
    question: {
      kind: 'orphans',
      from: rows.from,
      references: columns.map((column) => quoteIdentifier(column.name)),
      parent: walk.content.readColumns(parent, parentColumns) ?? walk.content.read(parent),
      keys: parentColumns.map((column) => quoteIdentifier(column.name)),
      operators: parentColumns.map(({ type }, i) => equalityBetween(type, columns[i]?.type ?? type)),
      isMatchFull: key.isMatchFull === true && columns.length > 1,
      sample: sampleOf(relation, columns),
      ...plainFrom(walk, relation, rows, shownOf(relation, columns)),
    },
    opaque,
    ...fixOrphans(relation, key),
    ...(key.isValidated || !rows.holdsOld
      ? {}
      : { mayPass: `"${name}" is NOT VALID, and old rows may break it` }),
  })
}

/** Every row can be computed, and so every expression that the statement puts into it. */
export function needEvaluation(walk: Walk, relation: Relation, opaque: readonly string[]): void {
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    ...named(relation),
    title: `every new value of ${shown(relation)} can be computed`,
    question: { kind: 'evaluates', from: walk.rowsOf(relation), alias: quoteIdentifier(relation.name) },
    opaque: [...opaque, ...(relation.opaque === undefined ? [] : [relation.opaque])],
  })
}

/** A value that is the same for every row can be computed. */
export function needConstant(walk: Walk, about: Named, value: string): void {
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    ...about,
    title: `the new value of "${about.object}" can be computed`,
    question: { kind: 'evaluates', from: `(SELECT ${value} AS v) AS c`, alias: 'c' },
    opaque: [],
  })
}

/**
 * What is in force already is asked again of rows that a statement has put in or changed.
 * @param changedRows just those rows, for constraints NOT VALID that other rows may break; of a foreign key, those
 * whose reference changes
 */
export function needInForce(
  walk: Walk,
  relation: Relation,
  rows: Rows,
  isChanged: (column: Column) => boolean,
  changedRows?: (moved: readonly Column[]) => Rows,
): void {
  for (const column of relation.columns)
    if (column.isNotNull && isChanged(column)) needNotNull(walk, relation, column, { rows })
  for (const constraint of relation.constraints) {
    const { kind, columns, isValidated } = constraint
    const read = new Set([...columnsIn(constraint.expression), ...columns])
    const own = isValidated ? undefined : changedRows
    if (kind === 'check' && (own || [...read].some(isChanged)))
      needCheck(walk, relation, constraint, own?.([]) ?? rows)
    if (kind === 'exclusion' && exclusionColumns(constraint).some(isChanged))
      needExclusion(walk, relation, constraint)
  }
  needIndexable(walk, relation, rows, isChanged)
  for (const index of relation.indexes) {
    const columns = index.keys.flatMap(({ column, expression }) => [
      ...(column ? [column] : columnsIn(expression)),
    ])
    // A row may come under a partial index by a change of what its predicate reads.
    const isTouched = index.isUnique && [...columns, ...columnsIn(index.predicate)].some(isChanged)
    if (isTouched && !isKeyPutOff(walk, relation, index)) needUnique(walk, relation, index)
  }
  needReferences(walk, relation, rows, isChanged, changedRows)
}

/** References are looked up when the statement ends, behind everything that refuses a row as it comes. */
export function needReferences(
  walk: Walk,
  relation: Relation,
  rows: Rows,
  isChanged: (column: Column) => boolean,
  changedRows?: (moved: readonly Column[]) => Rows,
): void {
  const isAsleep = walk.catalog.isReplica || relation.areReferencesAsleep
  for (const constraint of relation.constraints) {
    const { kind, columns, isValidated } = constraint
    if (kind !== 'foreign key' || !columns.some(isChanged)) continue
    if (isAsleep) walk.writesPast(relation, constraint)
    else if (!isPutOff(walk, constraint))
      needForeignKey(walk, relation, constraint, (isValidated ? undefined : changedRows)?.(columns) ?? rows)
  }
}

/** A deferred constraint is asked at the end of the transaction. */
export function isPutOff(walk: Walk, constraint: Constraint): boolean {
  if (!walk.inTransaction || !walk.deferrals.isDeferred(constraint)) return false
  walk.deferrals.add({ constraint, place: walk.place })
  return true
}

export function isKeyPutOff(walk: Walk, relation: Relation, index: IndexObject): boolean {
  const constraint = relation.constraints.find((one) => one.index === index)
  return constraint !== undefined && isPutOff(walk, constraint)
}

/** Asks what has been put off, if it is still there. */
export function needDeferred(walk: Walk, { constraint }: Deferral): void {
  const relation = walk.catalog.relations.find(({ constraints }) => constraints.includes(constraint))
  if (!relation) return
  if (constraint.index) needUnique(walk, relation, constraint.index)
  else needForeignKey(walk, relation, constraint)
}
