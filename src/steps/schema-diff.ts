import { readSchemaFacts } from '../postgres/schema-facts.js'
import { wordsOf } from '../prisma/said.js'
import { diffWithEngine } from '../prisma/schema-diff.js'
import { loadParser, parseStatements } from '../sql/parser.js'
import { readSchemaSteps } from '../sql/schema-differences.js'
import { describeSchemaStep } from './describe-schema-step.js'
import type { SchemaDiff } from './schema-diff-findings.js'
import { applicationName, type Tools, withTarget } from './tools.js'

const timeoutMs = 120_000
/** With --exit-code: https://www.prisma.io/docs/orm/reference/prisma-cli-reference#migrate-diff */
const differentExitCode = 2

/**
 * Compares on a connection that the server holds read-only.
 * @param effectName tells the looks of one run from one another
 */
export async function readSchemaDiff(
  tools: Tools,
  effectName: 'rehearse.diff' | 'baseline.diff' | 'verify.diff',
): Promise<SchemaDiff> {
  const { exitCode, said, problem } =
    tools.settings.engine === 'native' ? await askCli(tools, effectName) : await askEngine(tools, effectName)
  // Exit code 0 alone proves nothing: an engine that dies leaves it behind without a word.
  if (exitCode === 0 && /No difference detected|empty migration/.test(said))
    return { answer: 'same', differences: [] }
  if (exitCode !== differentExitCode || !said) return { answer: 'unknown', differences: [], problem }
  await loadParser()
  const parsed = parseStatements(said)
  if ('problem' in parsed)
    return {
      answer: 'unknown',
      differences: [],
      problem: `its script cannot be read: ${parsed.problem.message}`,
    }
  const steps = readSchemaSteps(parsed.statements)
  const { schema } = tools.settings.target
  const names = [...new Set(steps.map(({ relation }) => relation.name))]
  const facts = await withTarget(tools, (client) => readSchemaFacts(client, schema, names))
  return { answer: 'different', differences: steps.map((step) => describeSchemaStep(step, facts, schema)) }
}

interface DiffAnswer {
  readonly exitCode: number | null
  readonly said: string
  /** Why there is no answer, should it be none. */
  readonly problem: string
}

/** The engine that ships with the guard answers right here; the CLI would start it twice to pass on the same answer. */
async function askEngine(tools: Tools, effectName: string): Promise<DiffAnswer> {
  const session = {
    applicationName: applicationName(tools, 'diff'),
    parameters: { statement_timeout: String(timeoutMs) },
  }
  try {
    const { exitCode, text } = await diffWithEngine(tools.project, tools.settings.target, session, effectName)
    return { exitCode, said: text, problem: `the engine gave the exit code ${exitCode}` }
  } catch (error) {
    return { exitCode: null, said: '', problem: (error as Error).message.trim() }
  }
}

/** Prisma's own engine is reached through the CLI only. */
async function askCli(tools: Tools, effectName: string): Promise<DiffAnswer> {
  const { project, prisma } = tools
  const from =
    project.major >= 7
      ? ['--from-config-datasource', '--to-schema', project.schemaPath]
      : ['--from-schema-datasource', project.schemaPath, '--to-schema-datamodel', project.schemaPath]
  const result = await prisma.run({
    effect: effectName,
    arguments: ['migrate', 'diff', ...from, '--script', '--exit-code'],
    applicationName: applicationName(tools, 'diff'),
    readOnly: true,
    timeoutMs,
  })
  return {
    exitCode: result.exitCode,
    said: result.stdout.trim(),
    problem: wordsOf({ stdout: '', stderr: result.stderr }) ?? `prisma migrate diff ${result.ending}`,
  }
}
