import type { ConcernedTables } from '../checks/check.js'
import { strongerOf } from '../domain/lock-mode.js'
import type { LockClaim } from './locks/claim.js'
import type { Relation } from './model.js'
import type { RowTypes } from './row-types.js'

/**
 * The tables of today that the claims are about, under the strongest lock of each, how much will be rewritten, and whose
 * rows will look different.
 */
export function concernedTables(claims: readonly LockClaim[], rowTypes: RowTypes): ConcernedTables {
  const strongest = new Map<Relation, LockClaim['mode']>()
  const rewritten = new Map<Relation, number>()
  for (const { target, mode, work, heapBytes, toastBytes, indexBytes } of claims) {
    if (target.kind !== 'relation' || target.relation.live === undefined) continue
    const { relation } = target
    strongest.set(relation, strongerOf(strongest.get(relation) ?? mode, mode))
    if (work === 'rewrite') rewritten.set(relation, heapBytes + toastBytes + indexBytes)
  }
  return {
    tables: [...strongest].map(([{ live = '' }, strongestLock]) => ({ ...placeOf(live), strongestLock })),
    rewriteBytes: [...rewritten.values()].reduce((sum, bytes) => sum + bytes, 0),
    rowTypes: rowTypes.changed(),
    ...(rowTypes.unknown === undefined ? {} : { rowTypesUnknown: rowTypes.unknown }),
  }
}

/** Schema and name of a quoted, qualified name. */
function placeOf(live: string): { schema: string; name: string } {
  const [schema = '', name = ''] = [...live.matchAll(/"((?:[^"]|"")*)"/g)].map(([, part]) =>
    (part ?? '').replaceAll('""', '"'),
  )
  return { schema, name }
}
