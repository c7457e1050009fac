import type { Reader } from '../../domain/reader.js'
import type { Constraint, ConstraintKind, ReferentialAction } from '../model.js'
import type { ColumnsByNumber } from './columns.js'
import type { Expressions } from './expressions.js'
import type { IndexesByOid } from './indexes.js'
import type { RelationsByOid } from './relations.js'
import { among, notOurs, rowsOf } from './rows.js'

interface ConstraintRow {
  oid: number
  name: string
  kind: string
  relation: number
  columns: number[] | null
  parent: number
  parentColumns: number[] | null
  index: number
  validated: boolean
  deferrable: boolean
  deferred: boolean
  onDelete: string
  onUpdate: string
  match: string
  expression: string | null
  operators: string[]
}

/** For `readConstraints`. */
export const constraintsQuery = (only?: readonly number[]) => `
  SELECT o.oid::int4 AS oid, o.conname AS name, o.contype AS kind, o.conrelid::int4 AS relation, o.conkey::int4[] AS columns,
         o.confrelid::int4 AS parent, o.confkey::int4[] AS "parentColumns", o.conindid::int4 AS index,
         o.convalidated AS validated, o.condeferrable AS deferrable, o.condeferred AS deferred,
         o.confdeltype AS "onDelete", o.confupdtype AS "onUpdate", o.confmatchtype AS match,
         CASE WHEN o.contype = 'c' THEN pg_catalog.pg_get_expr(o.conbin, o.conrelid) END AS expression,
         ARRAY(SELECT 'OPERATOR(' || pg_catalog.quote_ident(opn.nspname) || '.' || op.oprname || ')'
                 FROM pg_catalog.unnest(o.conexclop) WITH ORDINALITY u(oid, i)
                 JOIN pg_catalog.pg_operator op ON op.oid = u.oid
                 JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace ORDER BY u.i) AS operators
    FROM pg_catalog.pg_constraint o
    JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE o.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND ${notOurs}${among(only, 'c.oid')}
     -- A foreign key to a partitioned table has one more for each partition, of which no row has to hold.
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint whole
                      WHERE whole.oid = o.conparentid AND o.contype = 'f' AND whole.conrelid = o.conrelid)
   ORDER BY o.oid`

const constraintKinds: Readonly<Record<string, ConstraintKind>> = {
  p: 'primary key',
  u: 'unique',
  f: 'foreign key',
  c: 'check',
  x: 'exclusion',
  n: 'not null',
}

const actions: Readonly<Record<string, ReferentialAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

/** Puts the constraints into their relations: keys, foreign keys, checks, exclusions. */
export async function readConstraints(
  reader: Reader,
  relations: RelationsByOid,
  columns: ColumnsByNumber,
  indexes: IndexesByOid,
  later: Expressions,
  only?: readonly number[],
): Promise<void> {
  const rows = await rowsOf<ConstraintRow>(reader, constraintsQuery(only), only)
  const columnsOf = (relation: number, numbers: number[] | null) =>
    (numbers ?? []).flatMap((number) => columns.get(relation)?.get(number) ?? [])
  for (const row of rows) {
    const relation = relations.get(row.relation)
    const parent = relations.get(row.parent)
    if (!relation) continue
    const index = indexes.get(row.index)
    const constraint: { -readonly [K in keyof Constraint]: Constraint[K] } = {
      oid: row.oid,
      name: row.name,
      kind: constraintKinds[row.kind] ?? 'check',
      columns: columnsOf(row.relation, row.columns),
      isValidated: row.validated,
      isDeferrable: row.deferrable,
      isInitiallyDeferred: row.deferred,
      ...(parent
        ? {
            parent,
            parentColumns: columnsOf(row.parent, row.parentColumns),
            ...(index ? { parentIndex: index } : {}),
            onDelete: actions[row.onDelete] ?? 'no action',
            onUpdate: actions[row.onUpdate] ?? 'no action',
            isMatchFull: row.match === 'f',
          }
        : {}),
      ...(index && row.kind !== 'f' ? { index } : {}),
      ...(row.kind === 'x' ? { operators: row.operators } : {}),
    }
    if (row.expression !== null) {
      later.add(row.expression, relation, (tree) => {
        constraint.expression = tree
      })
    }
    relation.constraints.push(constraint)
  }
}
