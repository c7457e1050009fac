import type { StatementLock } from '../../domain/statement-lock.js'
import type { LockClaim, LockTarget } from './claim.js'

/** The claims of a statement, as a plan shows them. */
export function statementLocksOf(claims: readonly LockClaim[]): StatementLock[] {
  return claims.map(
    ({ target, name, object, mode, work, isCertain, heapBytes, toastBytes, indexBytes, rowEstimate }) => ({
      kind: target.kind === 'relation' ? target.relation.kind : target.kind,
      name,
      object,
      table: 'relation' in target && target.kind !== 'relation' ? target.relation.name : null,
      mode,
      work,
      isCertain,
      isNew: isNew(target),
      sizeBytes: heapBytes + toastBytes + indexBytes,
      rowEstimate: rowEstimate ?? null,
    }),
  )
}

function isNew(target: LockTarget): boolean {
  switch (target.kind) {
    case 'index':
      return target.index.oid === undefined
    case 'sequence':
      return target.sequence.live === undefined
    case 'composite type':
      return target.type.live === undefined
    default:
      return target.relation.live === undefined
  }
}
