import type { ParsedStatement } from '../../sql/parser.js'
import { refusedInTransaction } from '../../sql/transaction-rules.js'
import { Refusal } from './static-failure.js'

/**
 * What the server refuses inside a transaction, before it looks at anything else of the statement.
 * @throws Refusal
 */
export function requireNoTransaction(statement: ParsedStatement): void {
  const command = refusedInTransaction(statement)
  if (command === undefined) return
  throw new Refusal('cannot-run-in-transaction', '25001', `${command} cannot run inside a transaction block`)
}
