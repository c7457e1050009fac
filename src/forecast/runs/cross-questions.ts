import { quoteIdentifier } from '../../sql/names.js'
import { oldName } from '../data/target.js'
import { equalityBetween, equalityOf, isDistinct } from '../equality.js'
import type { Column, Relation } from '../model.js'
import { named, shown } from '../named.js'
import { isPutOff } from '../needs.js'
import type { Walk } from '../walk.js'
import { columnsKnown, conflictOf } from './arrange.js'
import type { Done } from './follow-together.js'

/**
 * What must be true beside the demands of the table, so that it does not matter in which order the statements run: no
 * new row refers to one that a later statement puts in, and none takes a key that another row gives up.
 */
export function needIndependence(
  walk: Walk,
  done: readonly Done[],
  before: ReadonlyMap<Relation, string | undefined>,
): void {
  for (const child of done) needParentsFirst(walk, child, done, before)
  for (const one of done) for (const other of done) needKeysKept(walk, one, other)
}

function need(walk: Walk, relation: Relation, from: string): void {
  walk.need({
    code: 'unique-violation',
    sqlstate: '23505',
    ...named(relation),
    title: `the statements on ${shown(relation)} do not meet one another's rows`,
    question: { kind: 'rows', from: `(SELECT 1 AS one FROM ${from}) AS x`, violation: 'true', sample: [] },
    opaque: [],
  })
}

function needParentsFirst(
  walk: Walk,
  child: Done,
  done: readonly Done[],
  before: ReadonlyMap<Relation, string | undefined>,
): void {
  if (child.numbered === undefined) return
  for (const key of child.relation.constraints) {
    const { kind, parent, parentColumns = [], columns } = key
    if (kind !== 'foreign key' || !parent || isPutOff(walk, key)) continue
    for (const { relation, numbered } of done) {
      if (relation !== parent || numbered === undefined) continue
      const pairs = parentColumns.map(
        (column, i) =>
          `p.${quoteIdentifier(column.name)} ${equalityBetween(column.type, (columns[i] as Column).type)} c.${quoteIdentifier((columns[i] as Column).name)}`,
      )
      const there = before.get(parent)
      const own = parentColumns.map(
        ({ name, type }) => `b.${quoteIdentifier(name)} ${equalityOf(type)} p.${quoteIdentifier(name)}`,
      )
      const isNew =
        there === undefined ? 'true' : `NOT EXISTS (SELECT 1 FROM ${there} AS b WHERE ${own.join(' AND ')})`
      need(
        walk,
        child.relation,
        `${child.numbered} AS c JOIN ${numbered} AS p ON ${pairs.join(' AND ')} AND p."~at" OPERATOR(pg_catalog.>) c."~at" WHERE ${isNew}`,
      )
    }
  }
}

/** `one` gives up keys, which `other` takes. */
function needKeysKept(walk: Walk, one: Done, other: Done): void {
  const { relation } = one
  if (relation !== other.relation || one.first.kind === 'insert' || conflictOf(other.first)) return
  if (one.link === undefined || other.link === undefined || other.first.kind === 'delete') return
  const shared = columnsKnown(one.first).filter((column) => columnsKnown(other.first).includes(column))
  // Then each statement stays in its place.
  if (shared.length === 0 && one !== other) return
  for (const { isUnique, keys } of relation.indexes) {
    const columns = keys.flatMap(({ column }) => column ?? [])
    if (!isUnique || columns.every((column) => shared.includes(column))) continue
    if (!gives(one, columns) || !takes(other, columns)) continue
    const same = columns.map(
      (column) => `o.${quoteIdentifier(column.name)} ${equalityOf(column.type)} v.${wasCalled(one, column)}`,
    )
    const differ = shared.map((column) =>
      isDistinct(`o.${quoteIdentifier(column.name)}`, `v.${wasCalled(one, column)}`, column.type),
    )
    const hits = [
      ...(one.first.kind === 'update' ? ['v."~hit"'] : []),
      ...(other.first.kind === 'update' ? ['o."~hit"'] : []),
      `(${differ.join(' OR ') || 'true'})`,
    ]
    need(
      walk,
      relation,
      `${other.link} AS o JOIN ${one.link} AS v ON ${same.join(' AND ')} WHERE ${hits.join(' AND ')}`,
    )
  }
}

function gives({ first }: Done, columns: readonly Column[]): boolean {
  return (
    first.kind === 'delete' ||
    (first.kind === 'update' && first.sets.some(({ column }) => columns.includes(column)))
  )
}

function takes({ first }: Done, columns: readonly Column[]): boolean {
  return (
    first.kind === 'insert' ||
    (first.kind === 'update' && first.sets.some(({ column }) => columns.includes(column)))
  )
}

function wasCalled({ first }: Done, column: Column): string {
  const isSet = first.kind === 'update' && first.sets.some((set) => set.column === column)
  return isSet ? oldName(column) : quoteIdentifier(column.name)
}
