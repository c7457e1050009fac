import type { ParsedStatement } from '../sql/parser.js'
import type { ForecastFile } from './file.js'
import type { LockClaim } from './locks/claim.js'
import { lockClaimsOf } from './locks/lock-claims.js'
import { statementLocksOf } from './locks/statement-locks.js'
import type { CatalogModel, Relation } from './model.js'
import { followOffline, makeOfflineWalk } from './offline-walk.js'
import { isOwnError } from './own-error.js'
import type { LocksOfStatement } from './static-forecast.js'
import { endTransaction } from './transaction.js'

/**
 * What the text of each statement tells of its locks when the files are run on an empty database, one after the other. No server is
 * asked: which relations there are is known, their sizes are not. Where a text does not tell them, a statement is left out.
 *
 * @param files all migrations, in order
 * @param isShown whether the locks of this migration are wanted
 */
export async function locksWithoutServer(
  files: readonly ForecastFile[],
  isShown: (migration: string) => boolean,
): Promise<LocksOfStatement[]> {
  const walk = makeOfflineWalk()
  const { catalog } = walk
  const found: LocksOfStatement[] = []
  /** Made by the files before. */
  const old = new Set<object>(catalog.types)
  const touched = new Set<Relation>()
  for (const { migration, file, statements } of files) {
    for (const statement of statements) {
      walk.place = { migration, file, index: statement.index, line: statement.line }
      const claims = claimsOf(statement, catalog)
      // An index is made on a table that is locked for it.
      for (const { target } of claims ?? []) if ('relation' in target) touched.add(target.relation)
      if (isShown(migration) && claims)
        found.push({ place: walk.place, locks: statementLocksOf(claims, old), isSeen: false })
      await followOffline(walk, statement)
    }
    endTransaction(walk)
    walk.session.resetAll()
    noteMade(catalog, old, touched)
    touched.clear()
  }
  return found
}

/** By the next file a table may hold anything. What is new stands at the end of its list. */
export function noteMade(
  { relations, sequences, types }: CatalogModel,
  old: Set<object>,
  touched: Set<Relation>,
): void {
  for (const relation of [...newestOf(relations, old), ...touched]) {
    relation.isEmpty = false
    old.add(relation)
    for (const index of relation.indexes) old.add(index)
  }
  for (const one of [...newestOf(sequences, old), ...newestOf(types, old)]) old.add(one)
}

function newestOf<T extends object>(all: readonly T[], old: ReadonlySet<object>): T[] {
  const last = all.findLastIndex((one) => old.has(one))
  return all.slice(last + 1)
}

/** Undefined also where an error of our own leaves them unknown. */
function claimsOf(statement: ParsedStatement, catalog: CatalogModel): LockClaim[] | undefined {
  try {
    return lockClaimsOf(statement, catalog)
  } catch (error) {
    if (!isOwnError(error)) throw error
    return undefined
  }
}
