import type { Node } from '../sql/parser.js'
import { NotFollowed } from './casts.js'
import { dropRelation } from './ddl/drop-relation.js'
import { settleEnums } from './ddl/types.js'
import { needDeferred } from './needs.js'
import { rememberState } from './undo.js'
import type { Walk } from './walk.js'

/** The savepoint that BEGIN sets. */
const beginning = ''

/** BEGIN, COMMIT, SAVEPOINT, ROLLBACK and their like. */
export function followTransaction(walk: Walk, node: Node): void {
  switch (node.kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      setSavepoint(walk, beginning)
      break
    case 'TRANS_STMT_COMMIT':
      endTransaction(walk)
      break
    case 'TRANS_STMT_SAVEPOINT':
      setSavepoint(walk, node.savepoint_name)
      break
    case 'TRANS_STMT_ROLLBACK_TO':
      goBack(walk, node.savepoint_name)
      break
    case 'TRANS_STMT_ROLLBACK':
      goBack(walk, beginning)
      endTransaction(walk)
      break
    case 'TRANS_STMT_PREPARE':
      blurAll(walk, 'the file prepares a transaction')
  }
}

/** The state of a large catalog is not copied where nothing goes back to it. */
function setSavepoint(walk: Walk, name: string): void {
  if (walk.rollsBack) walk.savepoints.set(name, rememberState(walk))
}

function goBack(walk: Walk, savepoint: string): void {
  const undo = walk.savepoints.get(savepoint)
  if (!undo) blurAll(walk, 'the file takes back what was done before it')
  else undo()
}

function blurAll(walk: Walk, reason: string): never {
  for (const relation of walk.catalog.relations) walk.blur(relation, reason)
  throw new NotFollowed(reason)
}

/** What was done is there for good: an index meets no replaced rows, an enum its new values. */
export function endTransaction(walk: Walk): void {
  const { place } = walk
  for (const deferral of walk.deferrals.end()) {
    walk.place = deferral.place
    needDeferred(walk, deferral)
  }
  walk.place = place
  settleEnums(walk)
  for (const relation of [...walk.catalog.relations]) {
    relation.past = []
    if (relation.onCommit === 'drop') dropRelation(walk, relation)
    if (relation.onCommit === 'delete rows') walk.blur(relation, 'its rows go at COMMIT')
  }
  walk.savepoints.clear()
  walk.inSameTransaction.length = 0
  walk.session.endTransaction()
}

/** SET CONSTRAINTS … IMMEDIATE asks at once what has been put off. */
export function setConstraints(walk: Walk, node: Node): void {
  const names = (node.constraints ?? []).map(({ RangeVar }: Node) => RangeVar.relname)
  for (const deferral of walk.deferrals.set(names, node.deferred === true)) needDeferred(walk, deferral)
}
