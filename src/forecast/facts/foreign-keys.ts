import { formatRelation, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Relation } from '../model.js'
import { namesOf } from '../tree.js'
import { canCast, isBinaryCast } from './casts.js'
import { type Draft, draftColumnNamed, draftOf, isSameSet } from './draft.js'
import { requirePrivilege } from './privileges.js'
import { lookUp, noSuchRelation, requireSchema, type Situation } from './situation.js'
import { invalid, missing, Refusal } from './static-failure.js'
import { baseOf, isSameType, type ValueType, wordsOf } from './types.js'

/**
 * A foreign key of the draft.
 * https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-REFERENCES
 * @throws Refusal
 */
export function requireForeignKey(
  situation: Situation,
  child: Draft,
  constraint: Node,
  columns: readonly string[] = namesOf(constraint.fk_attrs),
): void {
  const found = requireParent(situation, child, constraint.pktable)
  if (!found) return
  const { draft: parent, relation } = found
  if (!parent.isTemporary && child.isTemporary)
    throw invalid('42P16', 'constraints on temporary tables may reference only temporary tables', parent.name)
  if (parent.isTemporary && !child.isTemporary)
    throw invalid('42P16', 'constraints on permanent tables may reference only permanent tables', parent.name)
  requireReferencing(child, columns)
  if (parent.isOpen) return
  const parentColumns = requireTarget(parent, namesOf(constraint.pk_attrs))
  if (relation) requirePrivilege(situation, relation, 'references')
  if (parentColumns.length !== columns.length)
    throw noTarget('42830', 'number of referencing and referenced columns for foreign key disagree', child)
  columns.forEach((name, i) => {
    const [one, other] = [draftColumnNamed(child, name), draftColumnNamed(parent, parentColumns[i] ?? '')]
    if (one?.type && other?.type) requireComparable(situation, one.type, other.type, child.name)
  })
}

/** @throws Refusal when there is no such table */
function requireParent(
  situation: Situation,
  child: Draft,
  rangeVar: Node,
): { readonly draft: Draft; readonly relation?: Relation } | undefined {
  const name = relationOf(rangeVar)
  // The table itself: it may be in the making.
  if (name.name === child.name && (name.schema ?? child.schema) === child.schema) return { draft: child }
  const found = lookUp(situation, name)
  if (!found) {
    requireSchema(situation, name.schema)
    throw noSuchRelation(name)
  }
  if (found.kind === 'system') return undefined
  const isTable =
    found.kind === 'relation' &&
    (found.relation.kind === 'table' || found.relation.kind === 'partitioned table')
  if (!isTable)
    throw invalid('42809', `referenced relation "${name.name}" is not a table`, formatRelation(name))
  return { draft: draftOf(found.relation), relation: found.relation }
}

function requireReferencing(child: Draft, columns: readonly string[]): void {
  for (const name of columns) {
    if (!draftColumnNamed(child, name) && !child.isOpen) throw noSuchKeyColumn(child, name)
  }
}

function noSuchKeyColumn(draft: Draft, name: string): Refusal {
  const words = `column "${name}" referenced in foreign key constraint does not exist`
  return missing('42703', words, `${draft.name}.${name}`)
}

function noTarget(sqlstate: string, message: string, { name }: Draft): Refusal {
  return new Refusal('foreign-key-target', sqlstate, message, name)
}

/** The columns that are referenced: those of the primary key where none are named. @throws Refusal */
function requireTarget(parent: Draft, named: readonly string[]): readonly string[] {
  if (named.length === 0) {
    const primary = parent.keys.find(({ isPrimary }) => isPrimary)
    if (!primary)
      throw noTarget('42704', `there is no primary key for referenced table "${parent.name}"`, parent)
    if (primary.isDeferrable)
      throw noTarget(
        '55000',
        `cannot use a deferrable primary key for referenced table "${parent.name}"`,
        parent,
      )
    return primary.columns
  }
  for (const name of named) if (!draftColumnNamed(parent, name)) throw noSuchKeyColumn(parent, name)
  if (new Set(named).size !== named.length)
    throw noTarget('42830', 'foreign key referenced-columns list must not contain duplicates', parent)
  const keys = parent.keys.filter(({ columns }) => isSameSet(columns, named))
  if (keys.length === 0) {
    const words = `there is no unique constraint matching given keys for referenced table "${parent.name}"`
    throw noTarget('42830', words, parent)
  }
  if (keys.every(({ isDeferrable }) => isDeferrable))
    throw noTarget(
      '55000',
      `cannot use a deferrable unique constraint for referenced table "${parent.name}"`,
      parent,
    )
  return named
}

/**
 * The index of the parent must know an equality of both types, or the child's values must become the parent's unasked.
 * @throws Refusal
 */
export function requireComparable(
  situation: Situation,
  child: ValueType,
  parent: ValueType,
  name: string,
): void {
  const [one, other] = [baseOf(child), baseOf(parent)]
  if (isSameType(one, other) || canCast(situation, one, other, 'implicit') !== false) return
  if (!one.isArray && !other.isArray) {
    const [own, theirs] = [one.object.oid, other.object.oid]
    const equalities = situation.server.operators.get('=') ?? []
    const isEqual = ([left, right]: readonly [number, number]) =>
      isBinaryCast(situation, theirs, left) && isBinaryCast(situation, own, right)
    if (equalities.some(isEqual)) return
  }
  const words = `a foreign key of type ${wordsOf(child)} cannot reference a column of type ${wordsOf(parent)}`
  throw new Refusal('foreign-key-target', '42804', words, name)
}
