import type { Evidence, Finding } from '../domain/finding.js'
import type { DeclaredUniqueKey } from '../sql/declared-schema.js'
import { quoteIdentifier } from '../sql/names.js'
import { answer, type Check, notAnswered, undefinedFunction } from './check.js'
import { findTable } from './live-schema.js'
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
    for (const key of context.declared.uniqueKeys) {
      const { name, table, columns } = key
      const live = await findTable(reader, table.schema ?? context.schema, table.name, columns)
      if (live === undefined) continue
      const findSql = duplicateQuery(live.from, columns)
      const evidence = await answer(reader, () => countOffendingRows(reader, findSql))
      if ('error' in evidence) {
        // Before the deploy the column may be of a type that cannot be compared yet.
        if (context.step === 'check' && evidence.error.code === undefinedFunction) continue
        findings.push(notAnswered(`"${name}" is unique`, evidence.error, context.step, objectOf(key)))
      } else if (evidence.count > 0) findings.push(duplicateFinding(key, evidence, findSql, context.step))
    }
    return findings
  },
}

function duplicateQuery(from: string, columns: readonly string[]): string {
  const list = columns.map(quoteIdentifier).join(', ')
  const count = columns.includes('rows') ? 'row_count' : 'rows'
  return `SELECT ${list}, count(*) AS ${count}
  FROM ${from}
 WHERE ${columns.map((column) => `${quoteIdentifier(column)} IS NOT NULL`).join(' AND ')}
 GROUP BY ${list} HAVING count(*) > 1`
}

function duplicateFinding(
  key: DeclaredUniqueKey,
  evidence: Evidence,
  findSql: string,
  step: Finding['step'],
): Finding {
  const { count } = evidence
  const { name, table, columns } = key
  return {
    code: duplicates.code,
    kind: 'failure',
    verdict: 'block',
    step,
    object: objectOf(key),
    message: `${count} ${count === 1 ? 'value is' : 'values are'} used by more than one row of "${table.name}" in (${columns.join(', ')}), which "${name}" declares unique`,
    evidence,
    findSql,
    hint: 'Merge the rows or change the key of all but one of each; then run the command again.',
  }
}

function objectOf({ table, columns }: DeclaredUniqueKey): string {
  return `${table.name}.${columns.join(',')}`
}
