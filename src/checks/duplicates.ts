import type { Finding } from '../domain/finding.js'
import { quoteIdentifier, quoteRelation } from '../sql/names.js'
import type { Check } from './check.js'
import { relationExists } from './live-schema.js'
import { countOffendingRows } from './offending-rows.js'

/**
 * Every unique key that Prisma declares: no two rows share it. Also where a unique index exists: one that is invalid,
 * or damaged, or was made under another collation, lets duplicates in.
 */
export const duplicates: Check = {
  code: 'duplicate-keys',
  title: 'no unique key that Prisma declares is used twice',
  steps: ['check', 'verify'],
  find: async (reader, context) => {
    const findings: Finding[] = []
    for (const { name, table, columns } of context.declared.uniqueKeys) {
      const schema = table.schema ?? context.schema
      if (!(await relationExists(reader, schema, table.name, columns))) continue
      const list = columns.map(quoteIdentifier).join(', ')
      const findSql = `SELECT ${list}, count(*) AS rows
  FROM ${quoteRelation(schema, table.name)}
 WHERE ${columns.map((column) => `${quoteIdentifier(column)} IS NOT NULL`).join(' AND ')}
 GROUP BY ${list} HAVING count(*) > 1`
      const evidence = await countOffendingRows(reader, findSql)
      if (evidence.count === 0) continue
      findings.push({
        code: duplicates.code,
        kind: 'failure',
        verdict: 'block',
        step: context.step,
        object: `${table.name}.${columns.join(',')}`,
        message: `${evidence.count} ${evidence.count === 1 ? 'value is' : 'values are'} used by more than one row of "${table.name}" in (${columns.join(', ')}), which "${name}" declares unique`,
        evidence,
        findSql,
        hint: 'Merge the rows or change the key of all but one of each; then run the command again.',
      })
    }
    return findings
  },
}
