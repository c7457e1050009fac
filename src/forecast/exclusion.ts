import { quoteIdentifier } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import type { Column, Constraint, Relation } from './model.js'
import { named, shown } from './named.js'
import { Rewriter } from './rewrite.js'
import { columnsIn, opacityOf, sampleOf, type Walk } from './walk.js'

/** The columns that an exclusion constraint reads. */
export function exclusionColumns({ index }: Constraint): Column[] {
  const keys = index?.keys.flatMap(({ column, expression }) => [
    ...(column ? [column] : columnsIn(expression)),
  ])
  return [...(keys ?? []), ...columnsIn(index?.predicate)]
}

/**
 * EXCLUDE: no row is in conflict with another, that is, not all operators hold between them.
 * https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE
 */
export function needExclusion(walk: Walk, relation: Relation, constraint: Constraint): void {
  if (!constraint.operators) return
  const columns = exclusionColumns(constraint)
  const { sql: rows, opaque } = keysOver(walk, relation, constraint, walk.rowsOf(relation))
  const numbered = walk.content.chain.add(
    `${relation.name}_keys`,
    `SELECT pg_catalog.row_number() OVER () AS "~row", k.* FROM (${rows}) AS k`,
    { isVolatile: true },
  )
  const isConflict = conflictOf(constraint, 'n', 'o')
  walk.need({
    code: 'exclusion-violation',
    sqlstate: '23P01',
    ...named(relation, constraint.name),
    title: `no two rows of ${shown(relation)} exclude one another by "${constraint.name}"`,
    question: {
      kind: 'rows',
      // In a sub-select of its own, where the server can join by the operators that are an equality.
      from: `(SELECT n.* FROM ${numbered} AS n WHERE EXISTS (SELECT 1 FROM ${numbered} AS o WHERE o."~row" OPERATOR(pg_catalog.<>) n."~row" AND ${isConflict})) AS conflict`,
      violation: 'true',
      sample: sampleOf(relation, columns),
    },
    opaque: [...opaque, ...opacityOf(relation, columns)],
  })
}

/**
 * The constraint is checked row by row: a row may be in conflict with one that has yet to move. Whether it is depends on
 * the order in which the rows lie in the table.
 *
 * @param link all rows, with `"~old …"` beside the columns set, and `"~hit"`
 */
export function needNoTransientExclusion(
  walk: Walk,
  relation: Relation,
  link: string,
  changed: ReadonlySet<Column>,
): void {
  for (const constraint of relation.constraints) {
    const columns = exclusionColumns(constraint)
    if (!constraint.operators || constraint.isDeferrable || !columns.some((one) => changed.has(one))) continue
    const numbered = walk.content.chain.add(
      `${relation.name}_moved`,
      `SELECT pg_catalog.row_number() OVER () AS "~row", w.* FROM ${link} AS w WHERE "~hit"`,
      { isVolatile: true },
    )
    const old = relation.columns.map(({ name, ...column }) => {
      const isOld = [...changed].some((one) => one.name === name) && column.generated === undefined
      return `w.${quoteIdentifier(isOld ? `~old ${name}` : name)} AS ${quoteIdentifier(name)}`
    })
    const alias = quoteIdentifier(relation.name)
    const now = keysOver(walk, relation, constraint, `${numbered} AS ${alias}`, ['"~row"'])
    const before = keysOver(
      walk,
      relation,
      constraint,
      `(SELECT "~row", ${old.join(', ')} FROM ${numbered} AS w) AS ${alias}`,
      ['"~row"'],
    )
    walk.need({
      code: 'exclusion-violation',
      sqlstate: '23P01',
      ...named(relation, constraint.name),
      title: `no row of ${shown(relation)} moves to where "${constraint.name}" finds one that has yet to move`,
      question: {
        kind: 'rows',
        from: `(SELECT n.* FROM (${now.sql}) AS n WHERE EXISTS (SELECT 1 FROM (${before.sql}) AS o WHERE o."~row" OPERATOR(pg_catalog.<>) n."~row" AND ${conflictOf(constraint, 'n', 'o')})) AS conflict`,
        violation: 'true',
        sample: sampleOf(relation, columns),
      },
      opaque: [...now.opaque, ...opacityOf(relation, columns)],
      mayPass: `it depends on the order of the rows of ${shown(relation)}, since they are checked one by one`,
    })
  }
}

/** The rows that the constraint is about, with its keys as `"~k0"`, `"~k1"` … */
function keysOver(
  walk: Walk,
  relation: Relation,
  { index }: Constraint,
  from: string,
  more: readonly string[] = [],
): { sql: string; opaque: string[] } {
  const opaque = new Set<string>()
  const rewrite = (tree: Node | undefined) => {
    const { sql, opaque: reasons } = new Rewriter(walk.content).expression(tree as Node, [relation])
    for (const reason of reasons) opaque.add(reason)
    return sql
  }
  const keys = (index?.keys ?? []).map(
    ({ column, expression }, i) =>
      `${column ? quoteIdentifier(column.name) : rewrite(expression)} AS "~k${i}"`,
  )
  const shown = relation.columns.map(({ name }) => quoteIdentifier(name))
  const where = index?.predicate ? ` WHERE (${rewrite(index.predicate)}) IS TRUE` : ''
  return {
    sql: `SELECT ${[...more, ...shown, ...keys].join(', ')} FROM ${from}${where}`,
    opaque: [...opaque],
  }
}

function conflictOf({ operators = [] }: Constraint, one: string, other: string): string {
  return operators.map((operator, i) => `${one}."~k${i}" ${operator} ${other}."~k${i}"`).join(' AND ')
}
