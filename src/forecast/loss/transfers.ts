import { formatRelation, type RelationName, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import type { StatementPlace } from '../requirement.js'
import type { Walk } from '../walk.js'
import type { WatchedStatement } from '../watcher.js'
import { columnsReadBy, equalColumns, itemsOf, type Output, outputsOf, sourcesOf } from './query-outputs.js'

/** A statement that puts what it reads of one table into another. Whether all of it came over, the rows must tell. */
export interface Transfer {
  readonly source: Relation
  readonly into: Relation
  /** Column of the source → column that it went to, or that the statement says is equal to it. */
  readonly columns: ReadonlyMap<Column, Column>
  /** The target as it was called then. */
  readonly target: string
  readonly place: StatementPlace
}

/** A statement whose target may not be there before it has run. */
interface Noted {
  readonly target: RelationName
  readonly place: StatementPlace
  /** Which column of the target takes what, once the target is there. */
  pairs(into: Relation): { readonly own: Column; readonly source: Relation; readonly column: Column }[]
}

/** Reads, statement by statement, what goes from one table into another. */
export class TransferReader {
  readonly #transfers: Transfer[] = []
  #noted: Noted[] = []

  constructor(private readonly walk: Walk) {}

  beforeStatement({ kind, node }: WatchedStatement): void {
    this.#settle()
    for (const { CommonTableExpr: item } of withItems(node)) {
      const [[inner = '', tree] = []] = Object.entries(item.ctequery ?? {}) as [string, Node][]
      if (tree) this.#note(inner, tree)
    }
    this.#note(kind, node)
  }

  /** What went from the relation, or from a table that it is a partition or a child of. */
  of(relation: Relation): Transfer[] {
    this.#settle()
    return this.#transfers.flatMap((one) => {
      if (one.source === relation) return [one]
      if (!isPartOf(relation, one.source)) return []
      const columns = new Map(
        [...one.columns].flatMap(([from, to]): [Column, Column][] => {
          const own = findColumn(relation, from.name)
          return own ? [[own, to]] : []
        }),
      )
      return [{ ...one, source: relation, columns }]
    })
  }

  #note(kind: string, node: Node): void {
    const { place } = this.walk
    const add = (target: Node, pairs: Noted['pairs']) =>
      this.#noted.push({ target: relationOf(target), place, pairs })
    switch (kind) {
      case 'CreateTableAsStmt':
        if (node.objtype === 'OBJECT_TABLE' && node.into)
          add(node.into.rel, this.#byPosition(this.#outputs(node.query?.SelectStmt)))
        return
      case 'SelectStmt':
        if (node.intoClause) add(node.intoClause.rel, this.#byPosition(this.#outputs(node)))
        return
      case 'InsertStmt':
        add(
          node.relation,
          this.#byPosition(this.#outputs(node.selectStmt?.SelectStmt, node.withClause), node.cols),
        )
        return
      case 'UpdateStmt':
        add(node.relation, this.#byAssignment(node, node.targetList ?? [], node.fromClause ?? []))
        return
      case 'MergeStmt':
        for (const { MergeWhenClause: action } of node.mergeWhenClauses ?? [])
          add(node.relation, this.#byAssignment(node, assigned(action), [node.sourceRelation]))
    }
  }

  #outputs(select: Node | undefined, withClause?: Node): Output[] {
    const { catalog } = this.walk
    return select ? outputsOf(catalog, select, itemsOf(catalog, withClause)) : []
  }

  #byPosition(outputs: readonly Output[], columns?: readonly Node[]): Noted['pairs'] {
    return (into) =>
      outputs.flatMap(({ reads }, i) => {
        const name = columns?.[i]?.ResTarget?.name
        const own = columns ? findColumn(into, name ?? '') : into.columns[i]
        return own ? reads.map(({ relation: source, column }) => ({ own, source, column })) : []
      })
  }

  /** What is assigned, and the key by which the rows of the two tables are brought together. */
  #byAssignment(node: Node, list: readonly Node[], from: readonly Node[]): Noted['pairs'] {
    const { catalog } = this.walk
    const items = itemsOf(catalog, node.withClause)
    const sources = sourcesOf(catalog, from, items)
    const given = list.map(({ ResTarget: { name, val } }) => {
      const { source, colno } = val?.MultiAssignRef ?? {}
      const select = source?.SubLink?.subselect?.SelectStmt
      if (select) return { name, reads: outputsOf(catalog, select, items)[colno - 1]?.reads ?? [] }
      const tree = source?.RowExpr?.args?.[colno - 1] ?? val
      return { name, reads: columnsReadBy(catalog, tree, sources, items) }
    })
    const relation = findRelation(catalog, relationOf(node.relation))
    const alias = node.relation.alias?.aliasname ?? relation?.name ?? ''
    const equal = relation ? equalColumns(catalog, node, relation, alias) : []
    return (into) => [
      ...given.flatMap(({ name, reads }) => {
        const own = findColumn(into, name)
        return own ? reads.map(({ relation: source, column }) => ({ own, source, column })) : []
      }),
      ...equal.map(({ own, other }) => ({ own, source: other.relation, column: other.column })),
    ]
  }

  /** Right before the next statement, the target of the last one is there under the name that it was given. */
  #settle(): void {
    for (const { target, place, pairs } of this.#noted) {
      const into = findRelation(this.walk.catalog, target)
      if (!into) continue
      const bySource = new Map<Relation, Map<Column, Column>>()
      for (const { own, source, column } of pairs(into)) {
        if (source === into) continue
        const columns = bySource.get(source) ?? new Map<Column, Column>()
        if (!columns.has(column)) columns.set(column, own)
        bySource.set(source, columns)
      }
      for (const [source, columns] of bySource)
        this.#transfers.push({ source, into, columns, target: formatRelation(target), place })
    }
    this.#noted = []
  }
}

/** The parts of a WITH, which may stand in front of the statement or of its query. */
function withItems(node: Node): Node[] {
  const ofQuery = node.query?.SelectStmt?.withClause ?? node.selectStmt?.SelectStmt?.withClause
  return [...(node.withClause?.ctes ?? []), ...(ofQuery?.ctes ?? [])]
}

/** The assignments of WHEN MATCHED THEN UPDATE, and of WHEN NOT MATCHED THEN INSERT, which gives its values apart. */
function assigned({ targetList = [], values }: Node): Node[] {
  if (!values) return targetList
  return targetList.map(({ ResTarget }: Node, i: number) => ({
    ResTarget: { name: ResTarget.name, val: values[i] },
  }))
}

function isPartOf(relation: Relation, whole: Relation): boolean {
  return relation.parents.some((parent) => parent === whole || isPartOf(parent, whole))
}

/** `contacts.email`, or the table alone where no column of it takes the value. */
export function targetName({ target, columns }: Transfer, column: Column | undefined): string {
  const own = column && columns.get(column)
  return own ? `${target}.${own.name}` : target
}
