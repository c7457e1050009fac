import type { Node } from '../../sql/parser.js'
import { findColumn } from '../lookup.js'
import type { Relation, TriggerObject } from '../model.js'
import { boundColumn, namesOf, visitTree } from '../tree.js'

/** Bits of CreateTrigStmt, which are those of `pg_trigger.tgtype`, from the server's own catalog/pg_trigger.h. */
const bits = { before: 2, insert: 4, delete: 8, update: 16, truncate: 32, instead: 64 } as const

const events = ['insert', 'update', 'delete', 'truncate'] as const

/** The trigger that a CREATE TRIGGER makes: https://www.postgresql.org/docs/current/sql-createtrigger.html */
export function triggerOf(
  relation: Relation,
  node: Node,
  functionName: TriggerObject['functionName'],
): TriggerObject {
  const has = (field: number | undefined, bit: keyof typeof bits) => ((field ?? 0) & bits[bit]) !== 0
  const tables: Node[] = (node.transitionRels ?? []).map(({ TriggerTransition }: Node) => TriggerTransition)
  const newTable = tables.find(({ isNew }) => isNew)?.name
  const oldTable = tables.find(({ isNew }) => !isNew)?.name
  return {
    name: node.trigname,
    isEnabled: true,
    isEnabledInReplica: false,
    timing: has(node.timing, 'before') ? 'before' : has(node.timing, 'instead') ? 'instead of' : 'after',
    events: events.filter((event) => has(node.events, event)),
    columns: namesOf(node.columns).flatMap((name) => findColumn(relation, name) ?? []),
    isForEachRow: node.row === true,
    ...(node.whenClause ? { when: bindRows(relation, node.whenClause) } : {}),
    arguments: namesOf(node.args),
    isDeferred: node.initdeferred === true,
    ...(newTable === undefined ? {} : { newTable }),
    ...(oldTable === undefined ? {} : { oldTable }),
    functionName,
  }
}

/** Binds `new.email` to the column, so that a rename needs no edit. Gives the same tree back. */
function bindRows(relation: Relation, when: Node): Node {
  visitTree(when, (kind, node) => {
    if (kind !== 'ColumnRef') return
    const [, name] = namesOf(node.fields)
    const column = name === undefined ? undefined : findColumn(relation, name)
    if (column) node[boundColumn] = column
  })
  return when
}
