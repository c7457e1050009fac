import type { Finding } from '../domain/finding.js'
import type { Reader } from '../domain/reader.js'
import { quoteIdentifier, quoteRelation } from '../sql/names.js'
import type { Check, CheckContext } from './check.js'
import { relationExists } from './live-schema.js'
import { countOffendingRows } from './offending-rows.js'

interface Relation {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly referencedSchema: string
  readonly referencedTable: string
  readonly referencedColumns: readonly string[]
  /** True when the server says that it enforces this relation, or will have to after the deploy. */
  readonly enforced: boolean
}

/**
 * Every foreign key of the database and every relation that Prisma declares: no row points to one that is not there.
 * Also those that the server enforces: rows loaded with triggers off were never looked at.
 */
export const orphans: Check = {
  code: 'orphan-rows',
  title: 'no row refers to a row that is missing',
  steps: ['check', 'verify'],
  find: async (reader, context) => {
    const findings: Finding[] = []
    for (const relation of await readRelations(reader, context)) {
      const findSql = orphanQuery(relation)
      const evidence = await countOffendingRows(reader, findSql)
      if (evidence.count > 0) findings.push(orphanFinding(relation, evidence, findSql, context.step))
    }
    return findings
  },
}

function orphanFinding(
  relation: Relation,
  evidence: { count: number; samples: readonly Record<string, unknown>[] },
  findSql: string,
  step: Finding['step'],
): Finding {
  const { table, columns, referencedTable, enforced } = relation
  return {
    code: orphans.code,
    kind: 'health',
    // Where nothing enforces the relation, orphans are a matter of the application; the deploy does not fail on them.
    verdict: enforced ? 'block' : 'warn',
    step,
    object: `${table}.${columns.join(',')}`,
    message: `${evidence.count} ${evidence.count === 1 ? 'row' : 'rows'} of "${table}" refer by ${columns.join(', ')} to a row of "${referencedTable}" that does not exist (${relation.name})`,
    evidence,
    findSql,
    hint: `Restore the missing rows of "${referencedTable}", or correct or remove the rows of "${table}".`,
  }
}

/** A NULL in the key refers to nothing: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK */
function orphanQuery(relation: Relation): string {
  const { columns, referencedColumns } = relation
  const notNull = columns.map((column) => `r.${quoteIdentifier(column)} IS NOT NULL`)
  const match = columns.map(
    (c, i) => `p.${quoteIdentifier(referencedColumns[i] ?? '')} = r.${quoteIdentifier(c)}`,
  )
  return `SELECT r.*
  FROM ${quoteRelation(relation.schema, relation.table)} r
 WHERE ${notNull.join(' AND ')}
   AND NOT EXISTS (SELECT FROM ${quoteRelation(relation.referencedSchema, relation.referencedTable)} p
                    WHERE ${match.join(' AND ')})`
}

async function readRelations(reader: Reader, context: CheckContext): Promise<Relation[]> {
  const live = await readForeignKeys(reader)
  const sameRelation = (a: Relation) => [a.schema, a.table, ...a.columns, a.referencedTable].join('\0')
  const known = new Set(live.map(sameRelation))
  const declared: Relation[] = []
  for (const { name, table, columns, referencedTable, referencedColumns } of context.declared.relations) {
    const relation: Relation = {
      name,
      schema: table.schema ?? context.schema,
      table: table.name,
      columns,
      referencedSchema: referencedTable.schema ?? context.schema,
      referencedTable: referencedTable.name,
      referencedColumns,
      enforced: context.step === 'verify' && context.declared.enforcesRelations,
    }
    if (known.has(sameRelation(relation))) continue
    // A relation whose tables or columns are still to come has no rows to look at.
    const bothExist =
      (await relationExists(reader, relation.schema, relation.table, columns)) &&
      (await relationExists(reader, relation.referencedSchema, relation.referencedTable, referencedColumns))
    if (bothExist) declared.push(relation)
  }
  return [...live, ...declared]
}

/** Foreign keys of ordinary tables; on a partitioned table the parent's stands for those of its partitions. */
async function readForeignKeys(reader: Reader): Promise<Relation[]> {
  const columnNames = (relation: string, numbers: string) => `
    (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ordinality)
       FROM pg_catalog.unnest(o.${numbers}) WITH ORDINALITY AS k(number, ordinality)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = o.${relation} AND a.attnum = k.number)`
  const { rows } = await reader.query(`
    SELECT o.conname AS name, n.nspname AS schema, c.relname AS table, ${columnNames('conrelid', 'conkey')} AS columns,
           fn.nspname AS "referencedSchema", f.relname AS "referencedTable",
           ${columnNames('confrelid', 'confkey')} AS "referencedColumns", o.convalidated AS enforced
      FROM pg_catalog.pg_constraint o
      JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_class f ON f.oid = o.confrelid
      JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
     WHERE o.contype = 'f' AND o.conparentid = 0 ORDER BY 2, 3, 1`)
  return rows as unknown as Relation[]
}
