import { dataKinds } from '../sql/data-kinds.js'
import type { ParsedStatement } from '../sql/parser.js'
import { makeEmptyCatalog } from './empty-catalog.js'
import { followStatement, unlessOwnError } from './follow.js'
import { StatementFails, Walk } from './walk.js'

/** A walk from an empty database on, without a server: what depends on rows, or on what only a server knows, is not known. */
export function makeOfflineWalk(): Walk {
  const unknown = async () => undefined
  const nobodyAnswers = { kind: 'not-answered', reason: 'no server is asked' } as const
  return new Walk(
    makeEmptyCatalog(),
    unknown,
    unknown,
    unknown,
    async () => nobodyAnswers,
    async () => nobodyAnswers,
  )
}

/** Whether a statement succeeds is not asked; the next one is looked at in any case. */
export async function followOffline(walk: Walk, statement: ParsedStatement): Promise<void> {
  // They need not be followed where rows are of no concern.
  if (dataKinds.has(statement.kind) || statement.kind === 'CommentStmt') return
  try {
    await unlessOwnError(walk, statement, () => followStatement(walk, statement))
  } catch (error) {
    if (!(error instanceof StatementFails)) throw error
  }
}
