import type { Reader } from '../../domain/reader.js'
import { relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { isMadeBefore, type Situation } from './situation.js'
import { invalid } from './static-failure.js'
import { builtIn, isSameType, requireType, typeByOid, type ValueType } from './types.js'

interface Parameter {
  readonly mode: 'in' | 'out' | 'inout' | 'variadic' | 'table'
  readonly name: string
  readonly type: ValueType | undefined
}

/** What CREATE OR REPLACE may not change of a routine. */
interface Shape {
  /** Of `pg_proc.prokind`. */
  readonly kind: string
  readonly parameters: readonly Parameter[]
  /** Undefined where nothing is known of it, e.g. for the row type of a table. */
  readonly result: ValueType | undefined
  readonly isSet: boolean
  readonly defaults: number
}

/**
 * CREATE OR REPLACE changes the body of a routine and no more of what others see of it, but names for parameters without one
 * and more defaults: https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-NOTES
 * @throws Refusal in the order of `ProcedureCreate` in src/backend/catalog/pg_proc.c
 */
export async function requireSameShape(
  situation: Situation,
  reader: Reader,
  place: { readonly schema: string; readonly name: string },
  node: Node,
): Promise<void> {
  const now = shapeOf(situation, node)
  const old = await replacedShape(situation, reader, place, now)
  if (!old) return
  const { name } = place
  const refuse = (message: string, sqlstate = '42P13') => invalid(sqlstate, message, name)
  if (old.kind !== now.kind) throw refuse('cannot change routine kind', '42809')
  const isOther = old.result && now.result && !isSameType(old.result, now.result)
  if (isOther || old.isSet !== now.isSet) {
    throw refuse(
      now.kind === 'p'
        ? 'cannot change whether a procedure has output parameters'
        : 'cannot change return type of existing function',
    )
  }
  if (old.result?.object.name === 'record' && !isSameRow(rowOf(old), rowOf(now)))
    throw refuse('cannot change return type of existing function')
  const [oldNames, names] = [inputsOf(old), inputsOf(now)]
  const renamed = oldNames.find((one, i) => one.name !== '' && one.name !== names[i]?.name)
  if (renamed) throw refuse(`cannot change name of input parameter "${renamed.name}"`)
  if (now.defaults < old.defaults) throw refuse('cannot remove parameter defaults from existing function')
}

function isSameRow(one: readonly Parameter[], other: readonly Parameter[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ name, type }, i) => {
      const second = other[i]
      return name === second?.name && (!type || !second.type || isSameType(type, second.type))
    })
  )
}

function inputsOf({ parameters }: Shape): Parameter[] {
  return parameters.filter(({ mode }) => mode !== 'out' && mode !== 'table')
}

function rowOf({ parameters }: Shape): Parameter[] {
  return parameters.filter(({ mode }) => mode !== 'in' && mode !== 'variadic')
}

/** What the statement replaces: the last that an earlier statement made, else today's; undefined when there is none, or one is not known. */
async function replacedShape(
  situation: Situation,
  reader: Reader,
  { schema, name }: { readonly schema: string; readonly name: string },
  now: Shape,
): Promise<Shape | undefined> {
  if (isMadeBefore(situation, ['DropStmt', 'RenameStmt', 'AlterObjectSchemaStmt'], name)) return undefined
  const made = situation.earlier
    .filter(({ kind, node }) => kind === 'CreateFunctionStmt' && isNamed(node, schema, name))
    .map(({ node }) => shapeOf(situation, node))
    .findLast((one) => hasSameInputs(one, now))
  if (made) return made
  const { rows } = await reader.query(liveQuery, [schema, name])
  return (rows as unknown as LiveRow[])
    .map((row) => liveShape(situation, row))
    .find((one) => hasSameInputs(one, now))
}

/** One without a schema counts when its path may lead there. */
function isNamed({ funcname }: Node, schema: string, name: string): boolean {
  const made = relationOfParts(funcname)
  return made.name === name && (made.schema === undefined || made.schema === schema)
}

function hasSameInputs(one: Shape, other: Shape): boolean {
  const [types, others] = [inputsOf(one), inputsOf(other)]
  return (
    types.length === others.length &&
    types.every(({ type }, i) => {
      const second = others[i]?.type
      return type !== undefined && second !== undefined && isSameType(type, second)
    })
  )
}

const modes: Readonly<Record<string, Parameter['mode']>> = {
  FUNC_PARAM_OUT: 'out',
  FUNC_PARAM_INOUT: 'inout',
  FUNC_PARAM_VARIADIC: 'variadic',
  FUNC_PARAM_TABLE: 'table',
  i: 'in',
  o: 'out',
  b: 'inout',
  v: 'variadic',
  t: 'table',
}

function shapeOf(situation: Situation, node: Node): Shape {
  const given: Node[] = (node.parameters ?? []).map((one: Node) => one.FunctionParameter)
  const parameters = given.map(
    ({ mode, name, argType }): Parameter => ({
      mode: modes[mode] ?? 'in',
      name: name ?? '',
      type: requireType(situation, argType),
    }),
  )
  const out = parameters.filter(({ mode }) => mode === 'out' || mode === 'inout')
  const ofOut = out.length === 1 && !node.is_procedure ? out[0]?.type : builtIn(situation, 'record')
  const without = out.length > 0 ? ofOut : builtIn(situation, 'void')
  return {
    kind: node.is_procedure ? 'p' : 'f',
    parameters,
    result: node.returnType ? requireType(situation, node.returnType) : without,
    isSet: node.returnType?.setof === true,
    defaults: given.filter(({ defexpr }) => defexpr).length,
  }
}

interface LiveRow {
  kind: string
  result: number
  isSet: boolean
  types: number[]
  modes: string[] | null
  names: string[] | null
  defaults: number
}

const liveQuery = `
  SELECT p.prokind::text AS kind, p.prorettype::int4 AS result, p.proretset AS "isSet", p.pronargdefaults::int4 AS defaults,
         pg_catalog.to_json(COALESCE(p.proallargtypes::pg_catalog.oid[], p.proargtypes::pg_catalog.oid[])::int4[]) AS types,
         pg_catalog.to_json(p.proargmodes::text[]) AS modes, pg_catalog.to_json(p.proargnames) AS names
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = $1 AND p.proname = $2`

function liveShape(situation: Situation, row: LiveRow): Shape {
  return {
    kind: row.kind,
    parameters: row.types.map((oid, i) => ({
      mode: modes[row.modes?.[i] ?? 'i'] ?? 'in',
      name: row.names?.[i] ?? '',
      type: typeByOid(situation, oid),
    })),
    result: typeByOid(situation, row.result),
    isSet: row.isSet,
    defaults: row.defaults,
  }
}
