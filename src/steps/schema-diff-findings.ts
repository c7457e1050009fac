import type { Finding, Findings } from '../domain/finding.js'

/** What `prisma migrate diff` between the target and the Prisma schema says, object by object. */
export interface SchemaDiff {
  /** `unknown`: Prisma did not answer, or its answer was not read. */
  readonly answer: 'same' | 'different' | 'unknown'
  readonly differences: readonly SchemaDifference[]
  /** Why there is no answer. */
  readonly problem?: string
}

/** One object in which they differ. */
export interface SchemaDifference {
  readonly object: string
  /** What the database has and what the schema wants. */
  readonly words: string
  /** The application's client asks for what is not there. */
  readonly isMissing: boolean
  /** Why Prisma tells it however well the two agree; absent where a migration can put it right. */
  readonly alwaysTold?: string
}

/** One line for each difference; what a later look compares with. */
export function linesOf({ differences }: SchemaDiff): string[] {
  return differences.map(({ object, words }) => `${object}: ${words}`)
}

const title = 'the database is what the Prisma schema declares'
const id = 'schema-difference'

/** Where migrations are left out, the database cannot be what the schema declares: they make the rest of it. */
export function notCompared(leftOut: readonly string[]): Findings {
  const note = `the schema declares what ${leftOut.length === 1 ? 'a migration' : 'migrations'} that ${leftOut.length === 1 ? 'was' : 'were'} left out will make`
  return { results: [{ id, title, outcome: 'not-made', note }], findings: [] }
}

/**
 * The differences as findings, one for each: the database is not what the application's client was generated for. What
 * was there before the migrations is none of their work, and what Prisma always tells nobody can put right: it is named
 * and does not block. A table, a column or a value that the schema wants and nobody makes blocks all the same.
 *
 * @param before the lines of the differences before the migrations; undefined where nobody looked
 */
export function schemaDiffFindings(diff: SchemaDiff, before: readonly string[] | undefined): Findings {
  if (diff.answer === 'same') return { results: [{ id, title, outcome: 'passed' }], findings: [] }
  const about = { kind: 'health', step: 'verify' } as const
  if (diff.answer === 'unknown') {
    // A code of its own: who accepts a difference that he knows has not accepted that nobody looked.
    const finding: Finding = {
      ...about,
      object: 'schema.prisma',
      code: 'check-not-answered',
      verdict: 'unknown',
      message: `prisma migrate diff gave no answer: ${firstError(diff.problem ?? '')}`,
      hint: 'Run npx prisma migrate diff by hand to see why.',
    }
    return { results: [{ id, title, outcome: 'unknown' }], findings: [finding] }
  }
  const known = new Set(before)
  const findings = diff.differences.map(({ object, words, isMissing, alwaysTold }, i): Finding => {
    const isOld = known.has(linesOf(diff)[i] ?? '')
    const isLeft = alwaysTold !== undefined || (isOld && !isMissing)
    const note = alwaysTold === undefined ? (isOld ? ', as before' : '') : `; ${alwaysTold}`
    return {
      ...about,
      object,
      code: 'schema-difference',
      verdict: isLeft ? 'warn' : 'block',
      message: `${object}: ${words}${note}`,
      hint: isLeft
        ? 'Nothing is to be done for this deploy.'
        : 'Write a migration for the difference, or correct the schema.',
    }
  })
  const outcome = findings.some(({ verdict }) => verdict === 'block') ? 'failed' : 'warned'
  return { results: [{ id, title, outcome }], findings }
}

/** Prisma says first which files it has loaded, then a bare code, then what is wrong. */
function firstError(text: string): string {
  const lines = text.split('\n')
  return lines.find((line) => /^error: /.test(line)) ?? lines.find((line) => /^Error: /.test(line)) ?? text
}
