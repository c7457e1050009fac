import type { Finding } from '../domain/finding.js'
import type { Check } from './check.js'
import { findTable } from './live-schema.js'

/** Every table that the Prisma schema declares is there. Before a deploy some are still to come, so only afterwards. */
export const missingTables: Check = {
  code: 'missing-table',
  title: 'every table of the Prisma schema exists',
  steps: ['verify'],
  find: async (reader, context) => {
    const findings: Finding[] = []
    for (const table of context.declared.tables) {
      if (await findTable(reader, table.schema ?? context.schema, table.name)) continue
      findings.push({
        code: missingTables.code,
        kind: 'failure',
        verdict: 'block',
        step: context.step,
        object: table.name,
        message: `table "${table.name}" of the Prisma schema does not exist`,
        hint: 'Compare the migration history with the schema: prisma migrate status, prisma migrate diff.',
      })
    }
    return findings
  },
}
