import { type Check, type CheckContext, runChecks } from '../../src/checks/check.js'
import type { Findings } from '../../src/domain/finding.js'
import { readDeclaredSchema } from '../../src/sql/declared-schema.js'
import { parse } from './parse.js'
import type { TestDatabase } from './test-database.js'

export interface Question {
  readonly step?: CheckContext['step']
  /** What Prisma declares, as the SQL that it makes of its schema. */
  readonly declared?: string
  readonly enforcesRelations?: boolean
  /** What was there before the deploy of this run. */
  readonly knownBefore?: ReadonlySet<string>
}

/** Asks as a run does: in one read-only transaction, on a connection that sees one schema only. */
export async function ask(
  checks: Check | readonly Check[],
  database: TestDatabase,
  { step = 'check', declared = '', enforcesRelations = true, knownBefore }: Question = {},
): Promise<Findings> {
  const client = await database.client()
  await client.query('SET search_path = "public"')
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const context = {
    step,
    schema: 'public',
    declared: readDeclaredSchema(parse(declared), { enforcesRelations }),
    ...(knownBefore ? { knownBefore } : {}),
  }
  const findings = await runChecks([checks].flat(), [client], context, () => undefined)
  await client.query('COMMIT')
  await client.end()
  return findings
}
