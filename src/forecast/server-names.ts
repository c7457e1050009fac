import type { Node } from '../sql/parser.js'
import { deparseQuery, mapTree, namesOf, parseStatement } from './tree.js'

const written = new Map<string, string>()

/**
 * A query of ours or of Prisma's, for a session whose search_path is the user's: every operator and function that it names
 * without a schema is that of pg_catalog. It is for texts that hold nothing of the user's. The parser must be loaded.
 *
 * The server looks for an operator by its name also behind IN, BETWEEN, LIKE and CASE x WHEN y, where SQL has no place for a
 * schema; they are spelled out: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-PRECEDENCE
 *
 * @throws Error for a query that cannot be written so: it must not be sent
 */
export function withServerNames(sql: string): string {
  const known = written.get(sql) ?? deparseQuery(mapTree(parseStatement(sql), replace))
  written.set(sql, known)
  return known
}

function replace(kind: string, node: Node): Node | undefined {
  switch (kind) {
    case 'A_Expr':
      return operatorOf({ ...node, ...partsOf(node) })
    case 'FuncCall':
      return node.funcname.length > 1
        ? undefined
        : { FuncCall: { ...partsOf(node), funcname: inCatalog(node.funcname) } }
    case 'SubLink':
      // `x IN (SELECT …)` names no operator.
      return node.subLinkType === 'ANY_SUBLINK' || node.subLinkType === 'ALL_SUBLINK'
        ? { SubLink: { ...partsOf(node), operName: inCatalog(node.operName ?? [name('=')]) } }
        : undefined
    case 'CaseExpr':
      return node.arg ? { CaseExpr: spelledOut(partsOf(node)) } : undefined
    case 'SortBy':
      return node.useOp ? refuse('ORDER BY … USING') : undefined
    case 'JoinExpr':
      return node.usingClause || node.isNatural ? refuse('JOIN … USING') : undefined
    default:
      return undefined
  }
}

/** The fields of a node, with everything in them replaced. */
function partsOf(node: Node): Node {
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, mapTree(value, replace)]))
}

function operatorOf(node: Node): Node {
  const { kind, lexpr, rexpr } = node
  switch (kind) {
    case 'AEXPR_OP':
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return { A_Expr: { ...node, name: inCatalog(node.name) } }
    // Their names are the operators that they stand for: ~~, ~~* and ~
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return comparison(namesOf(node.name)[0] ?? '', lexpr, rexpr)
    case 'AEXPR_IN': {
      const [operator = '='] = namesOf(node.name)
      const each = rexpr.List.items.map((item: Node) => comparison(operator, lexpr, item))
      return together(operator === '=' ? 'OR_EXPR' : 'AND_EXPR', each)
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const [from, to] = rexpr.List.items
      return kind === 'AEXPR_BETWEEN'
        ? together('AND_EXPR', [comparison('>=', lexpr, from), comparison('<=', lexpr, to)])
        : together('OR_EXPR', [comparison('<', lexpr, from), comparison('>', lexpr, to)])
    }
    default:
      return refuse(kind)
  }
}

/** CASE x WHEN y as CASE WHEN x = y. */
function spelledOut({ arg, args, ...rest }: Node): Node {
  const when = args.map(({ CaseWhen }: Node) => ({
    CaseWhen: { ...CaseWhen, expr: comparison('=', arg, CaseWhen.expr) },
  }))
  return { ...rest, args: when }
}

function comparison(operator: string, lexpr: Node, rexpr: Node): Node {
  return { A_Expr: { kind: 'AEXPR_OP', name: inCatalog([name(operator)]), lexpr, rexpr } }
}

function together(boolop: string, args: readonly Node[]): Node {
  return args.length === 1 ? (args[0] as Node) : { BoolExpr: { boolop, args } }
}

function inCatalog(names: readonly Node[]): readonly Node[] {
  return names.length > 1 ? names : [name('pg_catalog'), ...names]
}

function name(sval: string): Node {
  return { String: { sval } }
}

function refuse(what: string): never {
  throw new Error(`${what} in a query of our own`)
}
