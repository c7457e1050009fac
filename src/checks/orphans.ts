import type { Evidence, Finding } from '../domain/finding.js'
import type { Reader } from '../domain/reader.js'
import { quoteIdentifier } from '../sql/names.js'
import { equals, readable } from '../sql/operators.js'
import { answer } from './answer.js'
import {
  type Check,
  type CheckContext,
  type FutureQuestion,
  notAnswered,
  undefinedFunction,
} from './check.js'
import type { FutureTables } from './future.js'
import { findTable, type LiveTable } from './live-schema.js'
import { countOffendingRows } from './offending-rows.js'

interface Relation {
  /** Absent for one that Prisma declares and the database does not have. */
  readonly oid?: string
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly referencedSchema: string
  readonly referencedTable: string
  readonly referencedColumns: readonly string[]
  /** Equality as the foreign key takes it, of each pair of columns. */
  readonly operators?: readonly string[]
  /** MATCH FULL: a key that is NULL in part refers to nothing, and may not. */
  readonly matchFull?: boolean
  /** False for one that Prisma declares and the database does not have. */
  readonly live: boolean
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
  leftToServer: 'the server checked the foreign keys that this deploy made when it made them',
  find: async (reader, context) => {
    const findings: Finding[] = []
    const later = new Map<Finding, FutureQuestion>()
    for (const relation of await readRelations(reader, context)) {
      if (isJustMade(relation, context)) continue
      const { schema, table, columns, referencedSchema, referencedTable, referencedColumns } = relation
      const from = await findTable(reader, schema, table, columns)
      const to = await findTable(reader, referencedSchema, referencedTable, referencedColumns)
      // A relation whose tables or columns are still to come has no rows to look at.
      if (from === undefined || to === undefined) continue
      const findSql = orphanQuery(relation, from, to)
      const evidence = await answer(reader, () => countOffendingRows(reader, findSql))
      if ('error' in evidence) {
        // Before the deploy the columns may be of types that cannot be compared yet.
        const isToCome = !relation.live && context.step === 'check'
        if (isToCome && evidence.error.code === undefinedFunction) continue
        const title = `no row of "${table}" refers by ${columns.join(', ')} to a missing row`
        findings.push(notAnswered(title, evidence.error, context.step, objectOf(relation)))
      } else if (evidence.count > 0) {
        const finding = orphanFinding(relation, evidence, readable(findSql), context.step)
        findings.push(finding)
        later.set(finding, futureQuery(relation))
      }
    }
    return { findings, later }
  },
}

function orphanFinding(
  relation: Relation,
  evidence: Evidence,
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
    object: objectOf(relation),
    message: `${evidence.count} ${evidence.count === 1 ? 'row' : 'rows'} of "${table}" ${evidence.count === 1 ? 'refers' : 'refer'} by ${columns.join(', ')} to a row of "${referencedTable}" that does not exist (${relation.name})`,
    evidence,
    findSql,
    hint: `Restore the missing rows of "${referencedTable}", or correct or remove the rows of "${table}".`,
  }
}

function objectOf({ table, columns }: Relation): string {
  return `${table}.${columns.join(',')}`
}

/**
 * Shows the primary key and the reference, not the whole row, which is nobody's business. A NULL in the key refers to
 * nothing: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
 */
function orphanQuery(relation: Relation, from: LiveTable, to: LiveTable): string {
  const { columns, referencedColumns, operators, matchFull } = relation
  const shown = [...new Set([...from.primaryKey, ...columns])].map((column) => `r.${quoteIdentifier(column)}`)
  const notNull = columns.map((column) => `r.${quoteIdentifier(column)} IS NOT NULL`)
  const match = columns.map((column, i) => {
    const referenced = referencedColumns[i] ?? ''
    const operator = operators?.[i] ?? sameOperator(from.equality.get(column), to.equality.get(referenced))
    return `p.${quoteIdentifier(referenced)} ${operator} r.${quoteIdentifier(column)}`
  })
  return `SELECT ${shown.join(', ')}
  FROM ${from.from} r
 WHERE (${notNull.join(matchFull ? ' OR ' : ' AND ')})
   AND NOT EXISTS (SELECT FROM ${to.from} p
                    WHERE ${match.join(' AND ')})`
}

/** Values of different types are compared as the server compares them; two of one type, as their type says. */
function sameOperator(one: string | undefined, other: string | undefined): string {
  return one !== undefined && one === other ? one : equals
}

/** The same question, of the tables as the pending migrations will leave them. */
function futureQuery(relation: Relation) {
  const { schema, table, columns, referencedSchema, referencedTable, referencedColumns } = relation
  return (future: FutureTables) => {
    const from = future.find(schema, table, columns)
    const to = future.find(referencedSchema, referencedTable, referencedColumns)
    return from && to && orphanQuery(relation, from, to)
  }
}

/** Made by this deploy, and validated: the server has looked at every row. */
function isJustMade({ oid, enforced }: Relation, { knownBefore }: CheckContext): boolean {
  return knownBefore !== undefined && oid !== undefined && enforced && !knownBefore.has(oid)
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
      live: false,
      enforced: context.step === 'verify' && context.declared.enforcesRelations,
    }
    if (!known.has(sameRelation(relation))) declared.push(relation)
  }
  return [...live, ...declared]
}

/** Foreign keys of tables that stay, since nobody may look into the temporary tables of another session; on a partitioned table the parent's stands for those of its partitions. */
async function readForeignKeys(reader: Reader): Promise<Relation[]> {
  const columnNames = (relation: string, numbers: string) => `
    (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ordinality)
       FROM pg_catalog.unnest(o.${numbers}) WITH ORDINALITY AS k(number, ordinality)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = o.${relation} AND a.attnum = k.number)`
  const { rows } = await reader.query(`
    SELECT o.oid::text AS oid, o.conname AS name, n.nspname AS schema, c.relname AS table, ${columnNames('conrelid', 'conkey')} AS columns,
           fn.nspname AS "referencedSchema", f.relname AS "referencedTable",
           ${columnNames('confrelid', 'confkey')} AS "referencedColumns", o.confmatchtype = 'f' AS "matchFull",
           (SELECT pg_catalog.json_agg(pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname) ORDER BY k.ordinality)
              FROM pg_catalog.unnest(o.conpfeqop) WITH ORDINALITY AS k(operator, ordinality)
              JOIN pg_catalog.pg_operator op ON op.oid = k.operator
              JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace) AS operators,
           o.convalidated AS enforced, true AS live
      FROM pg_catalog.pg_constraint o
      JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_class f ON f.oid = o.confrelid
      JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
     WHERE o.contype = 'f' AND o.conparentid = 0 AND c.relpersistence <> 't' ORDER BY 2, 3, 1`)
  return rows as unknown as Relation[]
}
