import type { CheckResult, Evidence, Finding, Findings } from '../domain/finding.js'
import { formatCount } from '../domain/quantities.js'
import type { Reader } from '../domain/reader.js'
import { answerForUser, limitThisQuestion } from './answer.js'
import { notAnswered } from './check.js'
import type { CheckFile } from './check-file.js'
import { type Facts, type MeasuredFacts, readFacts } from './facts.js'
import { type Judge, withoutRule } from './harmless/judge.js'
import { maskFacts } from './masked-facts.js'
import { countOffendingRows } from './offending-rows.js'
import { shareOut } from './share-out.js'

/** SQLSTATE undefined_table, undefined_column: the query is about something that is not there. */
const notThere = new Set(['42P01', '42703'])

/** SQLSTATE query_canceled */
const cancelled = '57014'

/** What the user's own checks are asked with. */
export interface DeclaredCheckContext {
  readonly step: 'check' | 'verify'
  /** Names without a schema are those of this one, as in a migration. */
  readonly schema: string
  /** How long each check may take; 0 for any time. */
  readonly timeoutMs: number
  readonly measured?: MeasuredFacts
  /** Facts are told as they are; otherwise only numbers are. */
  readonly showValues?: boolean
  /** Tells which checks may do more than ask; without it none is warned of. */
  readonly judge?: Judge
}

/**
 * Runs the user's own checks. A `block` or `warn` query must give no row; an `info` query gives facts; a query with
 * `equals` must give what that before-check gave. They are a person's own word, so they run whatever they call; but a
 * READ ONLY transaction does not hold back everything, so what may act is warned of.
 *
 * @param readers each inside a transaction, all of the same snapshot
 */
export async function runDeclaredChecks(
  files: readonly CheckFile[],
  readers: readonly Reader[],
  context: DeclaredCheckContext,
  onProgress: (title: string) => void,
): Promise<Findings> {
  const { step, measured = new Map(), judge: judgeOfCalls, showValues = false } = context
  const answers = await shareOut(files, readers, async (file, reader) => {
    onProgress(file.title)
    return { file, answered: await ask(file, reader, { ...context, measured }) }
  })
  const results: CheckResult[] = []
  const findings: Finding[] = []
  for (const { file, answered } of answers) {
    const reason = answered && judgeOfCalls?.reasonAgainst(file.query)
    if (reason !== undefined) findings.push(mayAct(file, step, withoutRule(reason)))
    const blockedBefore = findings.some(
      ({ migration, verdict }) => migration === file.migration && verdict === 'block',
    )
    const { result, finding } = judge(file, answered, step, measured, { blockedBefore, showValues })
    results.push(result)
    if (finding) findings.push(finding)
  }
  return { results, findings }
}

type Answer =
  | Evidence
  | { readonly facts: Facts; readonly note?: string }
  | { readonly error: Error & { code?: string } }

/** Gives nothing for a check that has nothing to compare with. */
async function ask(
  file: CheckFile,
  reader: Reader,
  { schema, timeoutMs, measured }: DeclaredCheckContext & { measured: MeasuredFacts },
): Promise<Answer | undefined> {
  if (file.equals !== undefined && !measured.has(file.equals)) return undefined
  const asksForFacts = file.equals !== undefined || file.verdict === 'info'
  const answered = await answerForUser<Answer>(reader, schema, async () => {
    await limitThisQuestion(reader, timeoutMs)
    return asksForFacts ? readFacts(reader, file.query) : countOffendingRows(reader, file.query)
  })
  // No savepoint gives these back: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
  await reader.query('SELECT pg_catalog.pg_advisory_unlock_all()')
  return answered
}

function mayAct(file: CheckFile, step: 'check' | 'verify', reason: string): Finding {
  return {
    code: 'check-may-act',
    kind: 'custom',
    verdict: 'warn',
    step,
    file: file.file,
    object: file.id,
    ...(file.migration ? { migration: file.migration } : {}),
    message: `"${file.title}" was asked, and may have done more than ask: ${shorten(reason)}`,
    hint: 'Find out what it does on the target; a check that only reads can be accepted by name.',
  }
}

function judge(
  file: CheckFile,
  answered: Answer | undefined,
  step: 'check' | 'verify',
  measured: MeasuredFacts,
  { blockedBefore, showValues }: { blockedBefore: boolean; showValues: boolean },
): { result: CheckResult; finding?: Finding } {
  const result = { id: file.id, title: file.title }
  const expected = file.equals === undefined ? undefined : measured.get(file.equals)
  if (answered === undefined) {
    return {
      result: {
        ...result,
        outcome: 'not-made',
        note: `there is no result of ${file.equals} to compare with`,
      },
    }
  }
  if ('error' in answered) {
    const error = shortened(answered.error)
    // What is missing has been reported already by the check that came before.
    if (blockedBefore && notThere.has(error.code ?? '')) {
      return { result: { ...result, outcome: 'not-made', note: error.message } }
    }
    return {
      result: { ...result, outcome: 'unknown', note: error.message },
      finding: about(file, step, {
        ...notAnswered(file.title, error, step, file.id),
        ...(error.code === cancelled ? { hint: tookTooLong } : {}),
      }),
    }
  }
  if ('facts' in answered) {
    const told = showValues ? answered : { ...answered, facts: maskFacts(answered.facts) }
    if (expected === undefined) return { result: { ...result, outcome: 'info', ...told } }
    // Those of an earlier run are kept masked.
    const [before, now] = [maskFacts(expected), maskFacts(answered.facts)].map((facts) =>
      JSON.stringify(facts),
    )
    if (before === now) return { result: { ...result, outcome: 'passed', ...told } }
    const was = showValues ? expected : maskFacts(expected)
    const message = `${file.title}: before ${formatFacts(was)}, now ${formatFacts(told.facts)}`
    return {
      result: { ...result, outcome: outcomeFor(file), ...told },
      finding: about(file, step, { message }),
    }
  }
  if (answered.count === 0) return { result: { ...result, outcome: 'passed' } }
  const message = `${answered.count} ${answered.count === 1 ? 'row contradicts' : 'rows contradict'} "${file.title}"`
  return {
    result: { ...result, outcome: outcomeFor(file) },
    finding: about(file, step, { message, evidence: answered, findSql: file.query }),
  }
}

function about(
  file: CheckFile,
  step: 'check' | 'verify',
  details: Partial<Finding> & { message: string },
): Finding {
  return {
    code: 'declared-check',
    kind: 'custom',
    verdict: file.verdict === 'info' ? 'warn' : file.verdict,
    step,
    file: file.file,
    object: file.id,
    ...(file.migration ? { migration: file.migration } : {}),
    ...(file.hint ? { hint: file.hint } : {}),
    ...(file.fixSql ? { fixSql: file.fixSql } : {}),
    ...details,
  }
}

function outcomeFor(file: CheckFile): CheckResult['outcome'] {
  return file.verdict === 'block' ? 'failed' : 'warned'
}

function formatFacts(facts: Facts): string {
  const text = Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')
  return shorten(text)
}

const tookTooLong =
  'Make the check cheaper, or give it more time with --question-timeout; a question without an answer counts as a failure.'

/** So much of a text stands in a sentence; the server puts a whole value into the message of an error. */
const mostCharacters = 2_000

function shorten(text: string): string {
  if (text.length <= mostCharacters) return text
  return `${text.slice(0, mostCharacters)}... (cut: ${formatCount(text.length)} characters)`
}

function shortened(error: Error & { code?: string }): Error & { code?: string } {
  if (error.message.length <= mostCharacters) return error
  const { code } = error
  return Object.assign(new Error(shorten(error.message)), code === undefined ? {} : { code })
}
