import type { Finding, Findings } from '../domain/finding.js'
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
  const said = result.stdout.trim()
  // Exit code 0 alone proves nothing: an engine that dies leaves it behind without a word.
  if (result.exitCode === 0 && /No difference detected/.test(said)) return { answer: 'same', difference: '' }
  if (result.exitCode === differentExitCode && said) return { answer: 'different', difference: said }
  return { answer: 'unknown', difference: result.stderr.trim() || `prisma migrate diff ${result.ending}` }
}

/** The difference as a finding: the database is not what the application's client was generated for. */
export function schemaDiffFinding({ answer, difference }: SchemaDiff): Findings {
  const title = 'the database is what the Prisma schema declares'
  const id = 'schema-difference'
  if (answer === 'same') return { results: [{ id, title, outcome: 'passed' }], findings: [] }
  const finding: Finding = {
    code: id,
    kind: 'health',
    verdict: answer === 'different' ? 'block' : 'unknown',
    step: 'verify',
    object: 'schema.prisma',
    message:
      answer === 'different'
        ? `the database differs from the Prisma schema: ${difference.replace(/\s+/g, ' ')}`
        : `prisma migrate diff gave no answer: ${difference.split('\n')[0]}`,
    hint:
      answer === 'different'
        ? 'Write a migration for the difference, or correct the schema.'
        : 'Run npx prisma migrate diff by hand to see why.',
  }
  return {
    results: [{ id, title, outcome: answer === 'different' ? 'failed' : 'unknown' }],
    findings: [finding],
  }
}
