import type { ParsedStatement } from '../sql/parser.js'
import { setsTransaction } from '../sql/transaction-rules.js'
import type { Ran } from '../twin/twin.js'
import { hasItsEffect } from './from-twin/corrected.js'
import type { TwinFollower } from './from-twin/follow-on-twin.js'
import type { Refusal, Walk } from './walk.js'

/** What the server says of a statement whatever the rows, and what the walk does about it. */
export interface Judged {
  readonly refusal?: Refusal
  /** What it did on the twin; absent where it was not asked. */
  readonly ran?: Ran
  /**
   * `follow`: it does what it says, as it stands or once its refusal is corrected. `leave`: it is refused, and what it
   * would have done once corrected is not known. `open`: the twin cannot say what it does.
   */
  readonly way: 'follow' | 'leave' | 'open'
}

/** Asks the parser of the target, then the twin; where there is none, or it does not tell, the catalog as it is known. */
export async function judge(
  walk: Walk,
  statement: ParsedStatement,
  ofTransaction: (statement: ParsedStatement) => Promise<Refusal | undefined>,
  follower: TwinFollower | undefined,
): Promise<Judged> {
  const twin = follower?.lost === undefined ? follower : undefined
  const refusal = refusedByParser(walk, statement)
  if (!twin) return withoutTwin(refusal ?? (await walk.refusalOf(statement)))
  // What the transaction refuses the twin does not: there it has no characteristics.
  const isSet = [...walk.inSameTransaction, statement].some(setsTransaction)
  const first = refusal ?? (isSet ? await ofTransaction(statement) : undefined)
  if (first) return { refusal: first, ...(await twin.correct(statement, first)) }
  const { ran, refusal: refused } = await twin.run(statement)
  if (refused) return { refusal: refused, ...(await twin.correct(statement, refused)) }
  const isOther = ran.isOpen || twin.isReordered(statement)
  const known = isOther || !twin.isSameRole ? await walk.refusalOf(statement) : undefined
  // Another role may do there what that of the deploy may not.
  if (known && (isOther || known.code === 'missing-privilege')) return { ...withoutTwin(known), ran }
  const isOpen = ran.undone !== undefined && twin.mayChangeCatalog(statement)
  return { ran, way: isOpen ? 'open' : 'follow' }
}

function withoutTwin(refusal: Refusal | undefined): Judged {
  if (!refusal) return { way: 'follow' }
  return { refusal, way: refusal.isCertain && !hasItsEffect.has(refusal.code) ? 'leave' : 'follow' }
}

/** Before it looks up a name, the server reads the statement. */
function refusedByParser(walk: Walk, { kind, refusal }: ParsedStatement): Refusal | undefined {
  if (!refusal) return undefined
  const { object = kind, isMisread, message, sqlstate } = refusal
  if (!isMisread) return { code: 'newer-syntax', object, message, sqlstate, isCertain: true }
  walk.doubt(message, object)
  return undefined
}
