import type { Evidence, Finding } from '../domain/finding.js'
import type { Reader } from '../domain/reader.js'
import type { DeclaredUniqueKey } from '../sql/declared-schema.js'
import { quoteIdentifier } from '../sql/names.js'
import { readable } from '../sql/operators.js'
import { answer } from './answer.js'
import {
  type Check,
  type CheckContext,
  type FutureQuestion,
  notAnswered,
  undefinedFunction,
} from './check.js'
import type { FutureTables } from './future.js'
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
  leftToServer: 'the server checked the unique indexes that this deploy made when it made them',
  find: async (reader, context) => {
    const findings: Finding[] = []
    const later = new Map<Finding, FutureQuestion>()
    const justMade = context.knownBefore ? await uniqueKeysMadeSince(context.knownBefore, reader) : new Set()
    for (const key of context.declared.uniqueKeys) {
      if (justMade.has(nameOf(key.table.schema ?? context.schema, key.table.name, key.columns))) continue
      const { name, table, columns } = key
      const live = await findTable(reader, table.schema ?? context.schema, table.name, columns)
      if (live === undefined) continue
      const findSql = duplicateQuery(live.from, columns)
      const evidence = await answer(reader, () => countOffendingRows(reader, findSql))
      if ('error' in evidence) {
        // Before the deploy the column may be of a type that cannot be compared yet.
        if (context.step === 'check' && evidence.error.code === undefinedFunction) continue
        findings.push(notAnswered(`"${name}" is unique`, evidence.error, context.step, objectOf(key)))
      } else if (evidence.count > 0) {
        const finding = duplicateFinding(key, evidence, readable(findSql), context.step)
        findings.push(finding)
        later.set(finding, futureQuery(key, context))
      }
    }
    return { findings, later }
  },
}

/** The keys of whole, valid unique indexes that were not there before. */
async function uniqueKeysMadeSince(
  known: ReadonlySet<string>,
  reader: Reader,
): Promise<ReadonlySet<unknown>> {
  const { rows } = await reader.query(`
    SELECT i.indexrelid::text AS oid, n.nspname AS schema, c.relname AS table,
           (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = i.indexrelid AND a.attnum <= i.indnkeyatts) AS columns
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL`)
  const made = (rows as unknown as UniqueIndex[]).filter(({ oid }) => !known.has(oid))
  return new Set(made.map(({ schema, table, columns }) => nameOf(schema, table, columns)))
}

interface UniqueIndex {
  readonly oid: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
}

function nameOf(schema: string, table: string, columns: readonly string[]): string {
  return JSON.stringify([schema, table, [...columns].sort()])
}

/** The same question, of the table as the pending migrations will leave it. */
function futureQuery({ table, columns }: DeclaredUniqueKey, { schema }: CheckContext) {
  return (future: FutureTables) => {
    const rows = future.find(table.schema ?? schema, table.name, columns)
    return rows && duplicateQuery(rows.from, columns)
  }
}

function duplicateQuery(from: string, columns: readonly string[]): string {
  const list = columns.map(quoteIdentifier).join(', ')
  const count = columns.includes('rows') ? 'row_count' : 'rows'
  return `SELECT ${list}, pg_catalog.count(*) AS ${count}
  FROM ${from}
 WHERE ${columns.map((column) => `${quoteIdentifier(column)} IS NOT NULL`).join(' AND ')}
 GROUP BY ${list} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1`
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
