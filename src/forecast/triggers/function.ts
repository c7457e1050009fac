import { parsePlPgSQLSync } from 'libpg-query'
import type { Node } from '../../sql/parser.js'

/** A trigger function, as Postgres' own parser of PL/pgSQL reads it. */
export interface TriggerFunction {
  /** By `varno`: `new.email`, `old.id`, `found`, or the name of a variable. */
  readonly names: readonly string[]
  readonly variables: readonly Variable[]
  /** Its outermost block. */
  readonly block: Node
}

export interface Variable {
  readonly name: string
  /** As written: `text`, `orders.total%TYPE`, `orders%rowtype`, `record`. */
  readonly type: string
  readonly initial?: string
  /** It may begin with a value that the parser leaves out. */
  readonly isInitialLost: boolean
}

/** What every trigger function has beside its own variables. */
const given = /^(new|old|found|tg_\w+|__Case__Variable_\d+__)$/

/** @returns undefined when the text is no PL/pgSQL that can be read */
export function readTriggerFunction(body: string): TriggerFunction | undefined {
  const quote = '$migrate_guard$'
  let read: Node
  try {
    const { plpgsql_funcs } = parsePlPgSQLSync(
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS ${quote}${body}${quote}`,
    ) as unknown as { plpgsql_funcs: Node[] }
    read = plpgsql_funcs[0]?.PLpgSQL_function
  } catch {
    return undefined
  }
  const datums: Node[] = read.datums
  const variables = datums.flatMap(({ PLpgSQL_var, PLpgSQL_rec }) => {
    // A type of a schema, or one whose name is quoted, is taken for a record.
    const variable: Node | undefined = PLpgSQL_var ?? PLpgSQL_rec
    if (!variable || given.test(variable.refname)) return []
    const initial = variable.default_val?.PLpgSQL_expr.query
    return [
      {
        name: variable.refname as string,
        type: (variable.datatype?.PLpgSQL_type?.typname ?? 'text') as string,
        isInitialLost: PLpgSQL_var === undefined,
        ...(initial === undefined ? {} : { initial: initial as string }),
      },
    ]
  })
  return {
    names: datums.map((datum) => nameOf(datums, datum)),
    variables,
    block: read.action.PLpgSQL_stmt_block,
  }
}

function nameOf(datums: readonly Node[], datum: Node | undefined): string {
  const field = datum?.PLpgSQL_recfield
  if (field) return `${nameOf(datums, datums[field.recparentno ?? 0])}.${field.fieldname}`
  return datum?.PLpgSQL_var?.refname ?? datum?.PLpgSQL_rec?.refname ?? ''
}

/** Every statement of a list and of what it holds, outermost first: `visit('stmt_if', {…})`. */
export function visitStatements(tree: unknown, visit: (kind: string, node: Node) => void): void {
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, node] of Object.entries(tree)) {
    if (key.startsWith('PLpgSQL_stmt_')) visit(key.slice('PLpgSQL_stmt_'.length), node)
    visitStatements(node, visit)
  }
}

/** The text of an expression or a statement of SQL. */
export function queryOf(expression: Node): string {
  return expression.PLpgSQL_expr.query
}

/** The statements of a part of the code as text; one that is made at run time stands after EXECUTE. */
export function codeOf(part: unknown): string {
  const statements: string[] = []
  visitStatements(part, (kind, node) => {
    if (kind === 'dynexecute' || kind === 'dynfors') statements.push(`EXECUTE ${queryOf(node.query)}`)
    if (kind === 'execsql' || kind === 'perform') statements.push(queryOf(node.sqlstmt ?? node.expr))
  })
  return statements.join(';\n')
}
