import type { StatementLock } from '../../domain/statement-lock.js'
import { type LockClaim, type LockTarget, lockedObject } from './claim.js'

/**
 * The claims of a statement, as a plan shows them.
 * @param old what is there already, where no server has told; of these the sizes are unknown
 */
export function statementLocksOf(
  claims: readonly LockClaim[],
  old: ReadonlySet<object> = new Set(),
): StatementLock[] {
  return claims.map(
    ({
      target,
      name,
      object,
      mode,
      work,
      isWorkCertain,
      isCertain,
      heapBytes,
      toastBytes,
      indexBytes,
      rowEstimate,
    }) => {
      const isOld = old.has(lockedObject(target))
      return {
        kind: target.kind === 'relation' ? target.relation.kind : target.kind,
        name,
        object,
        table: 'relation' in target && target.kind !== 'relation' ? target.relation.name : null,
        mode,
        work,
        isWorkCertain,
        isCertain,
        isNew: !isOld && !isLive(target),
        sizeBytes: isOld ? null : heapBytes + toastBytes + indexBytes,
        rowEstimate: isOld ? null : (rowEstimate ?? null),
      }
    },
  )
}

/** It is there today. */
function isLive(target: LockTarget): boolean {
  switch (target.kind) {
    case 'index':
      return target.index.oid !== undefined
    case 'sequence':
      return target.sequence.live !== undefined
    case 'composite type':
      return target.type.live !== undefined
    default:
      return target.relation.live !== undefined
  }
}
