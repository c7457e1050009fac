import type { Node } from '../../sql/parser.js'
import type { Column, Relation } from '../model.js'
import { columnsIn } from '../walk.js'
import type { Draft } from './draft.js'
import type { Situation } from './situation.js'
import { invalid, missing } from './static-failure.js'

/** @throws Refusal when the partitioned table has another default partition already */
export function requireOneDefault(parent: Relation, name: string): void {
  const there = defaultOf(parent)
  if (there)
    throw invalid(
      '42P17',
      `partition "${name}" conflicts with existing default partition "${there.name}"`,
      name,
    )
}

function defaultOf({ children }: Relation): Relation | undefined {
  return children.find(({ bound }) => bound?.is_default)
}

/**
 * A unique key of a partitioned table is proven partition by partition, so it must hold every column of the partition key:
 * https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-LIMITATIONS
 * @throws Refusal
 */
export function requireWholePartitionKey(
  { name, partitionKeys }: Draft,
  columns: readonly string[],
  kind: 'PRIMARY KEY' | 'UNIQUE',
): void {
  for (const key of partitionKeys) {
    if (key.includes(undefined))
      throw invalid('0A000', `unsupported ${kind} constraint with partition key definition`, name)
    if (key.every((column) => column !== undefined && columns.includes(column))) continue
    throw invalid(
      '0A000',
      'unique constraint on partitioned table must include all partitioning columns',
      name,
    )
  }
}

/** @throws Refusal for a column that decides to which partition a row belongs */
export function requireNotInPartitionKey(
  { partitionKey, name }: Relation,
  column: Column,
  verb: 'drop' | 'alter',
): void {
  const isIn = partitionKey?.keys.some(
    (key) => key.column === column || columnsIn(key.expression).has(column),
  )
  if (isIn)
    throw invalid(
      '42P16',
      `cannot ${verb} column "${column.name}" because it is part of the partition key of relation "${name}"`,
      `${name}.${column.name}`,
    )
}

/** @throws Refusal for a table that has no partitions at all, to ATTACH and DETACH */
export function requirePartitioned({ kind, name }: Relation): void {
  if (kind !== 'partitioned table') throw invalid('42P17', `table "${name}" is not partitioned`, name)
}

/** @throws Refusal */
export function requireDetachable(parent: Relation, partition: Relation, isConcurrent: boolean): void {
  if (isConcurrent && defaultOf(parent))
    throw invalid(
      '55000',
      'cannot detach partitions concurrently when a default partition exists',
      partition.name,
    )
  if (!parent.children.includes(partition))
    throw missing(
      '42P01',
      `relation "${partition.name}" is not a partition of relation "${parent.name}"`,
      partition.name,
    )
}

/** Constraints that only tables without partitions can have. @throws Refusal */
export function requireOnPartitioned(
  { catalog: { serverVersion } }: Situation,
  { kind, name }: Relation,
  constraint: Node,
): void {
  if (kind !== 'partitioned table') return
  if (constraint.indexname)
    throw invalid(
      '0A000',
      'ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables',
      name,
    )
  if (constraint.contype === 'CONSTR_EXCLUSION' && serverVersion < 170_000)
    throw invalid('0A000', 'exclusion constraints are not supported on partitioned tables', name)
  if (constraint.contype === 'CONSTR_FOREIGN' && constraint.skip_validation && serverVersion < 180_000)
    throw invalid(
      '42809',
      `cannot add NOT VALID foreign key on partitioned table "${name}" referencing relation "${constraint.pktable?.relname}"`,
      name,
    )
}

/** Columns of a partitioned table are those of its partitions. @throws Refusal for ONLY */
export function requireWithChildren(
  { children, kind }: Relation,
  isOnly: boolean,
  verb: 'add' | 'drop',
): void {
  if (!isOnly || children.length === 0) return
  if (verb === 'add') throw invalid('42P16', 'column must be added to child tables too')
  if (kind === 'partitioned table')
    throw invalid('42P16', 'cannot drop column from only the partitioned table when partitions exist')
}
