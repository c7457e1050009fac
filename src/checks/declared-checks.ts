import type { CheckResult, Evidence, Finding, Findings } from '../domain/finding.js'
import type { Reader } from '../domain/reader.js'
import { answerForUser } from './answer.js'
import { notAnswered } from './check.js'
import type { CheckFile } from './check-file.js'
import { countOffendingRows } from './offending-rows.js'
import { shareOut } from './share-out.js'

type Facts = Readonly<Record<string, unknown>>

/** What a before-check read, kept for the after-checks that must find the same again. */
export type MeasuredFacts = ReadonlyMap<string, Facts>

/** SQLSTATE undefined_table, undefined_column: the query is about something that is not there. */
const notThere = new Set(['42P01', '42703'])

/**
 * Runs the user's own checks. A `block` or `warn` query must give no row; an `info` query gives facts; a query with
 * `equals` must give what that before-check gave. Each reader is inside a transaction, all of the same snapshot. Names
 * without a schema are those of `schema`, as in a migration.
 */
export async function runDeclaredChecks(
  files: readonly CheckFile[],
  readers: readonly Reader[],
  schema: string,
  step: 'check' | 'verify',
  measured: MeasuredFacts,
  onProgress: (title: string) => void,
): Promise<Findings> {
  const answers = await shareOut(files, readers, async (file, reader) => {
    onProgress(file.title)
    return { file, answered: await ask(file, reader, schema, measured) }
  })
  const results: CheckResult[] = []
  const findings: Finding[] = []
  for (const { file, answered } of answers) {
    const blockedBefore = findings.some(
      ({ migration, verdict }) => migration === file.migration && verdict === 'block',
    )
    const { result, finding } = judge(file, answered, step, measured, { blockedBefore })
    results.push(result)
    if (finding) findings.push(finding)
  }
  return { results, findings }
}

type Answer = Evidence | { readonly facts: Facts } | { readonly error: Error & { code?: string } }

/** Gives nothing for a check that has nothing to compare with. */
async function ask(
  file: CheckFile,
  reader: Reader,
  schema: string,
  measured: MeasuredFacts,
): Promise<Answer | undefined> {
  if (file.equals !== undefined && !measured.has(file.equals)) return undefined
  const asksForFacts = file.equals !== undefined || file.verdict === 'info'
  return answerForUser<Evidence | { facts: Facts }>(reader, schema, () =>
    asksForFacts ? readFacts(reader, file) : countOffendingRows(reader, file.query),
  )
}

function judge(
  file: CheckFile,
  answered: Answer | undefined,
  step: 'check' | 'verify',
  measured: MeasuredFacts,
  { blockedBefore }: { blockedBefore: boolean },
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
    const { error } = answered
    // What is missing has been reported already by the check that came before.
    if (blockedBefore && notThere.has(error.code ?? '')) {
      return { result: { ...result, outcome: 'not-made', note: error.message } }
    }
    return {
      result: { ...result, outcome: 'unknown', note: error.message },
      finding: about(file, step, notAnswered(file.title, error, step, file.id)),
    }
  }
  if ('facts' in answered) {
    const { facts } = answered
    if (expected === undefined) return { result: { ...result, outcome: 'info', facts } }
    if (JSON.stringify(expected) === JSON.stringify(facts))
      return { result: { ...result, outcome: 'passed', facts } }
    const message = `${file.title}: before ${formatFacts(expected)}, now ${formatFacts(facts)}`
    return {
      result: { ...result, outcome: outcomeFor(file), facts },
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

async function readFacts(reader: Reader, file: CheckFile): Promise<{ facts: Facts }> {
  const { rows } = await reader.query(`
    SELECT (SELECT pg_catalog.json_object_agg(key, value) FROM pg_catalog.json_each_text(pg_catalog.row_to_json(fact.*))) AS fact
      FROM (
${file.query}
      ) AS fact`)
  const facts = rows.map(({ fact }) => fact as Record<string, unknown>)
  return { facts: facts.length === 1 && facts[0] ? facts[0] : { rows: facts } }
}

function formatFacts(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')
}
