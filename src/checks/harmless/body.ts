import { parsePlPgSQLSync, parseSync } from 'libpg-query'
import type { Node } from '../../sql/parser.js'
import { scanTokens } from '../../sql/scan.js'
import { References } from './references.js'

/**
 * What a function in SQL or PL/pgSQL names; in `acts` stands why it is not known to be harmless.
 * @param definition its CREATE FUNCTION, as `pg_get_functiondef` prints it
 */
export function referencesOfFunction(definition: string): References {
  const references = new References()
  try {
    const { parameters, returnType, options = [], sql_body: body } = only(definition).CreateFunctionStmt
    const optionOf = (name: string): Node | undefined =>
      options.find(({ DefElem }: Node) => DefElem.defname === name)?.DefElem.arg
    // Arguments with their defaults are in `parameters`, and so are the columns of RETURNS TABLE.
    references.add([parameters, { returnType }, body])
    const text: string = optionOf('as')?.List?.items[0].String.sval ?? ''
    if (optionOf('language')?.String?.sval === 'plpgsql') {
      addStatements(references, parsePlPgSQLSync(definition))
      addTokens(references, text)
    } else if (!body) references.add(statementsOf(text))
  } catch (error) {
    references.acts = `its text cannot be read (${(error as Error).message})`
  }
  return references
}

/*
 * What the parser of PL/pgSQL prints leaves out some parts of a function, e.g. what a variable of a schema's type begins
 * with. So every name before a parenthesis and every operator of the text counts too, wherever it stands.
 */

function addStatements(references: References, tree: unknown): void {
  if (typeof tree !== 'object' || tree === null) return
  for (const [kind, node] of Object.entries(tree as Node)) {
    if (typeof node !== 'object' || node === null) continue
    if (kind === 'PLpgSQL_expr') addExpression(references, node)
    else if (kind === 'PLpgSQL_type') addType(references, node.typname ?? '')
    else if (acting.has(kind)) references.acts ??= `it uses ${acting.get(kind)}`
    else if (kind === 'PLpgSQL_stmt_dynexecute') addDynamic(references, node.query)
    else if (kind === 'PLpgSQL_stmt_dynfors') addDynamic(references, node.query)
    else if (kind === 'PLpgSQL_stmt_return_query' && node.dynquery) addDynamic(references, node.dynquery)
    else if (kind === 'PLpgSQL_stmt_open' && node.dynquery) addDynamic(references, node.dynquery)
    addStatements(references, node)
  }
}

const acting: ReadonlyMap<string, string> = new Map([
  ['PLpgSQL_stmt_commit', 'COMMIT'],
  ['PLpgSQL_stmt_rollback', 'ROLLBACK'],
])

/** https://github.com/postgres/postgres/blob/REL_17_STABLE/src/include/parser/parser.h: 0 a statement, 1 a type, 2 an expression, 3 to 5 an assignment. */
function addExpression(references: References, { query, parseMode = 0 }: Node): void {
  if (parseMode === 0) {
    for (const statement of statementsOf(query)) {
      const called = statement.CallStmt?.funccall
      references.add(called ? { FuncCall: called } : statement)
    }
    return
  }
  const parts = parseMode >= 3 ? splitAssignment(query) : [query]
  for (const part of parts) references.add(statementsOf(`SELECT ${part}`))
}

/** `a[f(1)] := g(2)`: both sides are expressions. The first `:=` or `=` outside of brackets parts them. */
function splitAssignment(query: string): string[] {
  const bytes = Buffer.from(query, 'utf8')
  let depth = 0
  for (const { start, end, text } of scanTokens(query)) {
    if (text === '[' || text === '(') depth += 1
    if (text === ']' || text === ')') depth -= 1
    if (depth === 0 && (text === ':=' || text === '='))
      return [bytes.toString('utf8', 0, start), bytes.toString('utf8', end)]
  }
  throw new Error(`no assignment: ${query}`)
}

/** EXECUTE of a text that stands there is as good as the statement itself. */
function addDynamic(references: References, expression: Node): void {
  const literal = expressionOf(expression.PLpgSQL_expr.query).A_Const?.sval?.sval
  if (typeof literal !== 'string') references.acts ??= 'it executes a text that it puts together'
  else references.add(statementsOf(literal))
}

/** The type of a variable: `int`, `public.email[]`, `orders.total%TYPE`, `orders%rowtype`. */
function addType(references: References, name: string): void {
  const [, of, kind] = /^(.*)%(type|rowtype)(?:\s*\[.*|\s+array.*)?$/is.exec(name) ?? []
  if (of === undefined) {
    if (name === 'record' || name === '') return
    references.add(statementsOf(`SELECT NULL::${name}`))
    return
  }
  const parts: Node[] = expressionOf(of).ColumnRef?.fields ?? []
  const names = parts.map((part) => part.String?.sval ?? '')
  if (kind?.toLowerCase() === 'type') {
    const owned = names.pop()
    if (owned !== undefined) references.names.add(owned)
  } else references.readsAllColumns = true
  // The type of a variable is no column's.
  if (names.length === 0) return
  const [schema, relation] = names.length > 1 ? names.slice(-2) : [undefined, names[0]]
  references.relations.push(
    schema === undefined ? { name: relation ?? '' } : { schema, name: relation ?? '' },
  )
}

const afterDeclare = new Set([':=', '=', 'default'])

function addTokens(references: References, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  const tokens = scanTokens(text)
  let isDeclaring = false
  for (const [i, { text: token, end, tokenName }] of tokens.entries()) {
    const word = token.toLowerCase()
    if (word === 'declare') isDeclaring = true
    if (word === 'begin') isDeclaring = false
    if (token === '(' && i > 0) addCall(references, tokens, i)
    if (/^[-+*/<>=~!@#%^&|`?]+$/.test(token) && tokenName !== 'SCONST')
      references.operators.push({ name: { name: token }, isConstant: false })
    if (isDeclaring && afterDeclare.has(word)) {
      const close = tokens.slice(i).find((one) => one.text === ';')
      const initial = bytes.toString('utf8', end, close?.start ?? bytes.length)
      references.add(statementsOf(`SELECT ${initial}`))
    }
  }
}

function addCall(references: References, tokens: readonly { text: string }[], open: number): void {
  const nameOf = (token: { text: string } | undefined) => {
    const text = token?.text ?? ''
    if (/^"/.test(text)) return text.slice(1, -1).replaceAll('""', '"')
    return /^[a-z_\u0080-\uffff][\w$\u0080-\uffff]*$/i.test(text) ? text.toLowerCase() : undefined
  }
  const name = nameOf(tokens[open - 1])
  if (name === undefined) return
  const schema = tokens[open - 2]?.text === '.' ? nameOf(tokens[open - 3]) : undefined
  references.functions.push({ name: schema === undefined ? { name } : { schema, name }, isConstant: false })
}

function statementsOf(sql: string): Node[] {
  return (parseSync(sql).stmts ?? []).map(({ stmt }) => stmt as Node)
}

function only(sql: string): Node {
  const [statement] = statementsOf(sql)
  if (!statement) throw new Error('it is empty')
  return statement
}

function expressionOf(sql: string): Node {
  return only(`SELECT ${sql}`).SelectStmt.targetList[0].ResTarget.val
}
