import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo } from '../casts.js'
import type { ColumnType } from '../model.js'
import { Rewriter } from '../rewrite.js'
import { visitTree } from '../tree.js'
import type { Walk } from '../walk.js'

/** A list of rows as SQL: `(VALUES …)`, whose columns have the names that were asked for. */
export interface ConstantRows {
  /** FROM item without alias. */
  readonly list: string
  readonly isVolatile: boolean
  readonly opaque: readonly string[]
}

/** A column of such a list. */
export interface ConstantColumn {
  readonly name: string
  /** What its values are for. They are cast to it by whoever reads them, too. */
  readonly type?: ColumnType
  /** An expression for each row, or its SQL. */
  readonly cells: readonly (Node | string)[]
}

const literalTypes = { sval: 'text', ival: 'int4', fval: 'numeric', boolval: 'bool' } as const
type Literal = keyof typeof literalTypes

/** Whether an expression reads no column and no row. */
export function isConstant(tree: Node): boolean {
  let isFree = true
  visitTree(tree, (kind) => {
    if (kind === 'ColumnRef' || kind === 'SubLink' || kind === 'ParamRef' || kind === 'SetToDefault')
      isFree = false
  })
  return isFree
}

/**
 * The server reads a list of plain literals at the price of its text, however long it is; a cast around each costs
 * several times as much. So literals of one kind stay bare, and are cast where the list is read.
 * @throws NotFollowed, NotDeparsed
 */
export function constantRows(walk: Walk, columns: readonly ConstantColumn[]): ConstantRows {
  const opaque = new Set<string>()
  let isVolatile = false
  const all = columns.map(({ type, cells }) => {
    const kind = literalKindOf(cells)
    return cells.map((cell, row) => {
      if (typeof cell === 'string') return cell
      if (kind !== undefined) return bareLiteral(cell, kind, row === 0)
      const value = new Rewriter(walk.content).expression(cell)
      for (const reason of value.opaque) opaque.add(reason)
      isVolatile ||= value.isVolatile
      return type ? castTo(value.sql, type, 'assignment') : value.sql
    })
  })
  const rows = (all[0] ?? []).map((_, row) => `(${all.map((cells) => cells[row]).join(', ')})`)
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  return {
    list: `(SELECT * FROM (VALUES ${rows.join(', ')}) AS v (${names}))`,
    isVolatile,
    opaque: [...opaque],
  }
}

/** The kind that all literals of a column have; undefined where there are several kinds, or other expressions. */
function literalKindOf(cells: readonly (Node | string)[]): Literal | undefined {
  const kinds = new Set<Literal>()
  for (const cell of cells) {
    const constant = typeof cell === 'string' ? undefined : cell.A_Const
    if (constant === undefined) return undefined
    if (constant.isnull) continue
    const kind = literalKinds.find((one) => constant[one] !== undefined)
    if (kind === undefined) return undefined
    kinds.add(kind)
  }
  if (kinds.size === 0) return 'sval'
  if (kinds.size === 2 && kinds.has('ival') && kinds.has('fval')) return 'fval'
  const [kind, ...more] = kinds
  return more.length === 0 ? kind : undefined
}

const literalKinds = Object.keys(literalTypes) as Literal[]

/** @param isFirst the first row says what type the column of the list has */
function bareLiteral({ A_Const: constant }: Node, kind: Literal, isFirst: boolean): string {
  const text = textOfLiteral(constant)
  return isFirst ? `CAST(${text} AS pg_catalog.${literalTypes[kind]})` : text
}

function textOfLiteral(constant: Node): string {
  if (constant.isnull) return 'NULL'
  if (constant.sval) return quoteLiteral(constant.sval.sval ?? '')
  if (constant.boolval) return String(constant.boolval.boolval === true)
  if (constant.fval) return constant.fval.fval
  return String(constant.ival.ival ?? 0)
}

function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}
