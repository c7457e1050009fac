import { parsePlPgSQLSync } from 'libpg-query'
import type { RaisedWords } from '../domain/raised.js'
import { codeIn } from './constants.js'
import { lineAt } from './file-text.js'
import { nodesIn } from './nodes.js'
import { type Node, parseStatements } from './parser.js'
import { scanTokens } from './scan.js'

/** A text that is longer is not read: it is looked at while somebody waits for a message. */
const mostCharacters = 500_000

/**
 * What the RAISE and the ASSERT statements of PL/pgSQL say that begin on a line, as far as it stands in the code. `loadParser()`
 * must have come before.
 * @param definition a CREATE FUNCTION, a CREATE PROCEDURE or a DO
 * @param line of its body, counted from 1 as the server counts in CONTEXT
 */
export function raisedWordsAt(definition: string, line: number): RaisedWords[] {
  if (definition.length > mostCharacters) return []
  try {
    const nodes = [...nodesIn(parsePlPgSQLSync(definition) as unknown)]
    return nodes.flatMap(({ PLpgSQL_stmt_raise: raise, PLpgSQL_stmt_assert: assert }) => {
      if (raise?.lineno === line) return wordsOfRaise(raise)
      const message = assert?.lineno === line ? constantOf(assert.message) : undefined
      return message === undefined ? [] : [{ message: [message] }]
    })
  } catch {
    return scanForFormats(definition, line)
  }
}

/** https://github.com/postgres/postgres/blob/REL_18_STABLE/src/pl/plpgsql/src/plpgsql.h: PLpgSQL_raise_option_type */
const options = { message: 1, detail: 2, hint: 3 }

function wordsOfRaise({ message, condname, options: given = [] }: Node): RaisedWords[] {
  const optionOf = (type: number): Node | undefined =>
    given.find(({ PLpgSQL_raise_option: one }: Node) => (one.opt_type ?? 0) === type)?.PLpgSQL_raise_option
  const constant = (type: number) => constantOf(optionOf(type)?.expr)
  const said =
    message !== undefined
      ? partsOf(message)
      : optionOf(options.message)
        ? [constant(options.message)]
        : [condname]
  if (said.some((part) => part === undefined)) return []
  const [detail, hint] = [constant(options.detail), constant(options.hint)]
  return [
    {
      message: said as string[],
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
    },
  ]
}

/** A format between its values: `%` stands for one, `%%` for itself. */
function partsOf(format: string): string[] {
  const parts = ['']
  for (const piece of format.split(/(%%|%)/)) {
    if (piece === '%') parts.push('')
    else parts.push(parts.pop() + (piece === '%%' ? '%' : piece))
  }
  return parts
}

/** The value of an expression that is nothing but a text constant. */
function constantOf(expression: Node | undefined): string | undefined {
  const query = expression?.PLpgSQL_expr?.query
  return query === undefined ? undefined : constantText(query)
}

function constantText(query: string): string | undefined {
  const parsed = parseStatements(`SELECT ${query}`)
  const [only, other] = 'problem' in parsed ? [] : parsed.statements
  const value = only?.node.targetList?.[0]?.ResTarget?.val?.A_Const?.sval?.sval
  return other === undefined && typeof value === 'string' ? value : undefined
}

/**
 * Without a catalog our parser of PL/pgSQL does not read every function, e.g. none that assigns to a field of a variable of
 * type `app.orders%ROWTYPE`. A format is then still the text behind the word RAISE.
 */
function scanForFormats(definition: string, line: number): RaisedWords[] {
  const parsed = parseStatements(definition)
  const [statement] = 'problem' in parsed ? [] : parsed.statements
  const body = statement && codeIn(statement.node)[0]
  if (body === undefined) return []
  try {
    const bytes = Buffer.from(body, 'utf8')
    const tokens = scanTokens(body).filter(({ tokenName }) => !/COMMENT/.test(tokenName))
    return tokens.flatMap(({ text, start }, at) => {
      if (text.toLowerCase() !== 'raise') return []
      if (lineAt(body, bytes.toString('utf8', 0, start).length) !== line) return []
      const format = tokens.slice(at + 1, at + 3).find(({ tokenName }) => tokenName === 'SCONST')
      const message = format && constantText(bytes.toString('utf8', format.start, format.end))
      return message === undefined ? [] : [{ message: partsOf(message) }]
    })
  } catch {
    return []
  }
}

/**
 * The statements of a text that hold code of PL/pgSQL by which something can be raised: its DO blocks, or the functions and
 * procedures of that name that it makes. `loadParser()` must have come before.
 */
export function codeOf(sql: string, name: string | undefined): string[] {
  if (sql.length > mostCharacters) return []
  const parsed = parseStatements(sql)
  const statements = 'problem' in parsed ? [] : parsed.statements
  return statements
    .filter(({ kind, node }) =>
      name === undefined
        ? kind === 'DoStmt'
        : kind === 'CreateFunctionStmt' && node.funcname?.at(-1)?.String?.sval === name,
    )
    .map(({ sql: text }) => text)
}
