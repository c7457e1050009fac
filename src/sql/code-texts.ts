import { parsePlPgSQLSync } from 'libpg-query'
import { nodesIn } from './nodes.js'
import { type Node, type ParsedStatement, parseStatements } from './parser.js'

/** SQL that a statement holds as text. */
export interface CodeTexts {
  /** What the server reads together with the statement: the bodies of functions and DO blocks. */
  readonly read: readonly string[]
  /** What a DO block hands to EXECUTE as a constant; the server reads it only when it comes there. */
  readonly executed: readonly string[]
}

const none: CodeTexts = { read: [], executed: [] }

/**
 * The SQL inside the text of a function, a procedure or a DO block. The server reads the body when it makes the function,
 * without looking up a name: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-CHECK-FUNCTION-BODIES
 */
export function codeTextsOf({ kind, node, sql }: ParsedStatement): CodeTexts {
  const isBlock = kind === 'DoStmt'
  if (!isBlock && kind !== 'CreateFunctionStmt') return none
  const options: Node[] = (isBlock ? node.args : node.options) ?? []
  const option = (name: string): Node | undefined =>
    options.find(({ DefElem }) => DefElem.defname === name)?.DefElem.arg
  const language = option('language')?.String?.sval ?? (isBlock ? 'plpgsql' : undefined)
  if (language === 'plpgsql') return blockTexts(sql, isBlock)
  const body = option('as')?.List?.items?.[0]?.String?.sval
  return language === 'sql' && body !== undefined ? { read: onlyReadable([body]), executed: [] } : none
}

function blockTexts(sql: string, isBlock: boolean): CodeTexts {
  const expressions = expressionsOf(sql)
  return {
    read: onlyReadable(expressions.map(asStatement)),
    executed: isBlock ? onlyReadable(expressions.flatMap(executedConstant)) : [],
  }
}

/** Empty where our parser of PL/pgSQL needs a catalog to read it. */
function expressionsOf(sql: string): Node[] {
  try {
    const tree = parsePlPgSQLSync(sql) as unknown
    return [...nodesIn(tree)].flatMap(({ PLpgSQL_expr: one }) => one ?? []).reverse()
  } catch {
    return []
  }
}

/** Statements are kept as they are written, expressions and assignments without what makes a statement of them. */
function asStatement({ query, parseMode = 0 }: Node): string {
  if (parseMode === 0) return query
  return `SELECT ${parseMode === 2 ? query : query.replace(/^[^:=]*:?=/, '')}`
}

function executedConstant({ query, parseMode }: Node): string[] {
  if (parseMode !== 2) return []
  const parsed = parseStatements(`SELECT ${query}`)
  const [only] = 'problem' in parsed ? [] : parsed.statements
  const constant = only?.node.targetList?.[0]?.ResTarget?.val?.A_Const?.sval?.sval
  return typeof constant === 'string' && constant.includes(' ') ? [constant] : []
}

/** What our own parser does not read, it has cut wrongly, or it is no SQL. */
function onlyReadable(texts: readonly string[]): string[] {
  return texts.filter((text) => !('problem' in parseStatements(text)))
}
