import type { ParsedStatement } from '../../sql/parser.js'
import { wayToRun } from '../../twin/statement-kinds.js'
import type { TwinRefusal } from '../../twin/twin.js'
import type { Refusal } from '../walk.js'

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codes: readonly (readonly [RegExp, string])[] = [
  [/^(42P01|42703|42704|42883|3F000|42P02|26000|34000)$/, 'missing-object'],
  [/^(42P07|42701|42710|42P06|42723|42P04|42P05|42P03|42712)$/, 'object-exists'],
  [/^2BP01$/, 'dependent-object'],
  [/^(42804|42846|42P18|42P21|42P22)$/, 'type-mismatch'],
  [/^55P04$/, 'enum-value-not-usable'],
  [/^42830$/, 'foreign-key-target'],
  [/^42501$/, 'missing-privilege'],
  [/^25006$/, 'read-only-transaction'],
  [/^42601$/, 'newer-syntax'],
]

/** What code meets in the rows that it makes itself. */
const ofCode: readonly (readonly [RegExp, string])[] = [
  [/^23502$/, 'not-null-violation'],
  [/^23503$/, 'foreign-key-violation'],
  [/^23505$/, 'unique-violation'],
  [/^23514$/, 'check-violation'],
  [/^23P01$/, 'exclusion-violation'],
  [/^2[12]/, 'invalid-value'],
  [/^P0/, 'raised-exception'],
]

/**
 * The server's refusal of a statement as the forecast says it.
 * @param isCertain false where the twin may lack what a statement before it would have made
 */
export function refusalFromTwin(
  { sqlstate, message, relation, column }: TwinRefusal,
  statement: ParsedStatement,
  isCertain: boolean,
): Refusal {
  const object = objectOf(message, relation, column)
  return {
    sqlstate,
    code: codeOf(sqlstate, message, statement),
    message,
    ...(object === undefined ? {} : { object }),
    isCertain,
  }
}

function codeOf(sqlstate: string, message: string, { kind, node }: ParsedStatement): string {
  if (sqlstate === '25001')
    return kind === 'VariableSetStmt' || kind === 'TransactionStmt'
      ? 'transaction-setting-late'
      : 'cannot-run-in-transaction'
  if (kind === 'CreateExtensionStmt' && /is not available|could not open extension/.test(message))
    return 'missing-extension'
  const all = wayToRun({ kind, node }) === 'code' ? [...codes, ...ofCode] : codes
  return all.find(([states]) => states.test(sqlstate))?.[1] ?? 'invalid-statement'
}

/** `table.column` or the first name that the message quotes. */
function objectOf(message: string, relation?: string, column?: string): string | undefined {
  const ofRelation = /column "([^"]+)" of relation "([^"]+)"/.exec(message)
  if (ofRelation) return `${ofRelation[2]}.${ofRelation[1]}`
  if (relation !== undefined) return column === undefined ? relation : `${relation}.${column}`
  return /"([^"]+)"/.exec(message)?.[1] ?? /^column (\S+) does not exist/.exec(message)?.[1]
}
