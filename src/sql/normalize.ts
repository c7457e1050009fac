import { normalizeSync } from 'libpg-query'
import type { ParsedStatement } from './parser.js'
import { onOneLine, summarizeSql } from './summary.js'

/** `PREPARE name (types) AS`: the parser leaves the values of what follows as they are while this stands before it. */
const prepareHead = /^PREPARE\s+(?:"(?:[^"]|"")*"|[^\s("]+)\s*(?:\((?:[^()]|\([^()]*\))*\)\s*)?AS\s+/i

/**
 * The statement on one line with a parameter in the place of each value, and without comments; of a PREPARE its query.
 * Only the first words where that cannot be done.
 */
export function normalizeSql({ kind, sql }: Pick<ParsedStatement, 'kind' | 'sql'>, longest = 120): string {
  const query = kind === 'PrepareStmt' ? sql.replace(prepareHead, '') : sql
  if (kind === 'PrepareStmt' && query === sql) return summarizeSql(sql, longest)
  try {
    const text = onOneLine(normalizeSync(query))
    return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
  } catch {
    return summarizeSql(sql, longest)
  }
}
