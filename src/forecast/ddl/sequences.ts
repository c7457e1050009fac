import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { columnOf } from '../data/target.js'
import { creationSchema, findRelation, findSequence } from '../lookup.js'
import type { Column, SequenceObject } from '../model.js'
import { lastName } from '../tree.js'
import type { Walk } from '../walk.js'

/** CREATE SEQUENCE */
export function followCreateSequence(walk: Walk, node: Node): void {
  const { schema, name } = relationOf(node.sequence)
  if (findSequence(walk.catalog, named(schema, name)) && node.if_not_exists) return
  walk.catalog.sequences.push({
    schema: creationSchema(walk.catalog, schema),
    name,
    ...stepsOf(node.options),
    isReadable: true,
    taken: [],
  })
}

/** ALTER SEQUENCE. @throws NotFollowed */
export function followAlterSequence(walk: Walk, node: Node): void {
  const sequence = findSequence(walk.catalog, relationOf(node.sequence))
  const options = optionsOf(node.options)
  if (!sequence) throw new NotFollowed('the sequence is not known')
  const owner: Node[] | undefined = node.options?.find(({ DefElem }: Node) => DefElem.defname === 'owned_by')
    ?.DefElem.arg?.List?.items
  if (owner && owner.length > 1) {
    const relation = findRelation(walk.catalog, relationOfParts(owner.slice(0, -1)))
    const column = relation && columnOf(relation, lastName(owner))
    if (column) {
      sequence.ownedBy = column
      column.sequence = sequence
    }
  }
  restartAs(walk, sequence, options)
  if ('increment' in options) throw new NotFollowed('the increment of a sequence changes')
}

/** ALTER COLUMN … SET of an identity column: the options of its sequence. @throws NotFollowed */
export function followSetIdentity(walk: Walk, { sequence }: Column, options: readonly Node[]): void {
  const given = optionsOf(options)
  if (!sequence) throw new NotFollowed('the sequence of the column is not known')
  restartAs(walk, sequence, given)
  if ('increment' in given) throw new NotFollowed('the increment of a sequence changes')
}

function restartAs(walk: Walk, sequence: SequenceObject, options: Record<string, unknown>): void {
  if ('restart' in options) restart(walk, sequence, options.restart)
}

/** It gives this value next; that of its START where none is named. */
export function restart(walk: Walk, sequence: SequenceObject, value: unknown = sequence.start): void {
  walk.content.sequenceStarts.set(sequence, String(value))
  sequence.taken = []
}

/** Where a sequence starts and how far it steps, by the options of CREATE SEQUENCE or of an identity column. */
export function stepsOf(options: readonly Node[] = []): { start: number; increment: number } {
  const { start, increment = 1, minvalue, maxvalue } = optionsOf(options)
  const isDescending = Number(increment) < 0
  return {
    start: Number(start ?? (isDescending ? (maxvalue ?? -1) : (minvalue ?? 1))),
    increment: Number(increment),
  }
}

function optionsOf(options: readonly Node[] = []): Record<string, unknown> {
  return Object.fromEntries(
    options.map(({ DefElem: { defname, arg } }) => [
      defname,
      arg?.Integer ? (arg.Integer.ival ?? 0) : arg?.Float?.fval,
    ]),
  )
}

function named(schema: string | undefined, name: string): RelationName {
  return schema ? { schema, name } : { name }
}
