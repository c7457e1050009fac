import type { Relation } from '../model.js'
import { invalid } from './static-failure.js'

/** @throws Refusal when the partitioned table has another default partition already */
export function requireOneDefault(parent: Relation, name: string): void {
  const there = parent.children.find(({ bound }) => bound?.is_default)
  if (there)
    throw invalid(
      '42P17',
      `partition "${name}" conflicts with existing default partition "${there.name}"`,
      name,
    )
}
