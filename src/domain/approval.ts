declare const approved: unique symbol

/** How a person, or a reviewed plan's hash, said yes. */
export type ApprovalMethod = 'typed-yes' | 'typed-database-name' | 'yes-option' | 'plan-hash'

/** Permission to deploy exactly one plan. Only the confirm step can make one. */
export interface Approval {
  readonly [approved]: true
  readonly planHash: string
  readonly method: ApprovalMethod
  readonly at: string
}

/** Makes the approval. Called by the confirm step and by nothing else. */
export function makeApproval(fields: Omit<Approval, typeof approved>): Approval {
  return Object.freeze({ ...fields }) as Approval
}
