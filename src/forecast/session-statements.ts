import type { Node } from '../sql/parser.js'
import { NotFollowed } from './casts.js'
import { dropRelation } from './ddl/drop-relation.js'
import { type Setting, settingsByName } from './session.js'
import { lastName } from './tree.js'
import type { Walk } from './walk.js'

/** SET and RESET, of what changes how names are looked up, what fires and what a time of day means. */
export function followSet(walk: Walk, node: Node): void {
  const isLocal = node.is_local === true
  if (node.kind === 'VAR_RESET_ALL') {
    resetAll(walk)
    return
  }
  const setting = settingsByName[node.name ?? '']
  if (setting === undefined) return
  if (node.kind === 'VAR_RESET' || node.kind === 'VAR_SET_DEFAULT') {
    noteUnknownPath(walk, setting)
    walk.session.reset([setting], isLocal)
    return
  }
  const values: (string | undefined)[] = (node.args ?? []).map((one: Node) => one.A_Const?.sval?.sval)
  setTo(walk, setting, values, isLocal)
}

/** `SELECT set_config('search_path', …)`, as dumps write it. */
export function followSetConfig(walk: Walk, { targetList }: Node): void {
  for (const { ResTarget } of targetList ?? []) {
    const call: Node | undefined = ResTarget.val.FuncCall
    if (!call || lastName(call.funcname) !== 'set_config') continue
    const [name, value, local] = (call.args ?? []) as Node[]
    const setting = settingsByName[name?.A_Const?.sval?.sval?.toLowerCase() ?? '']
    if (name?.A_Const?.sval === undefined) throw new NotFollowed('which setting is set is computed')
    if (setting === undefined) continue
    const text: string | undefined = value?.A_Const?.sval && (value.A_Const.sval.sval ?? '')
    const values = setting === 'searchPath' && text !== undefined ? namesInList(text) : [text]
    setTo(walk, setting, values, local?.A_Const?.boolval?.boolval === true)
  }
}

/** DISCARD: https://www.postgresql.org/docs/current/sql-discard.html */
export function followDiscard(walk: Walk, { target }: Node): void {
  if (target !== 'DISCARD_ALL' && target !== 'DISCARD_TEMP') return
  for (const relation of walk.catalog.relations.filter(({ isTemporary }) => isTemporary))
    dropRelation(walk, relation)
  if (target === 'DISCARD_ALL') resetAll(walk)
}

function resetAll(walk: Walk): void {
  noteUnknownPath(walk, 'searchPath')
  walk.session.resetAll()
}

/** What the role or the database sets is not read. */
function noteUnknownPath({ session, catalog, place }: Walk, setting: Setting): void {
  if (session.isPrismas && setting === 'searchPath')
    catalog.opaque ??= `line ${place.line} resets search_path to what the role or the database sets`
}

function setTo(
  walk: Walk,
  setting: Setting,
  values: readonly (string | undefined)[],
  isLocal: boolean,
): void {
  const known = values.filter((one) => one !== undefined)
  if (known.length < values.length && setting !== 'timeZone') {
    const reason = `line ${walk.place.line} computes ${setting === 'searchPath' ? 'search_path' : 'session_replication_role'}`
    // Any name may now mean another object.
    if (setting === 'searchPath') walk.catalog.opaque ??= reason
    throw new NotFollowed(reason)
  }
  switch (setting) {
    case 'searchPath': {
      const { name: role } = walk.catalog.role
      const path = known.filter((one) => one !== '').map((one) => (one === '$user' ? role : one))
      walk.session.set('searchPath', path, isLocal)
      return
    }
    case 'isReplica':
      walk.session.set('isReplica', known[0]?.toLowerCase() === 'replica', isLocal)
      return
    case 'timeZone':
      walk.session.set('timeZone', known[0], isLocal)
  }
}

/** The names in the text of a list, as the server splits it: what is not quoted is in lower case. */
function namesInList(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^,"\s]+)/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.toLowerCase(),
  )
}
