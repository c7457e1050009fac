import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { CatalogModel, Column, Relation } from '../model.js'
import { parseExpression, parseStatement, visitTree } from '../tree.js'
import { keyOf } from '../walk.js'
import type { RewrittenFile } from './safe-rewrite.js'
import { fileName, statementSql, tableSql } from './sql.js'

/** Rows in a batch: small enough to be over in a second, large enough that the commits do not count. */
const batchRows = 10_000

/** An UPDATE or DELETE of a whole table, in batches; undefined where the rows have no key, or the statement is not the sum of its parts. */
export function batched(
  catalog: CatalogModel,
  kind: 'UpdateStmt' | 'DeleteStmt',
  node: Node,
): RewrittenFile | undefined {
  const relation = findRelation(catalog, relationOf(node.relation))
  const key = relation && keyOf(relation)
  if (!relation || !key || !['table', 'partitioned table'].includes(relation.kind)) return undefined
  if (node.withClause || node.returningClause || readsItself(catalog, node, relation) || setsOneOf(node, key))
    return undefined
  const alias = node.relation.alias?.aliasname ?? node.relation.relname
  const ofBatch = parseExpression(batchCondition(alias, key))
  const args = [...conditionsOf(node.whereClause), ofBatch]
  const whereClause = args.length === 1 ? ofBatch : { BoolExpr: { boolop: 'AND_EXPR', args } }
  const verb = kind === 'UpdateStmt' ? 'update' : 'delete'
  return {
    name: fileName(verb, relation.name, 'in_batches'),
    sql: batchLoop(catalog, relation, key, statementSql(kind, { ...node, whereClause })),
    why: `${batchRows} rows are locked at a time, and each batch is committed`,
  }
}

/** The parts of a condition that are joined by AND, as the parser would have them side by side. */
function conditionsOf(condition: Node | undefined): Node[] {
  if (condition?.BoolExpr?.boolop === 'AND_EXPR') return condition.BoolExpr.args
  return condition ? [condition] : []
}

/** The same for a statement that this tool writes itself: an UPDATE without a condition on the key. */
export function batchedSql(catalog: CatalogModel, sql: string): string | undefined {
  const { UpdateStmt: node } = parseStatement(sql)
  return batched(catalog, 'UpdateStmt', node)?.sql
}

/** A new value may depend on other rows of the table, which by then are committed. */
function readsItself(catalog: CatalogModel, node: Node, relation: Relation): boolean {
  const { relation: target, ...rest } = node
  let reads = false
  visitTree(rest, (kind, inner) => {
    reads ||= kind === 'RangeVar' && findRelation(catalog, relationOf(inner)) === relation
  })
  return reads
}

function setsOneOf({ targetList }: Node, key: readonly Column[]): boolean {
  return (targetList ?? []).some(({ ResTarget }: Node) => key.some(({ name }) => name === ResTarget?.name))
}

function batchCondition(alias: string, key: readonly Column[]): string {
  const columns = key.map(({ name }) => `${quoteIdentifier(alias)}.${quoteIdentifier(name)}`)
  if (columns.length === 1) return `${columns[0]} = ANY (batch.key_1)`
  const arrays = key.map((_, i) => `batch.key_${i + 1}`).join(', ')
  return `(${columns.join(', ')}) IN (SELECT * FROM unnest(${arrays}))`
}

/**
 * A loop over the keys that are there when it begins. The server keeps them aside, so that every batch can be committed:
 * https://www.postgresql.org/docs/current/plpgsql-transactions.html
 */
function batchLoop(
  catalog: CatalogModel,
  relation: Relation,
  key: readonly Column[],
  statement: string,
): string {
  const names = key.map(({ name }) => quoteIdentifier(name)).join(', ')
  const arrays = key.map(({ name }, i) => `array_agg(${quoteIdentifier(name)}) AS key_${i + 1}`).join(', ')
  const quote = statement.includes('$$') ? '$batches$' : '$$'
  return `DO ${quote}
DECLARE
  batch record;
BEGIN
  FOR batch IN
    SELECT ${arrays}
      FROM (SELECT ${names}, (row_number() OVER (ORDER BY ${names}) - 1) / ${batchRows} AS number FROM ${tableSql(catalog, relation)}) AS numbered
     GROUP BY number ORDER BY number
  LOOP
    ${statement.replaceAll('\n', '\n    ')}
    COMMIT;
  END LOOP;
END ${quote};`
}
