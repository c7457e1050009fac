import type { DownMade, DownVerdict } from '../../src/domain/down.js'
import { verdictOf } from '../../src/domain/down.js'
import { formatDownProof } from '../../src/report/down-report.js'
import { loadParser, parseStatements } from '../../src/sql/parser.js'
import { makeDown } from '../../src/steps/down/make-down.js'
import { addressOf, connectTo } from './address.js'
import { createTestDatabase, type TestDatabase } from './test-database.js'

export interface Tried extends DownMade {
  readonly verdict: DownVerdict
}

/** Runs the migration `up` on a copy of `base`, writes what takes that back, and proves it: up, down, up. */
export async function tryDown(base: TestDatabase, up: string): Promise<Tried> {
  await loadParser()
  const parsed = parseStatements(up)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  const database = await createTestDatabase({ template: base.name })
  const client = await connectTo(database)
  try {
    const folder = { name: '1_up', directory: '/nowhere', file: '1_up/migration.sql' }
    const made = await makeDown(
      { folder, text: up, statements: parsed.statements },
      { client, address: addressOf(database) },
    )
    return { ...made, verdict: verdictOf(made) }
  } finally {
    await client.end()
    await database.drop()
  }
}

/** The SQL of a down script, without its comments. */
export function sqlOf({ text }: DownMade): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('--') && line !== '')
    .join('\n')
}

/** `exact`, or what is not. */
export function outcomeOf(tried: Tried): string {
  return tried.verdict === 'exact' ? 'exact' : [...formatDownProof(tried), tried.text].join('\n')
}
