/**
 * How much of the pending migrations is in the database, by evidence only. `prefix`: exactly the first of them, and
 * nothing else. `part`: a migration that does not run in one transaction stopped on its way.
 */
export type Standing =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'prefix'; readonly applied: readonly string[]; readonly pending: readonly string[] }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'part'
      /** Those that are in the database from beginning to end. */
      readonly applied: readonly string[]
      readonly migration: string
      /** So many of its statements took effect, counted from the first; absent when they are not a beginning. */
      readonly statements?: number
      /** Objects that are neither as before the migration nor as after it, or that it has changed already. */
      readonly objects: readonly string[]
      /** Those of them that a CONCURRENTLY that failed has left, qualified and quoted. */
      readonly invalidIndexes?: readonly string[]
    }
  /** `isOpen`: more than one is possible, and a replay of the migrations may tell which. */
  | { readonly kind: 'unknown'; readonly why: string; readonly isOpen?: boolean }
