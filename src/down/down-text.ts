import { summarizeSql } from '../sql/summary.js'
import type { TakenBack } from './take-back.js'

const longestSummary = 90

/**
 * The text of a down.sql: what takes each statement back, the last one first, under the statement that it is for.
 * @param name of the migration
 */
export function formatDown(name: string, statements: readonly TakenBack[]): string {
  const parts = statements.toReversed().map(formatPart).filter(Boolean)
  const head = `-- Takes back ${oneLine(name)}. Written by migrate-guard down; read it before you rely on it.`
  const nothing = '-- There is nothing to take back.'
  return `${[head, ...(parts.length > 0 ? parts : [nothing])].join('\n\n')}\n`
}

function formatPart({ statement, sql, losses }: TakenBack): string {
  if (sql.length + losses.length === 0) return ''
  const summary = oneLine(summarizeSql(statement.sql, longestSummary))
  const said = losses.map(
    ({ why, remedy }) => `-- irreversible: ${summary}: ${oneLine(why)}; ${oneLine(remedy)}`,
  )
  return [`-- line ${statement.line}: ${summary}`, ...said, ...sql.map((one) => `${one};`)].join('\n')
}

/** What others have written, such as a name, must not end the comment. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
