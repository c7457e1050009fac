import { formatRelation } from '../../sql/names.js'
import type { CatalogModel, Relation } from '../model.js'
import { counterpartOf, isNamedAs, isOnTwin } from './counterparts.js'

/**
 * Notes what each object of the target is on the twin, before the first statement. A dump squeezes out the columns that were
 * dropped, so that it goes by names.
 * @returns what the twin lacks or has beyond the target, in words; undefined when it is the same. And the names of the tables
 * whose columns stand in another order there: a dump writes those that are inherited first.
 */
export function pairWithTwin(
  catalog: CatalogModel,
  read: CatalogModel,
): { difference?: string; reordered: ReadonlySet<string> } {
  const reordered = new Set<string>()
  const differs = (what: string, name: string) => ({
    difference: `the schema twin differs from the target in ${what} ${name}`,
    reordered,
  })
  for (const theirs of read.types) {
    const ours = counterpartOf(catalog.types, theirs.oid, isNamedAs(theirs))
    if (!ours && theirs.schema !== 'pg_catalog') return differs('type', formatRelation(theirs))
  }
  for (const theirs of read.relations) {
    const ours = counterpartOf(catalog.relations, theirs.oid, isNamedAs(theirs))
    if (!ours || namesOf(ours).sort().join() !== namesOf(theirs).sort().join())
      return differs(theirs.kind, formatRelation(theirs))
    if (namesOf(ours).join() !== namesOf(theirs).join()) reordered.add(ours.name)
    for (const column of theirs.columns)
      counterpartOf(ours.columns, column.liveNumber, ({ name }) => name === column.name)
    for (const index of theirs.indexes) {
      if (!counterpartOf(ours.indexes, index.oid, ({ name }) => name === index.name))
        return differs('index', index.name)
    }
    for (const one of theirs.constraints) {
      if (!counterpartOf(ours.constraints, one.oid, ({ name }) => name === one.name))
        return differs('constraint', one.name)
    }
  }
  for (const theirs of read.sequences) counterpartOf(catalog.sequences, theirs.oid, isNamedAs(theirs))
  const missing =
    catalog.relations.find((one) => !isOnTwin(one)) ?? catalog.sequences.find((one) => !isOnTwin(one))
  return missing ? differs('relation', formatRelation(missing)) : { reordered }
}

function namesOf({ columns }: Relation): string[] {
  return columns.map(({ name }) => name)
}
