import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { findRelation } from '../lookup.js'
import type { Relation } from '../model.js'
import { needReplicaIdentity } from '../published.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import { hiddenRowsOf } from '../row-security.js'
import { blurWritten } from '../triggers/effects.js'
import { triggerRows } from '../triggers/trigger-rows.js'
import type { Walk } from '../walk.js'
import { followDelete } from './delete.js'
import { followInsert } from './insert.js'
import { followMerge } from './merge.js'
import { followUpdate } from './update.js'

const follow = {
  InsertStmt: followInsert,
  UpdateStmt: followUpdate,
  DeleteStmt: followDelete,
  MergeStmt: followMerge,
} as const

type Kind = keyof typeof follow

/**
 * A statement that writes rows, with the parts of its WITH that do. Gives a query of the rows that it hits; undefined
 * where it hits none.
 */
export async function followDataStatement(
  walk: Walk,
  kind: Kind,
  node: Node,
  outer: Scope = emptyScope,
): Promise<string | undefined> {
  const { withClause, ...bare } = kind === 'InsertStmt' ? withItemsOutside(node) : node
  const before = new Map<Relation, string>()
  const items: Node[] = (withClause?.ctes ?? []).map((cte: Node) => cte.CommonTableExpr)
  if (items.some(({ ctequery }) => writingKind(ctequery))) {
    for (const one of [...items.map(({ ctequery }) => Object.values(ctequery)[0] as Node), bare])
      rememberTarget(walk, one, before)
  }
  const scope = await followItems(walk, withClause, items, { ...outer, before })
  const link = await write(walk, kind, bare, scope)
  if (link === undefined) return undefined
  return `SELECT 1 FROM ${link} AS hit${kind === 'UpdateStmt' ? ' WHERE "~hit"' : ''}`
}

/** `INSERT INTO t WITH … SELECT …` is `WITH … INSERT INTO t SELECT …`. */
function withItemsOutside(node: Node): Node {
  const inner = node.selectStmt?.SelectStmt
  if (!inner?.withClause || node.withClause) return node
  const { withClause, ...select } = inner
  return { ...node, withClause, selectStmt: { SelectStmt: select } }
}

/** A rule may turn the statement into any other: https://www.postgresql.org/docs/current/rules-update.html */
async function write(walk: Walk, kind: Kind, node: Node, scope: Scope): Promise<string | undefined> {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  const event = kind.replace('Stmt', '').toLowerCase()
  const hidden = relation && hiddenRowsOf(walk.catalog, relation)
  if (relation && hidden !== undefined) {
    walk.doubt(hidden, relation.name)
    walk.blur(relation, hidden)
  }
  if (relation) needIdentity(walk, relation, kind, node, scope)
  const rule = relation?.rules.find((one) => one.event === event || kind === 'MergeStmt')
  if (!rule) return follow[kind](walk, node, scope)
  blurWritten(walk, rule.definition, `rule "${rule.name}" may write it`)
  throw new NotFollowed(`rule "${rule.name}" rewrites it`)
}

/** What changes rows that others subscribe to must be able to name them. */
function needIdentity(walk: Walk, relation: Relation, kind: Kind, node: Node, scope: Scope): void {
  const actions: string[] = (node.mergeWhenClauses ?? []).map((one: Node) => one.MergeWhenClause.commandType)
  const isUpdated =
    kind === 'UpdateStmt' ||
    actions.includes('CMD_UPDATE') ||
    node.onConflictClause?.action === 'ONCONFLICT_UPDATE'
  const isDeleted = kind === 'DeleteStmt' || actions.includes('CMD_DELETE')
  // A trigger's statement runs for the rows that come to it.
  const link = scope.items.get(triggerRows)
  const rows =
    link === undefined
      ? undefined
      : ({ kind: 'rows', from: `${link} AS r`, violation: 'true', sample: [] } as const)
  const how = { onlyItself: node.relation.inh !== true, ...(rows ? { rows } : {}) }
  if (isUpdated) needReplicaIdentity(walk, relation, 'update', how)
  if (isDeleted) needReplicaIdentity(walk, relation, 'delete', how)
}

/** A query with parts in its WITH that write. Gives the query's own tree and what its names stand for. */
export async function followQuery(
  walk: Walk,
  select: Node,
  outer: Scope = emptyScope,
): Promise<{ query: Node; scope: Scope }> {
  const items: Node[] = (select.withClause?.ctes ?? []).map((cte: Node) => cte.CommonTableExpr)
  if (!items.some(({ ctequery }) => writingKind(ctequery)))
    return { query: { SelectStmt: select }, scope: outer }
  const before = new Map<Relation, string>()
  for (const { ctequery } of items) rememberTarget(walk, Object.values(ctequery)[0] as Node, before)
  const { withClause, ...bare } = select
  const scope = await followItems(walk, withClause, items, { ...outer, before })
  return { query: { SelectStmt: bare }, scope }
}

function writingKind(tree: Node): Kind | undefined {
  const [kind = ''] = Object.keys(tree)
  return kind in follow ? (kind as Kind) : undefined
}

/** All parts of a statement see the same snapshot: https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING */
function rememberTarget(walk: Walk, node: Node, before: Map<Relation, string>): void {
  const relation = node.relation ? findRelation(walk.catalog, relationOf(node.relation)) : undefined
  if (relation) before.set(relation, walk.content.read(relation))
}

async function followItems(
  walk: Walk,
  withClause: Node | undefined,
  items: readonly Node[],
  scope: Scope,
): Promise<Scope> {
  const names = new Map(scope.items)
  for (const { ctename, ctequery, aliascolnames } of items) {
    const inner: Scope = { ...scope, items: new Map(names) }
    const columns: string[] = (aliascolnames ?? []).map((one: Node) => one.String.sval)
    const kind = writingKind(ctequery)
    if (kind) {
      const node = ctequery[kind] as Node
      const link = await write(walk, kind, { ...node, withClause: undefined }, inner)
      names.set(
        ctename,
        node.returningClause || node.returningList ? returned(walk, kind, node, link, inner) : undefined,
      )
    } else {
      names.set(ctename, addItem(walk, ctename, ctequery, columns, inner, withClause?.recursive === true))
    }
  }
  return { ...scope, items: names }
}

function addItem(
  walk: Walk,
  name: string,
  query: Node,
  columns: readonly string[],
  scope: Scope,
  isRecursive: boolean,
): string {
  let opaque: readonly string[] = []
  const link = walk.content.chain.addWithHead(name, columns, (own) => {
    const items = isRecursive ? new Map([...scope.items, [name, own]]) : scope.items
    const rewritten = new Rewriter(walk.content, { ...scope, items }).query(query)
    opaque = rewritten.opaque
    return rewritten.sql
  })
  if (opaque[0] !== undefined) throw new NotFollowed(opaque[0])
  return link
}

/** What RETURNING gives, as a link of the chain. */
function returned(walk: Walk, kind: Kind, node: Node, link: string | undefined, scope: Scope): string {
  const relation = findRelation(walk.catalog, relationOf(node.relation)) as Relation
  const aliasname = node.relation.alias?.aliasname ?? relation.name
  const list: Node[] = node.returningClause?.exprs ?? node.returningList
  const source =
    link ??
    walk.content.chain.add(
      relation.name,
      `SELECT * FROM ${scope.before?.get(relation) ?? walk.content.read(relation)} AS r WHERE false`,
    )
  const columns = relation.columns.map(({ name }) => ({
    ResTarget: { val: { ColumnRef: { fields: [{ String: { sval: name } }] } } },
  }))
  const targetList = list.flatMap((one) =>
    one.ResTarget.val.ColumnRef?.fields.some((field: Node) => field.A_Star) ? columns : [one],
  )
  const hits = { ColumnRef: { fields: [{ String: { sval: '~hit' } }] } }
  const query = {
    SelectStmt: {
      targetList,
      fromClause: [
        { RangeVar: { relname: '~returned', inh: true, relpersistence: 'p', alias: { aliasname } } },
      ],
      ...(kind === 'UpdateStmt' && link ? { whereClause: hits } : {}),
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  }
  const items = new Map([...scope.items, ['~returned', source] as const])
  return walk.content.chain.add(
    `${relation.name}_returned`,
    new Rewriter(walk.content, { ...scope, items }).query(query).sql,
  )
}
