import type { Node } from '../sql/parser.js'
import { NotFollowed } from './casts.js'
import type { Walk } from './walk.js'

/** `SELECT set_config('search_path', …)`, as dumps write it. */
export function followSetConfig(walk: Walk, { targetList }: Node): void {
  const [name, value] = (targetList?.[0]?.ResTarget.val.FuncCall?.args ?? []).map(
    (one: Node) => one.A_Const?.sval?.sval,
  )
  if (name !== 'search_path') return
  if (value === undefined) throw new NotFollowed('the search path is computed')
  const path = value.split(',').map((one: string) => one.trim().replace(/^"(.*)"$/, '$1'))
  walk.catalog.searchPath = path.filter((one: string) => one !== '')
}

/** SET, of what changes how names are looked up and what fires. */
export function followSet(walk: Walk, node: Node): void {
  if (node.name === 'session_replication_role')
    walk.catalog.isReplica = node.args?.[0]?.A_Const?.sval?.sval === 'replica'
  if (node.name !== 'search_path') return
  const path = (node.args ?? []).map((one: Node) => one.A_Const?.sval?.sval ?? '')
  if (path.length > 0) walk.catalog.searchPath = path.filter((one: string) => one !== '')
}
