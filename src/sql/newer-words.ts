import { nodesIn } from './nodes.js'
import type { Node, ParsedStatement } from './parser.js'

/** A word that older servers take for a name; what they say of it only a question tells. */
export interface NewerWord {
  readonly word: string
  /** One statement that holds it and reads no row of anybody's; it is parsed and never run. */
  readonly question: string
  /** What an older server says of it at this place, when that is not what it says to the question. */
  readonly refusal?: { readonly sqlstate: string; readonly message: string }
}

const wordOf = (word: string, question: string): NewerWord => ({ word, question: `SELECT ${question}` })

/** SQL/JSON, of which older servers know no more than that it may be a function: by the node of the tree. */
const byNode: Readonly<Record<string, (node: Node) => NewerWord | undefined>> = {
  JsonScalarExpr: () => wordOf('json_scalar', 'JSON_SCALAR(NULL)'),
  JsonParseExpr: () => wordOf('json', "JSON('1')"),
  JsonSerializeExpr: () => wordOf('json_serialize', "JSON_SERIALIZE('1')"),
  JsonArrayConstructor: () => wordOf('json_array', 'JSON_ARRAY(NULL)'),
  JsonObjectConstructor: () => wordOf('json_object', 'JSON_OBJECT()'),
  JsonArrayAgg: () => wordOf('json_arrayagg', 'JSON_ARRAYAGG(NULL)'),
  JsonFuncExpr: ({ op }) => jsonQuestions[op],
  MergeSupportFunc: () => wordOf('merge_action', 'MERGE_ACTION()'),
}

const jsonQuestions: Readonly<Record<string, NewerWord>> = {
  JSON_EXISTS_OP: wordOf('json_exists', "JSON_EXISTS(jsonb '1', '$')"),
  JSON_VALUE_OP: wordOf('json_value', "JSON_VALUE(jsonb '1', '$')"),
  JSON_QUERY_OP: wordOf('json_query', "JSON_QUERY(jsonb '1', '$')"),
}

/** SQLSTATEs of a word that is taken for the name of a function, a column or a table that is not there. */
export const unknownWordStates: readonly string[] = ['42883', '42703', '42P01']

/**
 * Words of the statement that an older server may not know, though it reads the statement.
 * @param made names of functions that pending migrations make, which may be what the word means there
 */
export function newerWordsOf(
  { kind, node }: ParsedStatement,
  made: ReadonlySet<string> = new Set(),
): NewerWord[] {
  const found = new Map<string, NewerWord>()
  const add = (one: NewerWord | undefined) => {
    if (one && !made.has(one.word)) found.set(one.question, one)
  }
  for (const each of nodesIn(node)) {
    for (const [name, inner] of Object.entries(each)) {
      if (name in byNode && typeof inner === 'object') add(byNode[name]?.(inner))
      if (name === 'returningClause') for (const word of rowVersionsIn(inner, node, kind)) add(word)
      if (name === 'raw_default' || isDefault(name, inner)) if (namesSystemUser(inner)) add(systemUser)
    }
  }
  return [...found.values()]
}

/** It is asked for in defaults only: elsewhere it may be a column of that name. */
const systemUser: NewerWord = {
  ...wordOf('system_user', 'SYSTEM_USER'),
  refusal: { sqlstate: '0A000', message: 'cannot use column reference in DEFAULT expression' },
}

function isDefault(name: string, inner: Node): boolean {
  if (name === 'Constraint') return inner.contype === 'CONSTR_DEFAULT'
  return name === 'AlterTableCmd' && inner.subtype === 'AT_ColumnDefault'
}

function namesSystemUser(tree: Node): boolean {
  return [...nodesIn(tree)].some(
    ({ funcformat, funcname }) =>
      funcformat === 'COERCE_SQL_SYNTAX' && funcname?.at(-1)?.String?.sval === 'system_user',
  )
}

/** `old.x` and `new.x` in RETURNING, where the statement itself gives no table that name. */
function rowVersionsIn({ exprs }: Node, statement: Node, kind: string): NewerWord[] {
  // A rule has an old and a new row of its own.
  if (kind === 'RuleStmt') return []
  const names = new Set<string>()
  for (const { ColumnRef: reference } of nodesIn(exprs)) {
    const [table, ...more] = reference?.fields ?? []
    if (more.length > 0) names.add(table.String?.sval ?? '')
  }
  const isTable = (name: string) =>
    [...nodesIn(statement)].some(
      ({ relname, alias, ctename, aliasname }) =>
        (relname === name && alias === undefined) ||
        alias?.aliasname === name ||
        aliasname === name ||
        ctename === name,
    )
  return ['old', 'new']
    .filter((name) => names.has(name) && !isTable(name))
    .map((word) => ({
      word,
      question: `UPDATE pg_catalog.pg_description SET description = description RETURNING ${word}.description`,
    }))
}
