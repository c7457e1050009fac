import type { Finding, Findings } from '../domain/finding.js'
import { diffWithEngine } from '../prisma/schema-diff.js'
import { applicationName, type Tools } from './tools.js'

/** What `prisma migrate diff` between the target and the Prisma schema says. */
export interface SchemaDiff {
  /** `unknown`: Prisma did not answer. */
  readonly answer: 'same' | 'different' | 'unknown'
  /** Prisma's own words; empty when there is no difference. */
  readonly difference: string
}

const timeoutMs = 120_000
/** With --exit-code: https://www.prisma.io/docs/orm/reference/prisma-cli-reference#migrate-diff */
const differentExitCode = 2

/** Compares on a connection that the server holds read-only. */
export async function readSchemaDiff(tools: Tools): Promise<SchemaDiff> {
  const { exitCode, said, problem } =
    tools.settings.engine === 'native' ? await askCli(tools) : await askEngine(tools)
  // Exit code 0 alone proves nothing: an engine that dies leaves it behind without a word.
  if (exitCode === 0 && /No difference detected/.test(said)) return { answer: 'same', difference: '' }
  if (exitCode === differentExitCode && said) return { answer: 'different', difference: said }
  return { answer: 'unknown', difference: problem }
}

interface DiffAnswer {
  readonly exitCode: number | null
  readonly said: string
  /** Why there is no answer, should it be none. */
  readonly problem: string
}

/** The engine that ships with the guard answers right here; the CLI would start it twice to pass on the same answer. */
async function askEngine(tools: Tools): Promise<DiffAnswer> {
  const session = {
    applicationName: applicationName(tools, 'diff'),
    parameters: { statement_timeout: String(timeoutMs) },
  }
  try {
    const { exitCode, text } = await diffWithEngine(tools.project, tools.settings.target, session)
    return { exitCode, said: text, problem: `the engine gave the exit code ${exitCode}` }
  } catch (error) {
    return { exitCode: null, said: '', problem: (error as Error).message.trim() }
  }
}

/** Prisma's own engine is reached through the CLI only. */
async function askCli(tools: Tools): Promise<DiffAnswer> {
  const { project, prisma } = tools
  const from =
    project.major >= 7
      ? ['--from-config-datasource', '--to-schema', project.schemaPath]
      : ['--from-schema-datasource', project.schemaPath, '--to-schema-datamodel', project.schemaPath]
  const result = await prisma.run({
    effect: 'verify.diff',
    arguments: ['migrate', 'diff', ...from, '--exit-code'],
    applicationName: applicationName(tools, 'diff'),
    readOnly: true,
    timeoutMs,
  })
  return {
    exitCode: result.exitCode,
    said: result.stdout.trim(),
    problem: result.stderr.trim() || `prisma migrate diff ${result.ending}`,
  }
}

/** The difference as a finding: the database is not what the application's client was generated for. */
export function schemaDiffFinding({ answer, difference }: SchemaDiff): Findings {
  const title = 'the database is what the Prisma schema declares'
  const id = 'schema-difference'
  if (answer === 'same') return { results: [{ id, title, outcome: 'passed' }], findings: [] }
  const about = { kind: 'health', step: 'verify', object: 'schema.prisma' } as const
  if (answer === 'unknown') {
    // A code of its own: who accepts a difference that he knows has not accepted that nobody looked.
    const finding: Finding = {
      ...about,
      code: 'check-not-answered',
      verdict: 'unknown',
      message: `prisma migrate diff gave no answer: ${firstError(difference)}`,
      hint: 'Run npx prisma migrate diff by hand to see why.',
    }
    return { results: [{ id, title, outcome: 'unknown' }], findings: [finding] }
  }
  const finding: Finding = {
    ...about,
    code: 'schema-difference',
    verdict: 'block',
    message: `the database differs from the Prisma schema; to make it equal: ${difference.replace(/\s+/g, ' ')}`,
    hint: 'Write a migration for the difference, or correct the schema.',
  }
  return { results: [{ id, title, outcome: 'failed' }], findings: [finding] }
}

/** Prisma says first which files it has loaded, then a bare code, then what is wrong. */
function firstError(text: string): string {
  const lines = text.split('\n')
  return lines.find((line) => /^error: /.test(line)) ?? lines.find((line) => /^Error: /.test(line)) ?? text
}
