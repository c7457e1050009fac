import type { Reader } from '../../domain/reader.js'
import type { CatalogModel, Relation } from '../model.js'
import { partitionKeyOf } from '../partition-key.js'
import { parseStatement } from '../tree.js'
import type { RelationRow, RelationsByOid } from './relations.js'
import { rowsOf } from './rows.js'

interface FamilyRow {
  child: number
  parent: number
}

/** For `readFamilies`. */
export const familyQuery = (only?: readonly number[]) =>
  `SELECT inhrelid::int4 AS child, inhparent::int4 AS parent FROM pg_catalog.pg_inherits${only ? ' WHERE ARRAY[inhrelid, inhparent] && $1::oid[]' : ''} ORDER BY inhseqno`

/** Who inherits from whom, partitions too. */
export async function readFamilies(
  reader: Reader,
  relations: RelationsByOid,
  only?: readonly number[],
): Promise<void> {
  const rows = await rowsOf<FamilyRow>(reader, familyQuery(only), only)
  for (const row of rows) {
    const child = relations.get(row.child)
    const parent = relations.get(row.parent)
    if (!child || !parent) continue
    child.parents.push(parent)
    parent.children.push(child)
  }
}

/** PARTITION BY … and FOR VALUES … are printed as CREATE TABLE wants them. */
export function readPartitions(
  catalog: CatalogModel,
  relations: RelationsByOid,
  rows: readonly RelationRow[],
): void {
  for (const { oid, partitionKey, bound } of rows) {
    const relation = relations.get(oid) as { -readonly [K in keyof Relation]: Relation[K] }
    if (partitionKey !== null) {
      const { partspec } = parseStatement(`CREATE TABLE t () PARTITION BY ${partitionKey}`).CreateStmt
      relation.partitionKey = partitionKeyOf(catalog, relation, partspec)
    }
    if (bound !== null)
      relation.bound = parseStatement(`CREATE TABLE t PARTITION OF p ${bound}`).CreateStmt.partbound
  }
}
