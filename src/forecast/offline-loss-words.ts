import type { Node, ParsedStatement } from '../sql/parser.js'
import type { StatementPlace } from './requirement.js'

/** The hint where nothing better is known. */
export const keep =
  'Copy the values to where they are needed first, or accept the finding. On a database, check counts them.'

/** What all findings of a plan without a database have in common. */
export function ofPlace({ migration, file, line }: StatementPlace) {
  return { kind: 'loss', verdict: 'warn', step: 'plan', migration, file, line } as const
}

/** Whether an UPDATE of the file fills the column. */
export function isWritten(name: string, statements: readonly ParsedStatement[]): boolean {
  return statements.some(
    ({ kind, node }) =>
      kind === 'UpdateStmt' && (node.targetList ?? []).some(({ ResTarget }: Node) => ResTarget.name === name),
  )
}
