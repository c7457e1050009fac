import { parseSync } from 'libpg-query'
import deparser from 'pgsql-deparser'
import type { Node } from '../sql/parser.js'
import type { Column, ReadRelation, TypeObject } from './model.js'

/** What a node of a kept parse tree means, whatever it is called by now. Symbols, so that a comparison of trees passes over them. */
export const boundColumn = Symbol('column')
export const boundType = Symbol('type')
export const boundRelation = Symbol('relation')

/** What a node of a tree means, once bound. */
export interface Bound {
  [boundColumn]?: Column
  [boundType]?: TypeObject
  [boundRelation]?: ReadRelation
}

/**
 * Copies a tree. `replace` is asked for every node `{Kind: {…}}`, outermost first, and gives what to put there, or
 * undefined to go on into the node.
 */
export function mapTree<T>(tree: T, replace: (kind: string, node: Node & Bound) => unknown): T {
  if (Array.isArray(tree)) return tree.map((one) => mapTree(one, replace)) as T
  if (typeof tree !== 'object' || tree === null) return tree
  const keys = Object.keys(tree)
  const [kind] = keys
  if (keys.length === 1 && kind !== undefined && /^[A-Z]/.test(kind)) {
    const inner = (tree as Node)[kind]
    if (typeof inner === 'object' && inner !== null) {
      const replaced = replace(kind, inner)
      if (replaced !== undefined) return replaced as T
    }
  }
  const copy: Node & Bound = {}
  for (const key of keys) copy[key] = mapTree((tree as Node)[key], replace)
  const bound = tree as Bound
  if (bound[boundColumn]) copy[boundColumn] = bound[boundColumn]
  if (bound[boundType]) copy[boundType] = bound[boundType]
  if (bound[boundRelation]) copy[boundRelation] = bound[boundRelation]
  return copy as T
}

/** Every node `{Kind: {…}}` of a tree, outermost first. */
export function visitTree(tree: unknown, visit: (kind: string, node: Node & Bound) => void): void {
  mapTree(tree, (kind, node) => {
    visit(kind, node)
    return undefined
  })
}

/** An expression as the parser reads it. @throws when it cannot be parsed */
export function parseExpression(sql: string): Node {
  const [expression] = parseExpressions([sql])
  if (!expression) throw new Error(`no expression: ${sql}`)
  return expression
}

/** Many expressions in one call of the parser, which is several times faster than one by one. */
export function parseExpressions(sqls: readonly string[]): Node[] {
  if (sqls.length === 0) return []
  const { stmts = [] } = parseSync(sqls.map((sql) => `SELECT ${sql}`).join(';\n'))
  return stmts.map(({ stmt }) => (stmt as Node).SelectStmt.targetList[0].ResTarget.val)
}

/** Many statements in one call of the parser, each as `{Kind: {…}}`. */
export function parseStatementsTogether(sqls: readonly string[]): Node[] {
  if (sqls.length === 0) return []
  return (parseSync(sqls.join(';\n')).stmts ?? []).map(({ stmt }) => stmt as Node)
}

/** A single statement, as `{Kind: {…}}`. @throws when it cannot be parsed */
export function parseStatement(sql: string): Node {
  return parseSync(sql).stmts?.[0]?.stmt as Node
}

/** Thrown where the text that the deparser gives does not mean the tree: the statement is then opaque. */
export class NotDeparsed extends Error {}

/**
 * The SQL of a query. It is parsed again and compared with the tree, so that an error of the deparser can never change
 * a question silently.
 *
 * @throws NotDeparsed
 */
export function deparseQuery(query: Node): string {
  let sql = ''
  let again: Node
  try {
    sql = deparser.deparseSync(query as never)
    again = parseStatement(sql)
  } catch (error) {
    throw new NotDeparsed(`${(error as Error).message}: ${sql}`)
  }
  if (canonical(again) !== canonical(query)) throw new NotDeparsed(sql)
  return sql
}

/** A history has the same few constants again and again, most of all NULL. */
const writtenConstants = new Map<string, string>()

/** The SQL of an expression, in parentheses. @throws NotDeparsed */
export function deparseExpression(expression: Node): string {
  if (!expression.A_Const) return writeExpression(expression)
  const { location, ...constant } = expression.A_Const
  const key = JSON.stringify(constant)
  const sql = writtenConstants.get(key) ?? writeExpression(expression)
  writtenConstants.set(key, sql)
  return sql
}

function writeExpression(expression: Node): string {
  const sql = deparseQuery({ SelectStmt: { targetList: [{ ResTarget: { val: expression } }], ...plain } })
  return `(${sql.replace(/^SELECT\s+/, '')})`
}

/** The SQL of what stands after FROM. @throws NotDeparsed */
export function deparseFrom(fromClause: readonly Node[]): string {
  const targetList = [{ ResTarget: { val: { A_Const: { ival: { ival: 1 } } } } }]
  const sql = deparseQuery({ SelectStmt: { targetList, fromClause, ...plain } })
  return sql.slice(sql.indexOf('FROM') + 'FROM'.length).trim()
}

const plain = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' }

/** A tree as text, without the places in the source, which differ, and what the parser leaves out where it is the default. */
function canonical(tree: unknown): string {
  return JSON.stringify(tree, (key, value) => {
    // location, stmt_len, rexpr_list_start and their like
    if (/(^|_)(location|len|start|end)$/.test(key)) return undefined
    // The deparser writes the server's own types without their schema, which is looked in first anyway.
    if (key === 'names' && Array.isArray(value) && value[0]?.String?.sval === 'pg_catalog')
      return value.slice(1)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    }
    return value
  })
}

/** The last part of a name list, e.g. of a function. */
export function lastName(parts: readonly Node[] | undefined): string {
  return parts?.at(-1)?.String?.sval ?? ''
}

/** The names of a list of strings. */
export function namesOf(parts: readonly Node[] | undefined): string[] {
  return (parts ?? []).map((part) => part.String?.sval ?? '')
}
