import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { Relation } from '../model.js'
import { Rewriter, type Scope } from '../rewrite.js'
import { boundColumn, namesOf, parseStatement, visitTree } from '../tree.js'
import { keyOf, type Walk } from '../walk.js'
import { state } from './row-state.js'
import { triggerRows } from './trigger-rows.js'

/** A statement of a trigger function, to be written for all rows that come to it. */
export interface TriggerWrite {
  readonly kind: 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt'
  /** The names of the function are columns of the state already. */
  readonly node: Node
  readonly target: Relation
  /** Link of the rows that come to it. */
  readonly rows: string
  readonly scope: Scope
  readonly isOneRow: boolean
  /** Why what it writes cannot be known. */
  readonly opaque: readonly string[]
}

/** Triggers may fire triggers; real ones end after a few. */
const deepest = 6

/**
 * Writes a statement for all rows at once. What the server does for one row after another comes to the same only where
 * no row is hit twice, or where a second hit changes nothing.
 *
 * @returns whether it hits a row, where that can be told
 * @throws NotFollowed
 */
export async function followTriggerWrite(walk: Walk, write: TriggerWrite): Promise<boolean | undefined> {
  if (walk.triggerDepth >= deepest) throw new NotFollowed('triggers fire one another')
  const { kind, target, opaque, isOneRow } = write
  const inner = withItems(write.scope, [[triggerRows, write.rows]])
  const { node, items } = await spread(walk, { ...write, scope: inner })
  const scope = withItems(inner, items)
  const before = walk.requirements.length
  walk.triggerDepth += 1
  let hit: string | undefined
  try {
    hit = await walk.write(walk, kind, node, scope)
  } finally {
    walk.triggerDepth -= 1
  }
  const [reason] = opaque
  if (reason !== undefined) {
    for (const requirement of walk.requirements.splice(before))
      walk.requirements.push({ ...requirement, opaque: [...requirement.opaque, ...opaque] })
    walk.blur(target, reason)
    return undefined
  }
  if (!isOneRow) return undefined
  if (hit === undefined) return false
  const answer = await walk.ask(`SELECT pg_catalog.count(*)::float8 AS count FROM (${hit}) AS hit`)
  return answer ? answer.rows[0]?.count !== 0 : undefined
}

function withItems(scope: Scope, items: Spread['items']): Scope {
  return { ...scope, items: new Map([...scope.items, ...items]) }
}

function item(relname: string, aliasname: string): Node {
  return { RangeVar: { relname, inh: true, relpersistence: 'p', alias: { aliasname } } }
}

/** The statement over all rows, and links that its new names stand for. */
interface Spread {
  readonly node: Node
  readonly items: readonly (readonly [name: string, link: string])[]
}

/** The statement with the rows among its FROM items. */
async function spread(walk: Walk, write: TriggerWrite): Promise<Spread> {
  const { kind, node, isOneRow } = write
  if (node.withClause && readsState(node.withClause)) throw new NotFollowed('its WITH reads the row')
  switch (kind) {
    case 'InsertStmt':
      return { node: await spreadInsert(walk, write), items: [] }
    case 'DeleteStmt':
      return {
        node: { ...node, usingClause: [...lateral(node.usingClause), item(triggerRows, '~s')] },
        items: [],
      }
    case 'UpdateStmt': {
      const spreaded = { ...node, fromClause: [...lateral(node.fromClause), item(triggerRows, '~s')] }
      if (isOneRow || !(await isAnyHitTwice(walk, write, spreaded))) return { node: spreaded, items: [] }
      return repeatable(walk, write, spreaded)
    }
  }
}

/** A sub-select among the FROM items may read the row, as if it stood beside it. */
function lateral(items: readonly Node[] = []): Node[] {
  if (items.some((item) => item.RangeSubselect && readsState(item)))
    throw new NotFollowed('a sub-select in its FROM reads the row')
  return [...items]
}

async function spreadInsert(walk: Walk, { node, target, scope, isOneRow }: TriggerWrite): Promise<Node> {
  const select: Node | undefined = node.selectStmt?.SelectStmt
  if (!select) {
    if (!isOneRow) throw new NotFollowed('DEFAULT VALUES for many rows')
    return node
  }
  const lists: Node[] = select.valuesLists ?? []
  if (lists.length > 1 && !isOneRow) throw new NotFollowed('several rows are put in for each row')
  const names: string[] = node.cols
    ? node.cols.map(({ ResTarget }: Node) => ResTarget.name)
    : target.columns.map(({ name }) => name)
  const given: [string, Node][] | undefined =
    lists.length === 1
      ? lists[0]?.List.items
          .map((item: Node, i: number) => [names[i], item])
          .filter(([, item]: [string, Node]) => !item.SetToDefault)
      : undefined
  const query = given ? { ...plain, targetList: given.map(([, val]) => ({ ResTarget: { val } })) } : select
  const width = given?.length ?? (lists[0]?.List.items ?? query.targetList ?? []).length
  const all = query.targetList?.some(({ ResTarget }: Node) => ResTarget.val.ColumnRef?.fields.at(-1)?.A_Star)
  if (!given && !node.cols && all) throw new NotFollowed('the columns of its query are not counted')
  const cols = given ? given.map(([name]) => name) : names.slice(0, all ? names.length : width)
  const spreaded = {
    ...node,
    cols: cols.map((name) => ({ ResTarget: { name } })),
    selectStmt: besideRows(query),
  }
  if (!isOneRow && node.onConflictClause?.action === 'ONCONFLICT_UPDATE')
    await assertDistinct(walk, node.onConflictClause, cols, besideRows(query), scope)
  return spreaded
}

const plain = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' }

/** For each row, what the query gives for it. */
function besideRows(query: Node): Node {
  const template = parseStatement(
    `SELECT "~q".* FROM "${triggerRows}" AS ${state}, LATERAL (SELECT 1) AS "~q"`,
  ) as { SelectStmt: Node }
  template.SelectStmt.fromClause[1].RangeSubselect.subquery = { SelectStmt: query }
  return template
}

/** A row that meets one put in just before would change it again. */
async function assertDistinct(
  walk: Walk,
  conflict: Node,
  cols: readonly string[],
  query: Node,
  scope: Scope,
): Promise<void> {
  const keys: string[] = (conflict.infer?.indexElems ?? []).map(({ IndexElem }: Node) => IndexElem.name)
  if (keys.length === 0 || keys.some((key) => !cols.includes(key)))
    throw new NotFollowed('ON CONFLICT DO UPDATE for many rows')
  const { sql } = new Rewriter(walk.content, scope).query(query)
  const heads = cols.map((name) => quoteIdentifier(name)).join(', ')
  const list = keys.map(quoteIdentifier).join(', ')
  const answer = await walk.ask(
    `SELECT 1 FROM (${sql}) AS q (${heads}) GROUP BY ${list} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1`,
  )
  if (!answer || answer.rows.length > 0) throw new NotFollowed('rows are put in over one another')
}

async function isAnyHitTwice(walk: Walk, { target, scope }: TriggerWrite, node: Node): Promise<boolean> {
  const key = keyOf(target)
  if (!key) return true
  const alias = quoteIdentifier(node.relation.alias?.aliasname ?? target.name)
  const from = new Rewriter(walk.content, scope).from(node.fromClause)
  const where = node.whereClause
    ? new Rewriter(walk.content, scope).expression(node.whereClause, [target]).sql
    : 'true'
  const list = key.map(({ name }) => `${alias}.${quoteIdentifier(name)}`).join(', ')
  const answer = await walk.ask(
    `SELECT 1 FROM ${walk.content.read(target)} AS ${alias}, ${from.sql} WHERE ${where} GROUP BY ${list} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1`,
  )
  return !answer || answer.rows.length > 0
}

/**
 * A row that is hit several times: all is well where the last hit gives what the first gave, and a counter adds up what
 * all hits add. The hits are counted first, for each row that they meet.
 */
function repeatable(walk: Walk, { target, scope }: TriggerWrite, node: Node): Spread {
  if (target.triggers.some(({ isEnabled, events }) => isEnabled && events.includes('update')))
    throw new NotFollowed(`triggers of "${target.name}" fire for a row more than once`)
  const set = new Set<string>(node.targetList.map(({ ResTarget }: Node) => ResTarget.name))
  if (readsAny(node.whereClause, set)) throw new NotFollowed('its condition reads what it sets')
  const sums: string[] = []
  const over = (tree: Node) => new Rewriter(walk.content, scope).expression(tree, [target]).sql
  const targetList = node.targetList.map(({ ResTarget }: Node) => {
    const { name, val } = ResTarget
    if (!readsState(val) && !readsAny(val, set) && !reads(val, target.name)) return { ResTarget }
    const added = over(addedBy(name, val, set))
    sums.push(
      `CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) pg_catalog.count(${added}) THEN pg_catalog.sum(${added}) END AS "~e${sums.length}"`,
    )
    const sum = reference('~h', `~e${sums.length - 1}`)
    return { ResTarget: { ...ResTarget, val: { A_Expr: { ...val.A_Expr, rexpr: sum } } } }
  })
  const aliasname: string = node.relation.alias?.aliasname ?? target.name
  const key = keyOf(target) ?? []
  const keys = key.map(({ name }) => `${quoteIdentifier(aliasname)}.${quoteIdentifier(name)}`)
  const list = [...keys.map((one, i) => `${one} AS "~k${i}"`), ...sums].join(', ')
  const from = new Rewriter(walk.content, scope).from(node.fromClause).sql
  const where = node.whereClause ? ` WHERE ${over(node.whereClause)}` : ''
  const hits = walk.content.chain.add(
    `${target.name}_hits`,
    `SELECT ${list} FROM ${walk.content.read(target)} AS ${quoteIdentifier(aliasname)}, ${from}${where} GROUP BY ${keys.join(', ')}`,
  )
  const same = key.map(({ name }, i) => ({
    A_Expr: {
      kind: 'AEXPR_OP',
      name: [{ String: { sval: '=' } }],
      lexpr: reference(aliasname, name),
      rexpr: reference('~h', `~k${i}`),
    },
  }))
  return {
    node: {
      ...node,
      targetList,
      fromClause: [item(hitsName, '~h')],
      whereClause: same.length === 1 ? same[0] : { BoolExpr: { boolop: 'AND_EXPR', args: same } },
    },
    items: [[hitsName, hits]],
  }
}

const hitsName = '~hits'

/** `e` of `SET n = n + e`. */
function addedBy(name: string, val: Node, set: ReadonlySet<string>): Node {
  const operator = val.A_Expr?.name?.[0]?.String?.sval
  const isCounter =
    (operator === '+' || operator === '-') &&
    val.A_Expr.lexpr?.ColumnRef &&
    namesOf(val.A_Expr.lexpr.ColumnRef.fields).at(-1) === name &&
    !readsAny(val.A_Expr.rexpr, set) &&
    !reads(val.A_Expr.rexpr)
  if (!isCounter) throw new NotFollowed('a row is changed more than once')
  return val.A_Expr.rexpr
}

function reference(...names: string[]): Node {
  return { ColumnRef: { fields: names.map((sval) => ({ String: { sval } })) } }
}

function readsState(tree: unknown): boolean {
  let found = false
  visitTree(tree, (kind, node) => {
    if (kind === 'ColumnRef' && namesOf(node.fields)[0] === '~s') found = true
  })
  return found
}

function readsAny(tree: unknown, columns: ReadonlySet<string>): boolean {
  let found = false
  visitTree(tree, (kind, node) => {
    if (kind !== 'ColumnRef') return
    const names = namesOf(node.fields)
    const name = node[boundColumn]?.name ?? names.at(-1) ?? ''
    if (names[0] !== '~s' && columns.has(name)) found = true
  })
  return found
}

/** Whether a tree reads a table, or any. */
function reads(tree: unknown, name?: string): boolean {
  let found = false
  visitTree(tree, (kind, node) => {
    if (kind === 'RangeVar' && (name === undefined || node.relname === name)) found = true
  })
  return found
}
