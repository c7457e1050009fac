import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { creationSchema, findFunctions, findRelation } from '../lookup.js'
import { namesOf } from '../tree.js'
import { triggerOf } from '../triggers/definition.js'
import type { Walk } from '../walk.js'

/** CREATE FUNCTION and CREATE PROCEDURE */
export function followCreateFunction(walk: Walk, node: Node): void {
  const { schema, name } = relationOfParts(node.funcname)
  const options: Node[] = (node.options ?? []).map(({ DefElem }: Node) => DefElem)
  const bodies = options.find(({ defname }) => defname === 'as')?.arg?.List?.items ?? []
  const made = {
    schema: creationSchema(walk.catalog, schema),
    name,
    language: options.find(({ defname }) => defname === 'language')?.arg?.String?.sval ?? 'sql',
    body: namesOf(bodies).join('\n') || JSON.stringify(node.sql_body ?? ''),
    volatility: options.find(({ defname }) => defname === 'volatility')?.arg?.String?.sval ?? 'volatile',
    isLive: false,
  }
  walk.catalog.functions = [
    ...walk.catalog.functions.filter((one) => one.name !== name || one.schema !== made.schema),
    made,
  ]
}

/** CREATE TRIGGER. @throws NotFollowed */
export function followCreateTrigger(walk: Walk, node: Node): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) throw new NotFollowed(`relation "${node.relation.relname}" is not known`)
  const name = relationOfParts(node.funcname)
  const known = findFunctions(walk.catalog, name)[0]
  const schema = known?.schema ?? creationSchema(walk.catalog, name.schema)
  const trigger = triggerOf(relation, node, { schema, name: name.name })
  relation.triggers = [...relation.triggers.filter((one) => one.name !== trigger.name), trigger]
}

/** CREATE RULE; its text is kept for whoever must know what it may write. @throws NotFollowed */
export function followCreateRule(walk: Walk, node: Node, definition: string): void {
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation) throw new NotFollowed(`relation "${node.relation.relname}" is not known`)
  const event = node.event.replace('CMD_', '').toLowerCase()
  const others = relation.rules.filter(({ name }) => name !== node.rulename)
  relation.rules = [...others, { name: node.rulename, event, definition }]
}
