import { type Check, type CheckContext, type ConcernedTables, runChecks } from '../../src/checks/check.js'
import { gate } from '../../src/checks/harmless/gate.js'
import type { Findings } from '../../src/domain/finding.js'
import { readDeclaredSchema } from '../../src/sql/declared-schema.js'
import { ownSearchPath } from '../../src/sql/search-path.js'
import { parse } from './parse.js'
import type { TestDatabase } from './test-database.js'

export interface Question {
  readonly step?: CheckContext['step']
  /** What Prisma declares, as the SQL that it makes of its schema. */
  readonly declared?: string
  readonly enforcesRelations?: boolean
  /** What was there before the deploy of this run. */
  readonly knownBefore?: ReadonlySet<string>
  /** What the pending migrations touch. */
  readonly concerned?: ConcernedTables
  /** The role that asks; a superuser when absent. */
  readonly role?: string
  readonly applicationName?: string
}

/** Asks as a run does: in one read-only transaction, on a connection that sees no schema but the server's own. */
export async function ask(
  checks: Check | readonly Check[],
  database: TestDatabase,
  question: Question = {},
): Promise<Findings> {
  const { step = 'check', declared = '', enforcesRelations = true, knownBefore, concerned } = question
  const client = await database.client()
  await client.query("SELECT set_config('application_name', $1, false)", [question.applicationName ?? ''])
  if (question.role) await client.query(`SET SESSION AUTHORIZATION "${question.role}"`)
  await client.query(`SET search_path = ${ownSearchPath}`)
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const context = {
    step,
    schema: 'public',
    declared: readDeclaredSchema(parse(declared), { enforcesRelations }),
    ...(knownBefore ? { knownBefore } : {}),
    ...(concerned ? { concerned } : {}),
  }
  const { readers } = await gate([client] as const)
  const findings = await runChecks([checks].flat(), readers, context, () => undefined)
  await client.query('COMMIT')
  await client.end()
  return findings
}
