import { nameOf } from '../lookup.js'
import type { CatalogModel, ColumnType, TypeObject } from '../model.js'
import type { SafeRewrite } from './safe-rewrite.js'
import { fileName } from './sql.js'

/**
 * Prisma re-creates an enum whatever changes in it, and casts the columns. Where the old labels stay in their order, the
 * new ones can be added, which touches no row.
 */
export function addedLabels(
  catalog: CatalogModel,
  from: ColumnType,
  to: ColumnType,
): SafeRewrite | undefined {
  if (from.object.kind !== 'enum' || to.object.kind !== 'enum') return undefined
  const added = labelsToAdd(from.object, to.object)
  if (added.length === 0) return undefined
  const type = nameOf(catalog, from.object)
  return {
    files: [
      {
        name: fileName('extend', from.object.name),
        sql: added.map((clause) => `ALTER TYPE ${type} ADD VALUE ${clause};`).join('\n'),
        why: `no row is touched; it takes the place of ${nameOf(catalog, to.object)}, of every cast to it and of the renames after them`,
      },
    ],
  }
}

/** `'new' BEFORE 'old'`; empty where the old labels are not all there in the same order. */
function labelsToAdd({ labels: old }: TypeObject, { labels }: TypeObject): string[] {
  const kept = labels.filter((label) => old.includes(label))
  if (kept.join('\0') !== old.join('\0')) return []
  const literal = (label: string) => `'${label.replaceAll("'", "''")}'`
  return labels.flatMap((label, i) => {
    if (old.includes(label)) return []
    const next = labels.slice(i).find((one) => old.includes(one))
    return next === undefined ? literal(label) : `${literal(label)} BEFORE ${literal(next)}`
  })
}
