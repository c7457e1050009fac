import type { CheckResult, Finding, Findings } from '../domain/finding.js'
import type { Reader } from '../domain/reader.js'
import type { DeclaredSchema } from '../sql/declared-schema.js'
import { answer } from './answer.js'
import { type FutureTables, isMendedByMigrations } from './future.js'
import { NotHarmless } from './harmless/gate.js'
import { shareOut } from './share-out.js'

/** What the pending migrations will do to the tables that are there, as far as a check of health must know it. */
export interface ConcernedTables {
  readonly tables: readonly ConcernedTable[]
  /** Size of the tables that will be rewritten, with their indexes. */
  readonly rewriteBytes?: number
  /** Tables, and views, of which a row will look different; absent when that was not followed. */
  readonly rowTypes?: readonly ChangedRowType[]
  /** Why there may be more of them, e.g. `the DO block on line 12`. */
  readonly rowTypesUnknown?: string
}

/** A table or view that keeps its name and whose rows get other columns. */
export interface ChangedRowType {
  readonly schema: string
  readonly name: string
  /** None where another relation takes its place that has the same columns. */
  readonly changes: readonly ColumnChange[]
  /** Another relation has its name then, and so a whole row of it another type. */
  readonly isReplaced: boolean
}

export interface ColumnChange {
  /** `retyped`: another type, modifier or collation. `moved`: only the order of the columns is another. */
  readonly kind: 'added' | 'dropped' | 'renamed' | 'retyped' | 'moved'
  /** As it is called today; of an added one, as it will be. */
  readonly column: string
  /** Its name to come, when it is renamed. */
  readonly to?: string
}

export interface ConcernedTable {
  readonly schema: string
  readonly name: string
  /** As the manual writes it, e.g. `ACCESS EXCLUSIVE`; the strongest there is when absent. */
  readonly strongestLock?: string
}

/** What a check may know beside the database. */
export interface CheckContext {
  /** `check`: before the deploy. `verify`: after it, or with nothing pending. */
  readonly step: 'check' | 'verify'
  /** Where unqualified names live. */
  readonly schema: string
  readonly declared: DeclaredSchema
  /** Run-time parameters that the database URL sets for every session; they win over those of role and database. */
  readonly urlParameters?: ReadonlyMap<string, string>
  /**
   * Foreign keys and unique indexes, by OID, that were there right before the deploy of this run; absent in any other
   * audit. One that came with the deploy has just been checked by the server itself, row by row, when it was made.
   */
  readonly knownBefore?: ReadonlySet<string>
  /** Absent when it is not known, as in an audit. */
  readonly concerned?: ConcernedTables
}

/** What a check has to say when its findings alone do not say it. */
export interface CheckAnswer {
  readonly findings: readonly Finding[]
  /** Instead of `passed`, when there is no finding. */
  readonly outcome?: 'info' | 'not-made'
  readonly facts?: CheckResult['facts']
  readonly note?: string
  /** Of findings that the pending migrations may put right: the same question, over the tables as they will leave them. */
  readonly later?: ReadonlyMap<Finding, FutureQuestion>
}

/** Undefined where it cannot be asked of the tables to come. */
export type FutureQuestion = (future: FutureTables) => string | undefined

/** A check that was made, before it is known what the migrations put right. */
export interface MadeCheck {
  readonly check: Check
  readonly answer: CheckAnswer
}

/** A question that holds for any database. */
export interface Check {
  /** Code of its findings; what `--accept` takes. */
  readonly code: string
  /** What is true when all is well. */
  readonly title: string
  readonly steps: readonly CheckContext['step'][]
  /** What is left to the server right after a deploy; part of the result then. */
  readonly leftToServer?: string
  /** Reads the database and gives what is wrong; nothing when all is well. */
  find(reader: Reader, context: CheckContext): Promise<readonly Finding[] | CheckAnswer>
}

/** SQLSTATE of "operator does not exist" and "could not identify an equality operator". */
export const undefinedFunction = '42883'

/** Runs the general checks of this step. Each reader is inside a transaction, all of the same snapshot. */
export async function runChecks(
  checks: readonly Check[],
  readers: readonly [Reader, ...Reader[]],
  context: CheckContext,
  onProgress: (title: string) => void,
): Promise<Findings> {
  return concludeChecks(await makeChecks(checks, readers, context, onProgress), readers[0], context)
}

/** Asks what is the case today. */
export async function makeChecks(
  checks: readonly Check[],
  readers: readonly Reader[],
  context: CheckContext,
  onProgress: (title: string) => void,
): Promise<MadeCheck[]> {
  const made = checks.filter(({ steps }) => steps.includes(context.step))
  return shareOut(made, readers, async (check, reader) => {
    onProgress(check.title)
    const answered = await answer(reader, () => check.find(reader, context))
    if ('findings' in answered) return { check, answer: answered }
    const findings =
      'error' in answered ? [notAnswered(check.title, answered.error, context.step, check.code)] : answered
    return { check, answer: { findings } }
  })
}

/**
 * Leaves out what the pending migrations put right.
 * @param future absent when nothing is pending, or what it leaves is not known
 */
export async function concludeChecks(
  made: readonly MadeCheck[],
  reader: Reader,
  context: CheckContext,
  future?: FutureTables,
): Promise<Findings> {
  const results: CheckResult[] = []
  const findings: Finding[] = []
  for (const { check, answer } of made) {
    const left: Finding[] = []
    for (const finding of answer.findings) {
      const question = answer.later?.get(finding)
      const isMended = question && (await isMendedByMigrations(reader, future, question))
      if (!isMended) left.push(finding)
    }
    results.push(resultOf(check, { ...answer, findings: left }, context))
    findings.push(...left)
  }
  return { results, findings }
}

function resultOf(
  { code, title, leftToServer }: Check,
  { findings, outcome, facts, note }: CheckAnswer,
  { knownBefore }: CheckContext,
): CheckResult {
  const notes = [note, knownBefore && leftToServer].filter(Boolean)
  return {
    id: code,
    title,
    outcome: findings.length === 0 && outcome !== undefined ? outcome : outcomeOf(findings),
    ...(facts ? { facts } : {}),
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  }
}

export function notAnswered(title: string, error: Error, step: Finding['step'], object: string): Finding {
  const isRefused = error instanceof NotHarmless
  return {
    code: 'check-not-answered',
    kind: 'health',
    verdict: 'unknown',
    step,
    object,
    message: `"${title}" could not be answered: ${error.message}`,
    hint: isRefused
      ? `Answer it yourself, and accept the finding by name: --accept check-not-answered:${object}="reason".`
      : 'Fix the cause and run the command again; a question without an answer counts as a failure.',
  }
}

/** The outcome of a check from the worst of its findings. */
export function outcomeOf(findings: readonly Finding[]): CheckResult['outcome'] {
  if (findings.some(({ verdict }) => verdict === 'block')) return 'failed'
  if (findings.some(({ verdict }) => verdict === 'unknown')) return 'unknown'
  return findings.some(({ verdict }) => verdict === 'warn') ? 'warned' : 'passed'
}
