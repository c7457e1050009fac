import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findFunctions, findRelation } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'
import { isKnownUncalled } from '../outward-functions.js'
import { type Reach, reachOf } from '../reach.js'
import { writes } from '../rewrite.js'
import { namesOf, parseStatement, visitTree } from '../tree.js'
import type { Walk } from '../walk.js'
import { queryOf, type TriggerFunction, visitStatements } from './function.js'

/** What a part of a trigger function may do, where it cannot be told whether and with what it does. */
export interface Effects {
  /** Fields and variables that it sets: `new.slug`, `total`. */
  readonly sets: ReadonlySet<string>
  readonly writes: ReadonlySet<Relation>
  /** It may end the function, and so what comes after it may not happen. */
  readonly mayReturn: boolean
  /** It may leave the row out. */
  readonly mayReturnNull: boolean
  /** It may fail, by RAISE or by what a constraint refuses. */
  readonly mayFail: boolean
  /** It runs a text that it makes itself, or a function that nobody can look into: it may write anything. */
  readonly isDynamic: boolean
}

const error = 21

/** Reads what the statements of a part of a trigger function may do, without knowing whether they run. */
export function effectsOf(
  catalog: CatalogModel,
  { names }: TriggerFunction,
  part: unknown,
  event: 'insert' | 'update' | 'delete' | 'truncate',
): Effects {
  const sets = new Set<string>()
  const written = new Set<Relation>()
  let [mayReturn, mayReturnNull, mayFail, isDynamic] = [false, false, false, false]
  visitStatements(part, (kind, node) => {
    switch (kind) {
      case 'assign':
        sets.add(names[node.varno ?? 0] ?? '')
        break
      case 'return':
        mayReturn = true
        mayReturnNull ||= !returnsRow(node, event)
        break
      case 'raise':
        mayFail ||= node.elog_level === undefined || node.elog_level >= error
        break
      case 'assert':
        mayFail = true
        break
      case 'dynexecute':
      case 'dynfors':
        isDynamic = true
        break
      case 'execsql':
      case 'perform':
        mayFail ||= node.strict === true
        readStatement(queryOf(node.sqlstmt ?? node.expr))
        for (const name of targetsOf(node)) sets.add(name)
        break
    }
  })
  return { sets, writes: written, mayReturn, mayReturnNull, mayFail, isDynamic }

  function readStatement(sql: string): void {
    let statement: Node
    try {
      statement = parseStatement(sql)
    } catch {
      isDynamic = true
      return
    }
    visitTree(statement, (kind, node) => {
      if (/^(Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
        const relation = findRelation(catalog, relationOf(node.relation))
        if (!relation) isDynamic = true
        else {
          written.add(relation)
          mayFail ||= mayRefuse(catalog, relation, kind, node)
        }
      }
      if (kind === 'FuncCall') {
        const name = relationOfParts(node.funcname)
        const called = findFunctions(catalog, { name: name.name })
        isDynamic ||= called.some(({ body }) => writes(body) || /\braise\b/i.test(body))
        // What is not known to be harmless may do, and refuse, anything.
        isDynamic ||= !isKnownUncalled(name.name) && catalog.reasonAgainst?.(name) !== undefined
      }
    })
    isDynamic ||= !/^(Insert|Update|Delete|Merge|Select|Notify)Stmt$/.test(Object.keys(statement)[0] ?? '')
  }
}

/** `NEW`, or `OLD` of a row that goes. */
function returnsRow({ expr, retvarno }: Node, event: string): boolean {
  const isOld = retvarno === 1
  return expr === undefined ? event !== 'delete' || isOld : /coalesce/i.test(queryOf(expr))
}

/** Names of what a statement reads its result INTO. */
export function targetsOf({ target }: Node): string[] {
  if (target?.PLpgSQL_row) return target.PLpgSQL_row.fields.map(({ name }: Node) => name as string)
  return target?.PLpgSQL_rec ? [target.PLpgSQL_rec.refname] : []
}

/** Whether a table may refuse the statement: an entry in a log that has nothing but its own number cannot fail. */
function mayRefuse(catalog: CatalogModel, relation: Relation, kind: string, node: Node): boolean {
  if (relation.triggers.some(({ isEnabled }) => isEnabled)) return true
  const isReferred = catalog.relations.some(({ constraints }) =>
    constraints.some(({ parent }) => parent === relation),
  )
  if (kind === 'DeleteStmt') return isReferred
  if (kind !== 'InsertStmt' || node.cols === undefined) return true
  const given = namesOf(node.cols.map(({ ResTarget }: Node) => ({ String: { sval: ResTarget.name } })))
  const isRisky = (column: Relation['columns'][number]) => given.includes(column.name) || !column.default
  return (
    relation.columns.some(({ name, type }) => given.includes(name) && type.modifiers !== '') ||
    relation.columns.some((column) => column.isNotNull && !column.identity && isRisky(column)) ||
    relation.constraints.some(({ columns }) => columns.some((one) => !one.identity && isRisky(one))) ||
    relation.indexes.some(
      ({ isUnique, keys }) =>
        isUnique && keys.some(({ column }) => !column || (!column.identity && isRisky(column))),
    )
  )
}

/** What a text writes to: every relation that it names, and what that sets off, to be on the safe side. */
export function blurWritten(walk: Walk, text: string, reason: string): void {
  blurReached(walk, reachOf(walk.catalog, text, false), reason)
}

/** Nothing is known any more of the rows that may be others. */
export function blurReached(walk: Walk, { relations, mayWriteAny }: Reach, reason: string): void {
  for (const relation of mayWriteAny ? walk.catalog.relations : relations) walk.blur(relation, reason)
}
