import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { columnOf } from '../data/target.js'
import { creationSchema, findRelation, findSequence } from '../lookup.js'
import { lastName } from '../tree.js'
import type { Walk } from '../walk.js'

/** CREATE SEQUENCE */
export function followCreateSequence(walk: Walk, node: Node): void {
  const { schema, name } = relationOf(node.sequence)
  if (findSequence(walk.catalog, named(schema, name)) && node.if_not_exists) return
  const options = optionsOf(node.options)
  walk.catalog.sequences.push({
    schema: creationSchema(walk.catalog, schema),
    name,
    increment: Number(options.increment ?? 1),
    start: Number(options.start ?? 1),
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
  if ('restart' in options) {
    walk.content.sequenceStarts.set(sequence, String(options.restart ?? sequence.start))
    sequence.taken = []
  }
  if ('increment' in options) throw new NotFollowed('the increment of a sequence changes')
}

function optionsOf(options: Node[] = []): Record<string, unknown> {
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
