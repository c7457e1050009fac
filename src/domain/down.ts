import type { CatalogDifference } from './catalog-object.js'

/** What a statement takes away that no other statement brings back: why, and what does. */
export interface Loss {
  readonly why: string
  readonly remedy: string
}

/** Where up → down and up → down → up lead on an empty database, object by object. */
export interface DownProof {
  /** The server's words where the down script does not run. */
  readonly downFails?: string
  /** What is not as before the migration, after it and its down script. */
  readonly differences: readonly CatalogDifference[]
  /** The server's words where the migration does not run a second time. */
  readonly againFails?: string
  /** What the second run of the migration makes otherwise than the first one. */
  readonly again: readonly CatalogDifference[]
}

/** A way back for one migration, and what is known of it. */
export interface DownMade {
  /** The text of the down.sql. */
  readonly text: string
  /** How many statements the migration has. */
  readonly statements: number
  /** By line of the migration: what nothing brings back. The text says it at the same statement. */
  readonly irreversible: readonly (Loss & { readonly line: number })[]
  readonly proof: DownProof
}

/** What became of a down script. */
export interface DownWritten extends DownMade {
  readonly migration: string
  /** Relative to the project. */
  readonly file: string
  readonly isWritten: boolean
}

/** How good a way back is. */
export type DownVerdict =
  /** The catalog comes back object by object, but for the order of columns. */
  | 'exact'
  /** It does not, and every line where it does not says so. */
  | 'named'
  /** It does not, and no line says why; or the script does not run. */
  | 'wrong'

/** Judges a way back by its proof. */
export function verdictOf({ irreversible, proof }: DownMade): DownVerdict {
  const { downFails, againFails } = proof
  if (downFails !== undefined) return 'wrong'
  const isSame = [...proof.differences, ...proof.again].every(isOnlyOrder)
  if (isSame && againFails === undefined) return 'exact'
  return irreversible.length > 0 ? 'named' : 'wrong'
}

/** A column that is made again stands behind the others. */
export function isOnlyOrder({ change, properties = [] }: CatalogDifference): boolean {
  return (
    change === 'changed' &&
    properties.length > 0 &&
    properties.every(({ property }) => property === 'position')
  )
}
