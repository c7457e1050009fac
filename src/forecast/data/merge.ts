import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { Scope } from '../rewrite.js'
import type { Walk } from '../walk.js'
import { targetOf } from './target.js'

/** MERGE is not followed yet: what it writes to is unknown from here on. */
export async function followMerge(walk: Walk, node: Node, _scope?: Scope): Promise<string | undefined> {
  const { relation } = targetOf(walk, node.relation)
  if (relation.columns.length === 0) return undefined
  throw new NotFollowed('MERGE')
}
