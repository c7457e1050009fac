import { relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { NotFollowed } from './casts.js'
import { findRelation, findSequence } from './lookup.js'
import type { SequenceObject } from './model.js'
import { Rewriter } from './rewrite.js'
import { lastName } from './tree.js'
import type { Walk } from './walk.js'

/**
 * Reads where the sequences stand that the statements so far take values from, all at once. They are read when they are
 * first needed, whatever takes from them: a statement, a trigger that it fires, or a default.
 */
export async function keepPositions({ content, ask }: Walk): Promise<void> {
  const positions = [...content.todaysPositions]
  if (positions.length === 0) return
  content.todaysPositions.clear()
  const each = positions.map(([, query], i) => `SELECT ${i} AS i, p.next::text FROM (${query}) AS p`)
  const answer = await ask(each.join(' UNION ALL '))
  for (const { i, next } of (answer?.rows ?? []) as { i: number; next: string }[]) {
    const [link] = positions[i] ?? []
    if (link !== undefined) content.chain.pin(link, `SELECT ${next}::pg_catalog.int8 AS next`)
  }
}

/**
 * `SELECT setval('"User_id_seq"', max(id)) FROM "User"`: what the sequence gives next is a query. Gives false when the
 * statement is none of the kind.
 */
export function setSequence(walk: Walk, select: Node): boolean {
  const call = select.targetList?.length === 1 ? select.targetList[0].ResTarget.val.FuncCall : undefined
  if (lastName(call?.funcname) !== 'setval') return false
  const [name, value, isCalled] = call.args as [Node, Node, Node | undefined]
  const sequence = sequenceOf(walk, name)
  if (!sequence) throw new NotFollowed('setval of a sequence that is not known')
  if (select.fromClause && (select.groupClause || !holdsAggregate(call)))
    throw new NotFollowed('setval for each row of a query')
  const targetList = [value, isCalled ?? { A_Const: { boolval: { boolval: true } } }].map((val, i) => ({
    ResTarget: { name: ['value', 'is_called'][i], val },
  }))
  const { sql, opaque } = new Rewriter(walk.content).query({ SelectStmt: { ...select, targetList } })
  const [reason = walk.content.opacityOfNext(sequence)[0]] = opaque
  if (reason !== undefined) throw new NotFollowed(reason)
  const { increment } = sequence
  const next = `(SELECT CASE WHEN s.is_called THEN s.value OPERATOR(pg_catalog.+) ${increment} ELSE s.value END FROM (${sql}) AS s)`
  // setval of NULL does nothing.
  const before = [
    walk.content.nextValueOf(sequence),
    ...sequence.taken.map((one) => `(${increment} OPERATOR(pg_catalog.*) ${one})`),
  ]
  walk.content.sequenceStarts.set(
    sequence,
    `COALESCE(${next}, ${before.join(' OPERATOR(pg_catalog.+) ')})::pg_catalog.int8`,
  )
  sequence.taken = []
  return true
}

function holdsAggregate(call: Node): boolean {
  return /"sval":"(max|min|count|sum)"/.test(JSON.stringify(call.args))
}

/** A literal, or pg_get_serial_sequence('"User"', 'id'). */
function sequenceOf(walk: Walk, argument: Node): SequenceObject | undefined {
  const direct = textOf(argument)
  if (direct !== undefined) return findSequence(walk.catalog, relationOfParts(partsOf(direct)))
  if (lastName(argument.FuncCall?.funcname) !== 'pg_get_serial_sequence') return undefined
  const [table = '', column] = argument.FuncCall.args.map(textOf) as (string | undefined)[]
  const relation = findRelation(walk.catalog, relationOfParts(partsOf(table)))
  return relation?.columns.find((one) => one.name === column)?.sequence
}

function textOf(node: Node | undefined): string | undefined {
  return node?.TypeCast ? textOf(node.TypeCast.arg) : node?.A_Const?.sval?.sval
}

function partsOf(name: string): Node[] {
  return [...name.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(([, quoted, plain]) => ({
    String: { sval: quoted?.replaceAll('""', '"') ?? (plain ?? '').toLowerCase() },
  }))
}
