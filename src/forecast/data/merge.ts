import { quoteIdentifier } from '../../sql/names.js'
import { equals } from '../../sql/operators.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { equalityOf, nameOfOperator } from '../equality.js'
import type { Column } from '../model.js'
import { shown } from '../named.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import { keyOf, type Walk } from '../walk.js'
import { followDelete } from './delete.js'
import { followInsert } from './insert.js'
import { type Target, targetOf } from './target.js'
import { followUpdate } from './update.js'

/** One WHEN … THEN …, and what of the pairs of rows it takes. */
interface Clause {
  readonly node: Node
  /** SQL, true for a pair that it acts on. */
  readonly isTaken: string
  /** What it reads of the pair: trees to be evaluated beside it. */
  readonly values: readonly Node[]
}

/**
 * MERGE: every row of the source meets the rows of the target that it matches, or none, and the first clause whose
 * condition holds acts. A row may not be changed twice (SQLSTATE 21000): https://www.postgresql.org/docs/current/sql-merge.html
 */
export async function followMerge(
  walk: Walk,
  node: Node,
  outer: Scope = emptyScope,
): Promise<string | undefined> {
  const target = targetOf(walk, node.relation)
  const key = keyOf(target.relation)
  if (!key) throw new NotFollowed('MERGE into a table without a key')
  const pairs = new Pairs(walk, target, key, outer)
  const clauses = pairs.clauses(node.mergeWhenClauses.map((one: Node) => one.MergeWhenClause))
  const acts = pairs.link(node.sourceRelation, node.joinCondition, clauses)

  const keys = key.map((_, i) => `"~k${i}"`)
  const acting = clauses.flatMap(({ node: { commandType } }, i) =>
    commandType === 'CMD_UPDATE' || commandType === 'CMD_DELETE' ? [i + 1] : [],
  )
  if (acting.length > 0) {
    walk.need({
      code: 'unique-violation',
      sqlstate: '21000',
      object: target.relation.name,
      title: `MERGE changes no row of ${shown(target.relation)} twice`,
      question: {
        kind: 'groups',
        from: `${acts} AS a`,
        keys,
        condition: acting.map((one) => `"~act" OPERATOR(pg_catalog.=) ${one}`).join(' OR '),
      },
      opaque: [],
    })
  }

  const scope: Scope = { ...outer, items: new Map([...outer.items, [actsName, acts] as const]) }
  // A row that goes makes room for one that comes.
  const order = ['CMD_DELETE', 'CMD_UPDATE', 'CMD_INSERT']
  for (const command of order) {
    for (const [i, clause] of clauses.entries())
      if (clause.node.commandType === command) await act(walk, node.relation, key, clause, i + 1, scope)
  }
  return walk.content.chain.add(
    `${target.relation.name}_merged`,
    `SELECT 1 FROM ${acts} AS a WHERE "~act" OPERATOR(pg_catalog.>) 0`,
  )
}

const actsName = '~acts'

/** The source's rows side by side with those of the target. */
class Pairs {
  readonly #opaque = new Set<string>()
  #isVolatile = false

  constructor(
    private readonly walk: Walk,
    private readonly target: Target,
    private readonly key: readonly Column[],
    private readonly scope: Scope,
  ) {}

  clauses(nodes: readonly Node[]): Clause[] {
    const [first] = this.key
    const isMatched = `${this.target.alias}.${quoteIdentifier(first?.name ?? '')} IS NOT NULL`
    const earlier = new Map<string, string[]>()
    return nodes.map((node) => {
      const kind: string = node.matchKind
      if (kind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE') throw new NotFollowed('MERGE … NOT MATCHED BY SOURCE')
      const condition = node.condition ? `${this.#expression(node.condition)} IS TRUE` : 'true'
      const before = earlier.get(kind) ?? []
      const side = kind === 'MERGE_WHEN_MATCHED' ? isMatched : `NOT (${isMatched})`
      const isTaken = [side, ...before.map((one) => `NOT (${one})`), condition].join(' AND ')
      earlier.set(kind, [...before, condition])
      return { node, isTaken, values: valuesOf(node) }
    })
  }

  link(source: Node, joinCondition: Node, clauses: readonly Clause[]): string {
    const { alias, before } = this.target
    const from = new Rewriter(this.walk.content, this.scope).from([source])
    for (const reason of from.opaque) this.#opaque.add(reason)
    this.#isVolatile ||= from.isVolatile
    const on = this.#expression(joinCondition)
    const keys = this.key.map(({ name }, i) => `${alias}.${quoteIdentifier(name)} AS "~k${i}"`)
    const act = clauses.map(({ isTaken }, i) => `WHEN ${isTaken} THEN ${i + 1}`).join(' ')
    const values = clauses.flatMap(({ isTaken, values: trees }, i) =>
      trees.map(
        (tree, j) => `CASE WHEN ${isTaken} THEN ${this.#expression(tree)} END AS "${valueName(i + 1, j)}"`,
      ),
    )
    // The server joins as it must, and so asks the parts of ON of other rows.
    const isInner = clauses.every(({ node }) => node.matchKind === 'MERGE_WHEN_MATCHED')
    const join = isInner ? 'JOIN' : 'LEFT JOIN'
    const [reason] = this.#opaque
    if (reason !== undefined) throw new NotFollowed(reason)
    return this.walk.content.chain.add(
      `${this.target.relation.name}_merge`,
      `SELECT ${[...keys, `CASE ${act} ELSE 0 END AS "~act"`, ...values].join(', ')} FROM ${from.sql} ${join} ${before} AS ${alias} ON ${on} OFFSET 0`,
      { isVolatile: this.#isVolatile },
    )
  }

  #expression(tree: Node): string {
    const rewritten = new Rewriter(this.walk.content, this.scope).expression(tree, [this.target.relation])
    for (const reason of rewritten.opaque) this.#opaque.add(reason)
    this.#isVolatile ||= rewritten.isVolatile
    return rewritten.sql
  }
}

/** What a clause sets or puts in, without DEFAULT. */
function valuesOf({ commandType, targetList = [], values = [] }: Node): Node[] {
  const all: Node[] =
    commandType === 'CMD_INSERT' ? values : targetList.map(({ ResTarget }: Node) => ResTarget.val)
  if (all.some((one) => one?.MultiAssignRef)) throw new NotFollowed('a row is assigned')
  return all.filter((one) => !one.SetToDefault)
}

function valueName(clause: number, place: number): string {
  return `~v${clause}_${place}`
}

function valueReference(clause: number, place: number): Node {
  return reference('~a', valueName(clause, place))
}

function reference(...names: string[]): Node {
  return { ColumnRef: { fields: names.map((sval) => ({ String: { sval } })) } }
}

/** One clause as a statement of its own over the pairs that it takes. */
async function act(
  walk: Walk,
  relation: Node,
  key: readonly Column[],
  { node }: Clause,
  number: number,
  scope: Scope,
): Promise<void> {
  const alias: string = relation.alias?.aliasname ?? relation.relname
  const acts = {
    RangeVar: { relname: actsName, inh: true, relpersistence: 'p', alias: { aliasname: '~a' } },
  }
  const isTaken = equal(equals, reference('~a', '~act'), { A_Const: { ival: { ival: number } } })
  const isSame = key.map(({ name, type }, i) =>
    equal(equalityOf(type), reference(alias, name), reference('~a', `~k${i}`)),
  )
  const whereClause = { BoolExpr: { boolop: 'AND_EXPR', args: [...isSame, isTaken] } }
  let place = -1
  const value = (tree: Node) => {
    if (tree.SetToDefault) return tree
    place += 1
    return valueReference(number, place)
  }
  switch (node.commandType) {
    case 'CMD_DELETE':
      await followDelete(walk, { relation, usingClause: [acts], whereClause }, scope)
      break
    case 'CMD_UPDATE': {
      const targetList = node.targetList.map(({ ResTarget }: Node) => ({
        ResTarget: { ...ResTarget, val: value(ResTarget.val) },
      }))
      await followUpdate(walk, { relation, targetList, fromClause: [acts], whereClause }, scope)
      break
    }
    case 'CMD_INSERT': {
      const columns: Node[] =
        node.targetList ??
        targetOf(walk, relation).relation.columns.map(({ name }) => ({ ResTarget: { name } }))
      const given = ((node.values ?? []) as Node[]).flatMap((tree, i) =>
        tree.SetToDefault ? [] : [columns[i]],
      )
      if (given.length === 0) throw new NotFollowed('MERGE puts in nothing but defaults')
      const select = {
        targetList: given.map((_, i) => ({ ResTarget: { val: valueReference(number, i) } })),
        fromClause: [acts],
        whereClause: isTaken,
        limitOption: 'LIMIT_OPTION_DEFAULT',
        op: 'SETOP_NONE',
      }
      await followInsert(walk, { relation, cols: given, selectStmt: { SelectStmt: select } }, scope)
      break
    }
  }
}

function equal(operator: string, lexpr: Node, rexpr: Node): Node {
  const name = nameOfOperator(operator).map((sval) => ({ String: { sval } }))
  return { A_Expr: { kind: 'AEXPR_OP', name, lexpr, rexpr } }
}
