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
    unknown,
    unknown,
    async () => nobodyAnswers,
    async () => nobodyAnswers,
  )
}

/** Whose effect on the catalog is none: they need not be followed where rows are of no concern. */
const dataKinds: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'TruncateStmt',
  'CommentStmt',
])

/** Whether a statement succeeds is not asked; the next one is looked at in any case. */
export async function followOffline(walk: Walk, statement: ParsedStatement): Promise<void> {
  if (dataKinds.has(statement.kind)) return
  try {
    await unlessOwnError(walk, statement, () => followStatement(walk, statement))
  } catch (error) {
    if (!(error instanceof StatementFails)) throw error
  }
}
