import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Column, ColumnType, Relation } from '../model.js'
import type { StatementPlace } from '../requirement.js'
import { namesOf, visitTree } from '../tree.js'
import { typeOf } from '../types.js'
import type { Walk } from '../walk.js'
import type { UpdatedRows, WatchedStatement } from '../watcher.js'
import { type Transfer, TransferReader } from './transfers.js'

/** A statement that reads a column and puts what it makes of it somewhere else in the same row. */
export interface Copy {
  readonly from: Column
  readonly to: Column
  /** `table.column`, for messages. */
  readonly target: string
  readonly place: StatementPlace
}

/** ADD COLUMN */
export interface AddedColumn {
  readonly relation: Relation
  readonly name: string
  readonly type: ColumnType
  readonly place: StatementPlace
  /** Which statement of the chain it is. */
  readonly turn: number
  /** DEFAULT, GENERATED or a serial type gives every row a value. */
  readonly hasDefault: boolean
}

/** CREATE TABLE */
export interface CreatedTable {
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnType>
  readonly place: StatementPlace
}

/** DROP COLUMN of a column that is there today. */
export interface DroppedColumn {
  readonly relation: Relation
  readonly column: Column
  /** As it was called then. */
  readonly name: string
  readonly type: ColumnType
  readonly place: StatementPlace
  readonly turn: number
}

/** Where columns and tables go and come from in the chain: what is copied, and what is dropped here and made again there. */
export class Lineage {
  readonly #copies: Copy[] = []
  readonly #added: AddedColumn[] = []
  readonly #created: CreatedTable[] = []
  readonly #dropped: DroppedColumn[] = []
  readonly #written: Pick<AddedColumn, 'relation' | 'name'>[] = []
  readonly #transfers: TransferReader
  #turn = 0

  constructor(private readonly walk: Walk) {
    this.#transfers = new TransferReader(walk)
  }

  beforeStatement(statement: WatchedStatement): void {
    const { kind, node } = statement
    this.#turn += 1
    if (kind === 'AlterTableStmt') this.#noteAdded(node)
    if (kind === 'CreateStmt') this.#noteCreated(node)
    this.#transfers.beforeStatement(statement)
  }

  updated(relation: Relation, { changes }: UpdatedRows): void {
    for (const { column, tree } of changes) {
      this.#written.push({ relation, name: column.name })
      for (const name of namesRead(tree)) {
        const from = findColumn(relation, name)
        if (!from || from === column) continue
        const target = `${relation.name}.${column.name}`
        this.#copies.push({ from, to: column, target, place: this.walk.place })
      }
    }
  }

  dropped(relation: Relation, column: Column): DroppedColumn {
    const { name, type } = column
    const dropped = { relation, column, name, type, place: this.walk.place, turn: this.#turn }
    this.#dropped.push(dropped)
    return dropped
  }

  /** A column of the same name that the same statement or a later one adds. */
  readdedAs({ relation, name, turn }: DroppedColumn): AddedColumn | undefined {
    return this.#added.find((one) => one.relation === relation && one.name === name && one.turn >= turn)
  }

  /**
   * The column of the same type that the same file adds to the same table, when it is the only one or has a name like it,
   * and nothing else fills it. Prisma writes a renamed field that way.
   */
  renamedTo(dropped: DroppedColumn): AddedColumn | undefined {
    const isSibling = ({ relation, place, type }: AddedColumn | DroppedColumn) =>
      relation === dropped.relation &&
      place.migration === dropped.place.migration &&
      type.object === dropped.type.object &&
      type.isArray === dropped.type.isArray
    const droppedHere = this.#dropped.filter(isSibling)
    const addedHere = this.#added
      .filter(isSibling)
      .filter(({ name }) => !droppedHere.some((one) => one.name === name))
      .filter((one) => !this.#isWritten(one))
    // One with a default is there for a reason of its own, unless its name says otherwise.
    const [only] = addedHere
    if (only && addedHere.length === 1 && droppedHere.length === 1 && !only.hasDefault) return only
    return addedHere.find(({ name }) => areAlike(name, dropped.name))
  }

  /** Whether its rows have a value in it in the end. */
  isFilled(added: AddedColumn): boolean {
    return added.hasDefault || this.#isWritten(added)
  }

  #isWritten({ relation, name }: AddedColumn): boolean {
    return this.#written.some((one) => one.relation === relation && one.name === name)
  }

  /** Whether a table that a statement made has no row in the end. */
  isEmpty({ name }: Pick<CreatedTable, 'name'>): boolean {
    return findRelation(this.walk.catalog, { name })?.isEmpty === true
  }

  /** The table that the same file makes with mostly the same columns. */
  renamedTableTo(relation: Relation, place: StatementPlace): CreatedTable | undefined {
    const columns = relation.columns
    return this.#created.find((made) => {
      const isHere = made.place.migration === place.migration && made.name !== relation.name
      const shared = columns.filter(({ name, type }) => {
        const other = made.columns.get(name)
        return other?.object === type.object && other.isArray === type.isArray
      })
      const most = Math.max(columns.length, made.columns.size)
      return isHere && shared.length >= 2 && shared.length / most >= leastSharedColumns
    })
  }

  recreatedAt(relation: Relation, place: StatementPlace): CreatedTable | undefined {
    return this.#created.find(
      (made) =>
        made.name === relation.name &&
        (made.place.migration !== place.migration || made.place.index > place.index),
    )
  }

  /** Statements that have read the column into another one of the same row. */
  copiesOf(column: Column): Copy[] {
    return this.#copies.filter(({ from }) => from === column)
  }

  /** Statements that have put columns of the relation, or of a parent that it is a part of, into other tables. */
  transfersOf(relation: Relation): readonly Transfer[] {
    return this.#transfers.of(relation)
  }

  /** Columns of the same row that hold what this one held, copied directly or by way of others, if they are still there. */
  heirsOf(relation: Relation, column: Column): Column[] {
    const heirs = new Set([column])
    for (const heir of heirs) for (const { to } of this.copiesOf(heir)) if (to) heirs.add(to)
    return relation.columns.filter((one) => one !== column && heirs.has(one))
  }

  #noteAdded(node: Node): void {
    const relation = findRelation(this.walk.catalog, relationOf(node.relation))
    if (!relation) return
    for (const { AlterTableCmd: command } of node.cmds ?? []) {
      if (command.subtype !== 'AT_AddColumn') continue
      const { colname: name, typeName } = command.def.ColumnDef
      const type = this.#typeOf(typeName)
      const hasDefault = givesValues(command.def.ColumnDef)
      if (type)
        this.#added.push({ relation, name, type, place: this.walk.place, turn: this.#turn, hasDefault })
    }
  }

  #noteCreated(node: Node): void {
    const columns = new Map<string, ColumnType>()
    for (const { ColumnDef } of node.tableElts ?? []) {
      const type = ColumnDef && this.#typeOf(ColumnDef.typeName)
      if (type) columns.set(ColumnDef.colname, type)
    }
    this.#created.push({ name: node.relation.relname, columns, place: this.walk.place })
  }

  #typeOf(typeName: Node): ColumnType | undefined {
    try {
      return typeOf(this.walk.catalog, typeName)
    } catch (error) {
      if (error instanceof NotFollowed) return undefined
      throw error
    }
  }
}

/** How much two tables must have in common for the one to be the other under a new name. */
const leastSharedColumns = 0.6

/** Whether a new column has a value in the rows that are there already. */
function givesValues({ constraints = [], typeName }: Node): boolean {
  const filling = new Set(['CONSTR_DEFAULT', 'CONSTR_GENERATED', 'CONSTR_IDENTITY'])
  return (
    constraints.some(({ Constraint }: Node) => filling.has(Constraint.contype)) ||
    /^(small|big)?serial[248]?$/.test(namesOf(typeName?.names).at(-1) ?? '')
  )
}

function namesRead(tree: Node | undefined): string[] {
  const names: string[] = []
  visitTree(tree, (kind, node) => {
    if (kind !== 'ColumnRef') return
    names.push(node.fields.some((field: Node) => field.A_Star) ? '*' : (namesOf(node.fields).at(-1) ?? ''))
  })
  return names
}

/** Whether two names share a word: `fax` and `fax_number`, `userName` and `name`. */
function areAlike(one: string, other: string): boolean {
  const words = wordsOf(other)
  return wordsOf(one).some((word) => word.length > 2 && words.includes(word))
}

function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}
