import type { Node } from '../../sql/parser.js'
import { castTo, NotFollowed } from '../casts.js'
import { defaultOf } from '../defaults.js'
import type { Column, Relation, SequenceObject } from '../model.js'
import { Rewriter, type Scope } from '../rewrite.js'
import type { Walk } from '../walk.js'
import { columnOf } from './target.js'

/** What a SET clause gives to one column. */
export interface Assignment {
  readonly column: Column
  /** SQL over the target's alias and the FROM items. */
  readonly value: string
  readonly opaque: readonly string[]
  readonly isVolatile: boolean
  /** The value is the same whatever the row. */
  readonly isConstant: boolean
  readonly tree: Node
  /** Sequences that it takes a value from. */
  readonly takes: readonly SequenceObject[]
}

/** What the SET clause of an UPDATE, or of ON CONFLICT … DO UPDATE, assigns. */
export function assignmentsOf(
  walk: Walk,
  targetList: readonly Node[],
  relation: Relation,
  scope: Scope,
): Assignment[] {
  return targetList.map(({ ResTarget: { name, val, indirection } }) => {
    const column = columnOf(relation, name)
    if (indirection) throw new NotFollowed(`a part of "${name}" is set`)
    const tree: Node = val.MultiAssignRef ? partOf(val.MultiAssignRef) : val
    const isDefault = tree.SetToDefault !== undefined
    const value = isDefault
      ? newValueOf(walk, column, relation, scope)
      : new Rewriter(walk.content, scope).expression(tree, [relation])
    // What cannot be known is not computed either: it may name what does not exist today.
    const sql = value.opaque.length > 0 ? 'NULL' : value.sql
    return {
      column,
      value: castTo(sql, column.type, value.opaque.length > 0 ? 'explicit' : 'assignment'),
      opaque: value.opaque,
      isVolatile: value.isVolatile,
      isConstant: isDefault || tree.A_Const !== undefined,
      tree,
      takes: value.takes,
    }
  })
}

/** DEFAULT; a generated column is computed again in any case. */
function newValueOf(walk: Walk, column: Column, relation: Relation, scope: Scope) {
  if (!column.generated) return defaultOf(walk.content, column, relation, scope)
  return { sql: 'NULL', opaque: [], isVolatile: false, takes: [] }
}

/** `SET (a, b) = (SELECT x, y …)` assigns one of the columns of the row to each. */
function partOf({ source, colno, ncolumns }: Node): Node {
  if (source.RowExpr) return source.RowExpr.args[colno - 1]
  const subselect = source.SubLink?.subselect
  if (!subselect) throw new NotFollowed('a row is assigned')
  const names = Array.from({ length: ncolumns }, (_, i) => ({ String: { sval: `~${i + 1}` } }))
  const one = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: { ColumnRef: { fields: [names[colno - 1]] } } } }],
      fromClause: [
        { RangeSubselect: { subquery: subselect, alias: { aliasname: '~row', colnames: names } } },
      ],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  }
  return { SubLink: { ...source.SubLink, subselect: one } }
}
