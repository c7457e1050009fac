import type { Reader } from '../../domain/reader.js'
import { codeIn } from '../../sql/constants.js'
import { relationOfParts } from '../../sql/names.js'
import { type Node, parseStatements } from '../../sql/parser.js'
import { isMadeByMigrations, serverFunctions } from './calls.js'
import { requireDefault } from './column-definitions.js'
import { requireCreate } from './privileges.js'
import { requireSameShape } from './replaced-function.js'
import { bringsExtension, isMadeBefore, type Situation, schemaForNew } from './situation.js'
import { openScope, readStatement } from './statements.js'
import { exists, missing, Refusal } from './static-failure.js'
import { isSameType, requireType, typeByOid, type ValueType } from './types.js'

/** CREATE FUNCTION and CREATE PROCEDURE. @throws Refusal */
export async function requireCreateFunction(situation: Situation, reader: Reader, node: Node): Promise<void> {
  const name = relationOfParts(node.funcname)
  const schema = schemaForNew(situation, name)
  requireCreate(situation, schema)
  const language = optionOf(node, 'language')?.String?.sval ?? 'sql'
  const isLanguage = situation.server.languages.has(language) || bringsExtension(situation)
  if (!isLanguage && !isMadeBefore(situation, ['CreatePLangStmt'], language))
    throw missing('42704', `language "${language}" does not exist`, language)
  const parameters: Node[] = (node.parameters ?? []).map((one: Node) => one.FunctionParameter)
  const types = parameters.map((parameter) => ({
    parameter,
    type: requireParameterType(situation, parameter),
  }))
  for (const { parameter, type } of types) {
    if (parameter.defexpr) requireDefault(situation, { name: parameter.name ?? '', type }, parameter.defexpr)
  }
  requireType(situation, node.returnType)
  const given = types.filter(({ parameter }) => inputModes.includes(parameter.mode)).map(({ type }) => type)
  if (node.replace) await requireSameShape(situation, reader, { schema, name: name.name }, node)
  else requireNewFunction(situation, schema, name.name, given)
  if (language === 'sql' && !node.sql_body) requireBody(situation, name.name, node)
}

const inputModes = ['FUNC_PARAM_DEFAULT', 'FUNC_PARAM_IN', 'FUNC_PARAM_INOUT', 'FUNC_PARAM_VARIADIC']

function optionOf(node: Node, name: string): Node | undefined {
  return (node.options ?? []).find((one: Node) => one.DefElem.defname === name)?.DefElem.arg
}

function requireParameterType(situation: Situation, { argType }: Node): ValueType | undefined {
  return requireType(situation, argType)
}

/** @throws Refusal when today's server has one with the same arguments, and the migrations have left it there */
function requireNewFunction(
  situation: Situation,
  schema: string,
  name: string,
  given: readonly (ValueType | undefined)[],
): void {
  const isSame = serverFunctions(situation, { schema, name }).some(
    ({ arguments: types }) =>
      types.length === given.length &&
      given.every((type, i) => {
        const other = typeByOid(situation, types[i] ?? 0)
        return type && other && isSameType(type, other)
      }),
  )
  if (!isSame || isMadeByMigrations(situation, { schema, name })) return
  if (isMadeBefore(situation, ['DropStmt', 'RenameStmt', 'AlterObjectSchemaStmt'], name)) return
  throw exists('42723', `function "${name}" already exists with same argument types`, name)
}

const readable = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']

/** The server reads the body of a function in SQL when it is made; of other languages it does not know the tables. */
function requireBody(situation: Situation, name: string, node: Node): void {
  const hasOwnPath = (node.options ?? []).some((one: Node) => one.DefElem.defname === 'set')
  const isUnread = situation.earlier.some((one) => one.node.name === 'check_function_bodies')
  const [body] = codeIn(node)
  if (hasOwnPath || isUnread || body === undefined) return
  const parsed = parseStatements(body)
  if ('problem' in parsed || !parsed.statements.every(({ kind }) => readable.includes(kind))) return
  try {
    for (const { kind, node: statement } of parsed.statements)
      readStatement(openScope(situation), { [kind]: statement })
  } catch (error) {
    // It may call itself.
    if (error instanceof Refusal && error.sqlstate === '42883' && error.object === name) return
    throw error
  }
}
