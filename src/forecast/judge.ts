import type { ParsedStatement } from '../sql/parser.js'
import { isTransactionSetting, setsTransaction } from '../sql/transaction-rules.js'
import { wayToRun } from '../twin/statement-kinds.js'
import type { Ran } from '../twin/twin.js'
import { hasItsEffect } from './from-twin/corrected.js'
import type { TwinFollower } from './from-twin/follow-on-twin.js'
import { transactionRefusalOf } from './transaction-refusals.js'
import type { Refusal, Walk } from './walk.js'

/** What the server says of a statement whatever the rows, and what the walk does about it. */
export interface Judged {
  readonly refusal?: Refusal
  /** What it did on the twin; absent where it was not asked. */
  readonly ran?: Ran
  /**
   * `follow`: it does what it says, as it stands or once its refusal is corrected. `leave`: it is refused, and what it
   * would have done once corrected is not known. `open`: the twin cannot say what it does. `replay`: it is code that catches
   * errors, which the walk and the twin take step by step together.
   */
  readonly way: 'follow' | 'leave' | 'open' | 'replay'
}

/** How the reason begins where a twin says nothing any more. */
export const twinWasLeft = 'the schema twin was left on the way'

/** Asks the parser of the target, then the twin. What only a twin could tell is not known where there is none. */
export async function judge(
  walk: Walk,
  statement: ParsedStatement,
  follower: TwinFollower | undefined,
): Promise<Judged> {
  const twin = follower?.lost === undefined ? follower : undefined
  const refusal = refusedByParser(walk, statement)
  const ofTransaction = () =>
    walk.inTransaction ? transactionRefusalOf(statement, walk.inSameTransaction, walk.catalog) : undefined
  if (!twin) return withoutTwin(walk, statement, refusal ?? ofTransaction(), follower?.lost)
  // What the transaction refuses the twin does not: there it has no characteristics.
  const isSet = [...walk.inSameTransaction, statement].some(setsTransaction)
  const first = refusal ?? (isSet || wayToRun(statement) === 'not' ? ofTransaction() : undefined)
  if (first) return { refusal: first, ...(await twin.correct(statement, first)) }
  const { ran, refusal: refused, isStepByStep } = await twin.run(statement)
  if (refused) return { refusal: refused, ...(await twin.correct(statement, refused)) }
  if (twin.lost !== undefined) return withoutTwin(walk, statement, undefined, twin.lost)
  const untold = twin.untold(statement, ran)
  if (untold !== undefined) doubtOnce(walk, { reason: untold })
  if (isStepByStep) return { ran, way: 'replay' }
  const isOpen = ran.undone !== undefined && twin.mayChangeCatalog(statement)
  return { ran, way: isOpen ? 'open' : 'follow' }
}

/** @param lost why the twin was left; undefined where there has been none */
function withoutTwin(
  walk: Walk,
  statement: ParsedStatement,
  refusal: Refusal | undefined,
  lost: string | undefined,
): Judged {
  if (refusal)
    return { refusal, way: refusal.isCertain && !hasItsEffect.has(refusal.code) ? 'leave' : 'follow' }
  if (namesNothing(statement)) return { way: 'follow' }
  const why = lost === undefined ? 'there is no schema twin' : `${twinWasLeft}: ${lost}`
  doubtOnce(walk, { code: 'no-schema-twin', reason: why })
  return { way: 'follow' }
}

/** The parser of the target has judged all of it, or the rules of transactions. */
function namesNothing(statement: ParsedStatement): boolean {
  const { kind } = statement
  return kind === 'TransactionStmt' || kind === 'VariableSetStmt' || isTransactionSetting(statement)
}

/** What holds for many statements of a file is told at the first of them. */
function doubtOnce(walk: Walk, { code, reason }: { code?: string; reason: string }): void {
  const { place } = walk
  const isKnown = walk.doubts.some(
    (one) => one.code === code && one.reason === reason && one.place.migration === place.migration,
  )
  if (!isKnown) walk.doubts.push({ place, reason, ...(code === undefined ? {} : { code }) })
}

/** Before it looks up a name, the server reads the statement. */
function refusedByParser(walk: Walk, { kind, refusal }: ParsedStatement): Refusal | undefined {
  if (!refusal) return undefined
  const { object = kind, isMisread, message, sqlstate } = refusal
  if (!isMisread) return { code: 'newer-syntax', object, message, sqlstate, isCertain: true }
  walk.doubt(message, object)
  return undefined
}
