import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Content } from '../content.js'
import { findRelation } from '../lookup.js'
import type { CatalogModel, ReadRelation, Relation } from '../model.js'
import { boundRelation, visitTree } from '../tree.js'

/**
 * Whether a statement can hit no row, because the tables that it takes its rows from hold none: then what it would
 * compute is of no concern. Says so only where that is sure.
 * @param areFunctionsKnown a server has run the statement, so that what the catalog does not call an aggregate is none
 */
export function hitsNoRow(content: Content, kind: string, node: Node, areFunctionsKnown = false): boolean {
  return new Idle(content, areFunctionsKnown).isIdle(kind, node, new Set())
}

/** Whether a SELECT gives no row, because the tables that it reads hold none. Says so only where that is sure. */
export function givesNoRow(content: Content, select: Node): boolean {
  return new Idle(content).givesNone(select, new Set())
}

/** Names of WITH items that give no row. */
type EmptyItems = ReadonlySet<string>

class Idle {
  constructor(
    private readonly content: Content,
    private readonly areFunctionsKnown = false,
  ) {}

  get catalog(): CatalogModel {
    return this.content.catalog
  }

  isIdle(kind: string, node: Node, outer: EmptyItems): boolean {
    const items = new Set(outer)
    // Their own items are read with them.
    for (const { CommonTableExpr: item } of (kind === 'SelectStmt' ? [] : node.withClause?.ctes) ?? []) {
      const [[own, query] = ['', {}]] = Object.entries(item.ctequery) as [string, Node][]
      const isEmpty = own === 'SelectStmt' ? this.givesNone(query, items) : this.isIdle(own, query, items)
      if (own !== 'SelectStmt' && !isEmpty) return false
      if (isEmpty) items.add(item.ctename)
      else items.delete(item.ctename)
    }
    switch (kind) {
      case 'UpdateStmt':
      case 'DeleteStmt':
        return (
          this.#isUntouched(node.relation) &&
          (this.#isEmpty(node.relation, new Set()) ||
            this.#anyEmpty(node.fromClause ?? node.usingClause, items))
        )
      case 'InsertStmt':
        return this.#isUntouched(node.relation) && this.givesNone(node.selectStmt?.SelectStmt, items)
      case 'SelectStmt':
        return !node.intoClause && this.givesNone(node, items)
      default:
        return false
    }
  }

  /** A trigger for each statement fires also where no row is hit, and a rule makes another statement of it. */
  #isUntouched(rangeVar: Node): boolean {
    const relation = findRelation(this.catalog, relationOf(rangeVar))
    if (!relation) return false
    return relation.rules.length === 0 && relation.triggers.every(({ isForEachRow }) => isForEachRow)
  }

  givesNone(select: Node | undefined, outer: EmptyItems): boolean {
    if (!select || select.valuesLists) return false
    const items = new Set(outer)
    for (const { CommonTableExpr: item } of select.withClause?.ctes ?? []) {
      const [[own, query] = ['', {}]] = Object.entries(item.ctequery) as [string, Node][]
      if (own !== 'SelectStmt') return false
      if (this.givesNone(query, items)) items.add(item.ctename)
      else items.delete(item.ctename)
    }
    if (select.op === 'SETOP_UNION')
      return this.givesNone(select.larg, items) && this.givesNone(select.rarg, items)
    if (select.op && select.op !== 'SETOP_NONE') return this.givesNone(select.larg, items)
    return this.#anyEmpty(select.fromClause, items) && !this.#mayAggregate(select)
  }

  /** Without GROUP BY an aggregate gives a row for no rows. */
  #mayAggregate({ targetList, groupClause, havingClause }: Node): boolean {
    if (groupClause) return groupClause.some((one: Node) => one.GroupingSet)
    let mayBe = havingClause !== undefined
    visitTree(targetList, (kind, node) => {
      if (kind !== 'FuncCall' || node.over) return
      const name: string = node.funcname?.at(-1)?.String?.sval ?? ''
      const { aggregates, functions } = this.catalog
      const isNone = this.areFunctionsKnown
        ? aggregates?.has(name) === false
        : plain.has(name) || functions.some((one) => one.name === name)
      mayBe ||= !isNone
    })
    return mayBe
  }

  #anyEmpty(from: readonly Node[] | undefined, items: EmptyItems): boolean {
    return (from ?? []).some((item) => this.#isNone(item, items))
  }

  #isNone(item: Node, items: EmptyItems): boolean {
    const { RangeVar: rangeVar, RangeSubselect: subselect, JoinExpr: join } = item
    if (rangeVar) return this.#isEmpty(rangeVar, items)
    if (subselect) return this.givesNone(subselect.subquery.SelectStmt, items)
    if (!join) return false
    const [left, right] = [this.#isNone(join.larg, items), this.#isNone(join.rarg, items)]
    if (join.jointype === 'JOIN_INNER') return left || right
    if (join.jointype === 'JOIN_LEFT') return left
    return join.jointype === 'JOIN_RIGHT' ? right : left && right
  }

  #isEmpty(rangeVar: Node, items: EmptyItems): boolean {
    if (!rangeVar.schemaname && items.has(rangeVar.relname)) return true
    const bound = (rangeVar as { [boundRelation]?: ReadRelation })[boundRelation]
    const relation = bound?.relation ?? findRelation(this.catalog, relationOf(rangeVar))
    if (relation?.kind === 'view') return this.givesNone(relation.query?.tree.SelectStmt, new Set())
    return relation !== undefined && this.#isEmptyTable(relation)
  }

  #isEmptyTable(relation: Relation): boolean {
    if (!/table$|^materialized/.test(relation.kind) || relation.kind === 'foreign table') return false
    return (
      (relation.isEmpty || this.#holdsNoPage(relation)) &&
      relation.opaque === undefined &&
      relation.children.every((child) => this.#isEmptyTable(child))
    )
  }

  /** A file without a page holds no row, and no statement before this one has put any in. */
  #holdsNoPage(relation: Relation): boolean {
    return relation.live !== undefined && relation.heapBytes === 0 && this.content.versionOf(relation) === 0
  }
}

/** Functions of the server that are no aggregates. */
const plain: ReadonlySet<string> = new Set(
  `now gen_random_uuid uuid_generate_v4 random md5 lower upper concat concat_ws replace regexp_replace substring substr left
   right trim btrim ltrim rtrim split_part to_char to_timestamp date_trunc jsonb_build_object json_build_object
   jsonb_build_array jsonb_set to_jsonb jsonb_array_elements jsonb_array_elements_text unnest nextval floor round abs
   length array_length cardinality format clock_timestamp timezone extract date_part generate_series encode digest`.split(
    /\s+/,
  ),
)
