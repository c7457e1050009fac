import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { Walk } from '../walk.js'

/** DO $$ … $$ */
export async function followBlock(_walk: Walk, _node: Node): Promise<void> {
  throw new NotFollowed('a DO block')
}
