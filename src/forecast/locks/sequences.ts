import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation, findSequence } from '../lookup.js'
import type { CatalogModel, Column, SequenceObject } from '../model.js'
import { lastName, visitTree } from '../tree.js'
import type { Claims } from './claim.js'

const sequenceFunctions = ['nextval', 'setval', 'currval']

export function isSequenceFunction(name: string): boolean {
  return sequenceFunctions.includes(name)
}

/** A call of `nextval` or its like, where its argument can be read. */
export function claimSequenceCall(claims: Claims, call: Node, isCertain: boolean): void {
  const sequence = sequenceIn(claims.catalog, call.args?.[0])
  if (sequence) claims.sequence(sequence, 'ROW EXCLUSIVE', { isCertain })
}

export function claimSequenceCalls(
  claims: Claims,
  expression: Node | undefined,
  details: { isCertain: boolean },
): void {
  visitTree(expression, (kind, node) => {
    if (kind === 'FuncCall' && isSequenceFunction(lastName(node.funcname)))
      claimSequenceCall(claims, node, details.isCertain)
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

/** ALTER and CREATE SEQUENCE. Other options than the owner give a sequence that is there a new file. */
export function claimSequenceOptions(claims: Claims, { sequence: rangeVar, options = [] }: Node): void {
  const sequence = findSequence(claims.catalog, relationOf(rangeVar))
  const [owner, ...others] = [...options].sort((one) =>
    one.DefElem.defname === 'owned_by' ? -1 : 1,
  ) as Node[]
  const isOwned = owner?.DefElem.defname === 'owned_by'
  const isChanged = others.length > 0 || (owner !== undefined && !isOwned)
  if (sequence) claims.sequence(sequence, 'SHARE ROW EXCLUSIVE', { work: isChanged ? 'rewrite' : 'metadata' })
  const parts: Node[] = isOwned ? (owner.DefElem.arg?.List?.items ?? []) : []
  const relation =
    parts.length > 1 ? findRelation(claims.catalog, relationOfParts(parts.slice(0, -1))) : undefined
  if (relation) claims.relation(relation, 'ACCESS SHARE')
}
