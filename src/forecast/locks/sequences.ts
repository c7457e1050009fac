import { type RelationName, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation, findSequence } from '../lookup.js'
import type { CatalogModel, Column, SequenceObject } from '../model.js'
import { lastName, visitTree } from '../tree.js'
import type { Claims } from './claim.js'

const sequenceFunctions = ['nextval', 'setval', 'currval']

/** The sequences of which a text asks for values: for each row, if there is one. */
export function claimSequenceCalls(claims: Claims, tree: Node): void {
  visitTree(tree, (kind, call) => {
    if (kind !== 'FuncCall' || !sequenceFunctions.includes(lastName(call.funcname))) return
    const sequence = sequenceIn(claims.catalog, call.args?.[0])
    if (sequence) claims.sequence(sequence, 'ROW EXCLUSIVE', { isCertain: false })
  })
}

/** The sequence that a new row takes the column's value from. */
export function sequenceBehind(catalog: CatalogModel, column: Column): SequenceObject | undefined {
  if (column.identity) return column.sequence
  const call: Node | undefined = column.default?.FuncCall
  if (lastName(call?.funcname) !== 'nextval') return undefined
  // Of a serial that the migrations make no name is written.
  return call?.args?.length === 0 ? column.sequence : sequenceIn(catalog, call?.args?.[0])
}

function sequenceIn(catalog: CatalogModel, argument: Node | undefined): SequenceObject | undefined {
  const inner = argument?.TypeCast?.arg ?? argument
  const text: string | undefined = inner?.A_Const?.sval?.sval
  if (text !== undefined) return findSequence(catalog, nameIn(text))
  const call: Node | undefined = inner?.FuncCall
  if (lastName(call?.funcname) !== 'pg_get_serial_sequence') return undefined
  const [table, column] = (call?.args ?? []).map((arg: Node) => arg.A_Const?.sval?.sval as string | undefined)
  const relation = table === undefined ? undefined : findRelation(catalog, nameIn(table))
  return relation && column !== undefined ? findColumn(relation, column)?.sequence : undefined
}

/** A name as it stands in a text: `public."Order_id_seq"`. */
function nameIn(text: string): RelationName {
  const parts = [...text.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(([, quoted, bare]) => ({
    String: { sval: quoted?.replaceAll('""', '"') ?? bare?.toLowerCase().trim() },
  }))
  return relationOfParts(parts)
}
