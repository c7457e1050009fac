import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindColumns, bindTypes } from '../bind.js'
import { castTo, liveTypeText, NotFollowed } from '../casts.js'
import { defaultOf } from '../defaults.js'
import { findColumn } from '../lookup.js'
import type { Column, ColumnType, Relation, SequenceObject } from '../model.js'
import { named, shown } from '../named.js'
import { needEvaluation } from '../needs.js'
import { Rewriter, type Rewritten } from '../rewrite.js'
import { namesOf } from '../tree.js'
import { isSerial, typeOf } from '../types.js'
import { readsColumn } from '../views.js'
import { columnsIn, type Walk } from '../walk.js'
import { addConstraint } from './constraints.js'
import { dropRelation } from './drop-relation.js'
import { chooseName } from './names.js'
import { stepsOf } from './sequences.js'

/** A column as a ColumnDef defines it, not yet part of the relation. Its constraints are still to be added. */
export function makeColumn(walk: Walk, relation: Relation, def: Node): Column {
  const { type, opaque } = typeOrOpaque(walk, def.typeName)
  const constraints: Node[] = (def.constraints ?? []).map((one: Node) => one.Constraint)
  const of = (contype: string) => constraints.find((one) => one.contype === contype)
  const identity = of('CONSTR_IDENTITY')
  const collation = collationOf(def)
  const column: Column = {
    name: def.colname,
    type,
    isNotNull: false,
    from: castTo('NULL', type, 'explicit'),
    ...(opaque === undefined ? {} : { opaque }),
    ...(identity
      ? { identity: identity.generated_when === 'a' ? ('always' as const) : ('by default' as const) }
      : {}),
    ...(collation === undefined ? {} : { collation }),
  }
  const given = of('CONSTR_DEFAULT')?.raw_expr
  if (given && !isNoDefault(given, column)) column.default = bindTypes(walk.catalog, given)
  if (isSerial(def.typeName) || identity) {
    column.sequence = makeSequence(walk, relation, column, identity?.options)
    column.default ??= { FuncCall: { funcname: [{ String: { sval: 'nextval' } }], args: [] } }
    if (identity) delete column.default
  }
  return column
}

/** A column of a partition that a ColumnDef without a type gives a default of its own. Its constraints are still to be added. */
export function refineColumn(walk: Walk, relation: Relation, { colname, constraints = [] }: Node): Column {
  const column = findColumn(relation, colname)
  if (!column) throw new NotFollowed(`column "${colname}" of "${relation.name}" is not known`)
  for (const { Constraint } of constraints) {
    if (Constraint.contype === 'CONSTR_IDENTITY')
      throw new NotFollowed('a column of a partition gets an identity')
    if (Constraint.contype !== 'CONSTR_DEFAULT') continue
    if (isNoDefault(Constraint.raw_expr, column)) delete column.default
    else column.default = bindTypes(walk.catalog, Constraint.raw_expr)
  }
  return column
}

/** The COLLATE of a ColumnDef, also of ALTER COLUMN … TYPE; without one the column has that of its type. */
export function collationOf(def: Node): string | undefined {
  const names = namesOf(def.collClause?.collname)
  return names.length > 0 ? names.map(quoteIdentifier).join('.') : undefined
}

export function setCollation(column: Column, collation: string | undefined): Column {
  if (collation === undefined) delete column.collation
  else column.collation = collation
  return column
}

/** A default of NULL is none, unless it has to be cast to a length. */
export function isNoDefault(tree: Node, { type }: Column): boolean {
  return tree.A_Const?.isnull === true && type.modifiers === ''
}

/** A type that today's server cannot compute with, e.g. of an extension yet to come, makes the column unknown, not the table. */
export function typeOrOpaque(walk: Walk, typeName: Node): { type: ColumnType; opaque?: string } {
  try {
    const type = typeOf(walk.catalog, typeName)
    liveTypeText(type)
    return { type }
  } catch (error) {
    if (!(error instanceof NotFollowed)) throw error
    const text = typeOf(walk.catalog, {
      names: [{ String: { sval: 'pg_catalog' } }, { String: { sval: 'text' } }],
      typemod: -1,
    })
    return { type: text, opaque: error.message }
  }
}

/** The sequence that a serial or identity column counts by. */
export function makeSequence(
  walk: Walk,
  relation: Relation,
  ownedBy: Column,
  options?: readonly Node[],
): SequenceObject {
  const name = chooseName(walk.catalog, relation, [ownedBy.name], 'seq')
  const sequence = {
    schema: relation.schema,
    name,
    ...stepsOf(options),
    isReadable: true,
    taken: [],
    ownedBy,
  }
  walk.catalog.sequences.push(sequence)
  return sequence
}

/** The constraints that stand behind a column, once it is part of its relation. */
export function addColumnConstraints(walk: Walk, relation: Relation, column: Column, def: Node): void {
  const constraints: Node[] = (def.constraints ?? []).map((one: Node) => one.Constraint)
  for (const node of constraints) {
    if (node.contype === 'CONSTR_GENERATED')
      column.generated = bindTypes(walk.catalog, bindColumns(relation, node.raw_expr))
  }
  // A column that counts is NOT NULL by itself.
  if (column.identity || (column.sequence && def.typeName && isSerial(def.typeName)))
    addConstraint(walk, relation, { contype: 'CONSTR_NOTNULL' }, column)
  for (const node of orderOf(constraints)) addConstraint(walk, relation, node, column)
}

/** Every row is looked at once, for NULLs and checks; keys come before, foreign keys after. */
function orderOf(constraints: readonly Node[]): Node[] {
  const place = ['CONSTR_NOTNULL', 'CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_CHECK', 'CONSTR_FOREIGN']
  return [...constraints].sort((one, other) => place.indexOf(one.contype) - place.indexOf(other.contype))
}

/** ADD COLUMN: every row there gets the default, evaluated for each where it is volatile. */
export function addColumn(walk: Walk, relation: Relation, def: Node, { ifNotExists = false } = {}): void {
  if (findColumn(relation, def.colname)) {
    if (ifNotExists) return
    throw new NotFollowed(`column "${def.colname}" is there already`)
  }
  const column = makeColumn(walk, relation, def)
  // A generated column reads the others, so they must stand under their present names.
  if ((def.constraints ?? []).some((one: Node) => one.Constraint.contype === 'CONSTR_GENERATED'))
    walk.content.read(relation)
  relation.columns.push(column)
  column.addedAt = walk.place
  relation.isDirty = true
  const generated = (def.constraints ?? []).find((one: Node) => one.Constraint.contype === 'CONSTR_GENERATED')
  const value = generated
    ? generatedOf(walk, relation, generated.Constraint.raw_expr, column)
    : defaultOf(walk.content, column, relation)
  column.from = value.sql
  if (value.opaque[0] !== undefined) column.opaque ??= value.opaque[0]
  if (!relation.isEmpty) {
    for (const sequence of value.takes)
      sequence.taken.push(`(SELECT pg_catalog.count(*) FROM ${relation.source} AS c)`)
  }
  const { domainNotNull, domainChecks = [] } = column.type.object
  const isComputed = generated !== undefined || domainNotNull === true || domainChecks.length > 0
  if (isComputed && !relation.isEmpty) needEvaluation(walk, relation, column.opaque ? [column.opaque] : [])
  if (!generated) needDefault(walk, relation, column, value)
  addColumnConstraints(walk, relation, column, def)
  for (const child of relation.children) addColumn(walk, child, def, { ifNotExists: true })
}

/** A default is computed once even where there is no row to give it to. */
function needDefault(
  walk: Walk,
  relation: Relation,
  column: Column,
  { sql, opaque, takes }: Rewritten,
): void {
  const isPlain = column.default?.A_Const !== undefined && column.type.modifiers === ''
  if (column.default === undefined || isPlain || takes.length > 0) return
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    ...named(relation, [column]),
    title: `the default of ${shown(relation, column.name)} can be computed`,
    question: { kind: 'evaluates', from: `(SELECT ${sql} AS v) AS d`, alias: 'd' },
    opaque,
  })
}

function generatedOf(walk: Walk, relation: Relation, expression: Node, column: Column) {
  const bound = bindTypes(walk.catalog, bindColumns(relation, expression))
  const value = new Rewriter(walk.content).expression(bound, [relation])
  return { ...value, sql: castTo(value.sql, column.type, 'assignment') }
}

/** DROP COLUMN takes along every index and constraint that the column is part of. */
export function dropColumn(walk: Walk, relation: Relation, name: string, { ifExists = false } = {}): void {
  const column = findColumn(relation, name)
  if (!column) {
    if (ifExists) return
    throw new NotFollowed(`column "${name}" of "${relation.name}" is not known`)
  }
  relation.columns = relation.columns.filter((one) => one !== column)
  relation.isDirty = true
  forgetColumn(walk, relation, column)
  for (const child of relation.children) dropColumn(walk, child, name, { ifExists: true })
}

/** Nothing of the catalog depends on this column any more. */
export function forgetColumn(walk: Walk, relation: Relation, column: Column): void {
  relation.constraints = relation.constraints.filter(
    ({ kind, columns, expression }) =>
      !columns.includes(column) && !(kind === 'check' && columnsIn(expression).has(column)),
  )
  relation.indexes = relation.indexes.filter(
    ({ keys, included, predicate }) =>
      !included.includes(column) &&
      !columnsIn(predicate).has(column) &&
      !keys.some((key) => key.column === column || columnsIn(key.expression).has(column)),
  )
  for (const view of walk.catalog.relations.filter((one) => readsColumn(one, column) === 'yes'))
    dropRelation(walk, view)
  for (const other of walk.catalog.relations) {
    if (other.constraints.some(({ parentColumns }) => parentColumns?.includes(column)))
      other.constraints = other.constraints.filter(({ parentColumns }) => !parentColumns?.includes(column))
  }
  if (column.sequence?.ownedBy === column) {
    walk.catalog.sequences = walk.catalog.sequences.filter((one) => one !== column.sequence)
  }
}
