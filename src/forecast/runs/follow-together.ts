import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo, liveTypeText } from '../casts.js'
import { followDelete } from '../data/delete.js'
import { putRowsIn, withGenerated } from '../data/insert.js'
import { targetOf } from '../data/target.js'
import { followUpdate } from '../data/update.js'
import { defaultOf } from '../defaults.js'
import { equalityOf, nameOfOperator } from '../equality.js'
import type { Column, ColumnType, Relation, SequenceObject } from '../model.js'
import type { Scope } from '../rewrite.js'
import type { Walk } from '../walk.js'
import type { Together } from './arrange.js'
import { constantRows } from './constant-rows.js'
import { keyText, type SimpleChange, type SimpleInsert, type SimpleWrite } from './simple-write.js'

/** What statements that were followed as one have done. */
export interface Done {
  readonly first: SimpleWrite
  readonly relation: Relation
  /** The rows put in; of an UPDATE all rows, with `"~hit"` and `"~old …"`; the rows that are gone. */
  readonly link: string | undefined
  /** Of an INSERT: the rows that it wants to put in, with the place of their statement in `"~at"`. */
  readonly numbered?: string
}

/** Numbers the statements of a run, and the values that they take from sequences. */
export interface Numbers {
  readonly places: ReadonlyMap<SimpleWrite, number>
  /** For each row that takes a value of the sequence, how many were taken before it. */
  takeOf(write: SimpleWrite, row: number, sequence: SequenceObject): number
}

/** @throws NotFollowed, NotDeparsed */
export async function followTogether(walk: Walk, { writes }: Together, numbers: Numbers): Promise<Done> {
  const [first] = writes as [SimpleWrite]
  walk.place = first.place
  return first.kind === 'insert'
    ? followInserts(walk, writes as SimpleInsert[], numbers)
    : followChanges(walk, writes as SimpleChange[])
}

async function followInserts(
  walk: Walk,
  writes: readonly SimpleInsert[],
  { places, takeOf }: Numbers,
): Promise<Done> {
  const [first] = writes as [SimpleInsert]
  const { statement, relation, columns } = first
  const target = targetOf(walk, statement.node.relation)
  const rows = writes.flatMap((write) => write.rows.map((cells, row) => ({ write, cells, row })))
  const sequences = sequencesTaken(first)
  const given = constantRows(walk, [
    { name: '~at', cells: rows.map(({ write }) => String(places.get(write) ?? 0)) },
    ...sequences.map((sequence, i) => ({
      name: `~take${i}`,
      cells: rows.map(({ write, row }) => String(takeOf(write, row, sequence))),
    })),
    ...columns.map((column, i) => ({
      name: `~${i}`,
      type: column.type,
      cells: rows.map(({ cells }) => cells[i] as Node),
    })),
  ])
  const opaque = new Set(given.opaque)
  let { isVolatile } = given
  const list = relation.columns.map((column) => {
    const name = quoteIdentifier(column.name)
    if (column.generated) return `${castTo('NULL', column.type, 'explicit')} AS ${name}`
    const i = columns.indexOf(column)
    if (i >= 0) return `${castTo(`given."~${i}"`, column.type, 'assignment')} AS ${name}`
    const at = column.sequence ? sequences.indexOf(column.sequence) : -1
    const rowNumber = at < 0 ? {} : { rowNumber: `given."~take${at}"` }
    const value = defaultOf(walk.content, column, relation, { items: new Map(), ...rowNumber })
    for (const reason of value.opaque) opaque.add(reason)
    isVolatile ||= value.isVolatile && at < 0
    return `${value.sql} AS ${name}`
  })
  const { chain } = walk.content
  const numbered = chain.add(
    `${relation.name}_given`,
    `SELECT ${list.join(', ')}, given."~at" FROM ${given.list} AS given OFFSET 0`,
    { isVolatile },
  )
  const names = relation.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const made = chain.add(`${relation.name}_new`, `SELECT ${names} FROM ${numbered} AS n OFFSET 0`)
  const link = await putRowsIn(
    walk,
    target,
    { link: withGenerated(walk, relation, made), opaque, isRowSetOpaque: false, takes: [] },
    statement.node.onConflictClause,
  )
  return { first, relation, link, numbered }
}

/** Columns that take a value of a sequence for each row of the statement. */
export function numberedColumns({ relation, columns }: SimpleInsert): Column[] {
  return relation.columns.filter(
    (column) =>
      !columns.includes(column) &&
      (column.identity !== undefined || JSON.stringify(column.default ?? '').includes('"nextval"')),
  )
}

export function sequencesTaken(write: SimpleWrite): SequenceObject[] {
  return write.kind === 'insert' ? numberedColumns(write).flatMap(({ sequence }) => sequence ?? []) : []
}

const run = '~run'

async function followChanges(walk: Walk, writes: readonly SimpleChange[]): Promise<Done> {
  const [first] = writes as [SimpleChange]
  const { relation, kind, keys, sets } = first
  const rows = distinctRows(writes)
  const given = constantRows(walk, [
    ...keys.map((column, i) => ({
      name: `~k${i}`,
      type: comparedType(column),
      cells: rows.map(({ row }) => row[i] as Node),
    })),
    ...sets.flatMap(({ column, isConstant }, i) =>
      isConstant
        ? [
            {
              name: `~v${i}`,
              type: column.type,
              cells: rows.map(({ write }) => write.sets[i]?.tree as Node),
            },
          ]
        : [],
    ),
  ])
  const list = keys.map((column, i) => `${comparable(`g."~k${i}"`, column)} AS "~k${i}"`)
  const values = sets.flatMap(({ isConstant }, i) => (isConstant ? [`g."~v${i}"`] : []))
  const link = walk.content.chain.add(
    `${relation.name}_run`,
    `SELECT ${[...list, ...values].join(', ')} FROM ${given.list} AS g OFFSET 0`,
    { isVolatile: given.isVolatile },
  )
  const scope: Scope = { items: new Map([[run, link]]), uniqueItems: new Set([run]) }
  const item = { RangeVar: { relname: run, inh: true, relpersistence: 'p', alias: { aliasname: run } } }
  const pairs = first.keyTrees.map((tree, i) => ({
    A_Expr: {
      kind: 'AEXPR_OP',
      name: nameOfOperator(equalityOf((keys[i] as Column).type)).map((sval) => ({ String: { sval } })),
      lexpr: tree,
      rexpr: ofRun(`~k${i}`),
    },
  }))
  const all = [...pairs, ...first.rest]
  const whereClause = all.length === 1 ? all[0] : { BoolExpr: { boolop: 'AND_EXPR', args: all } }
  const { node } = first.statement
  if (kind === 'delete') {
    const gone = await followDelete(walk, { ...node, usingClause: [item], whereClause }, scope)
    return { first, relation, link: gone }
  }
  const targetList = sets.map(({ column, tree, isConstant }, i) => ({
    ResTarget: { name: column.name, val: isConstant ? ofRun(`~v${i}`) : tree },
  }))
  const updated = await followUpdate(walk, { ...node, targetList, fromClause: [item], whereClause }, scope)
  return { first, relation, link: updated }
}

/** A row that is named twice by one list counts once. */
function distinctRows(writes: readonly SimpleChange[]): { write: SimpleChange; row: readonly Node[] }[] {
  const seen = new Set<string>()
  return writes.flatMap((write) =>
    write.rows.flatMap((row) => {
      const key = JSON.stringify(write.keys.map((column, i) => keyText(column, row[i] as Node)))
      if (seen.has(key)) return []
      seen.add(key)
      return [{ write, row }]
    }),
  )
}

function ofRun(name: string): Node {
  return { ColumnRef: { fields: [{ String: { sval: run } }, { String: { sval: name } }] } }
}

/** The type without its length: what is compared with a column is not cut to fit it. */
function comparedType({ type }: Column): ColumnType {
  const { liveText, ...rest } = type
  return { ...rest, modifiers: '' }
}

function comparable(value: string, column: Column): string {
  const type = comparedType(column)
  if (type.object.kind === 'enum') return castTo(value, type, 'explicit')
  return `CAST(${value} AS ${liveTypeText(type)})`
}
