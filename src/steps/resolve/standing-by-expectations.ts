import type { MigrationStanding } from '../../domain/diagnosis.js'
import { unmetExpectations } from '../../postgres/expectations.js'
import { catalogExpectationsOf } from '../../sql/expectations.js'
import { type Tools, withTarget } from '../tools.js'
import type { MigrationFile } from './migration-file.js'

/**
 * What the statements name, where nothing could be replayed. They run in their order: when the first one has left no
 * trace, none has. Objects that are there prove nothing: somebody else may have made them.
 */
export async function standingByExpectations(
  { folder, statements }: MigrationFile,
  tools: Tools,
): Promise<MigrationStanding> {
  const expectations = catalogExpectationsOf([{ migration: folder.name, statements }])
  const unmet = await withTarget(tools, (client) =>
    unmetExpectations(client, expectations, tools.settings.target.schema),
  )
  const [first] = statements
  const missing = unmet.find(({ line, present }) => line === first?.line && present)
  if (missing === undefined) {
    const why = 'the objects that its statements name do not tell how much of it took effect'
    return { kind: 'unknown', why, invalidIndexes: [], evidence: [why] }
  }
  const { kind, relation, name } = missing
  const object = name ? `${kind} ${name} on ${relation}` : `${kind} ${relation}`
  // What a CREATE INDEX CONCURRENTLY that failed leaves is not seen here.
  if (kind === 'index') {
    const why = `${object} is not there, or not valid`
    return { kind: 'unknown', why, invalidIndexes: [], evidence: [why] }
  }
  return {
    kind: 'none',
    invalidIndexes: [],
    evidence: [`its first statement has left no trace: ${object} is not there`],
  }
}
