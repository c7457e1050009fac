import { relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { type Bound, boundType } from '../tree.js'
import { requireFunction, typeOfCall } from './calls.js'
import { canCast } from './casts.js'
import { requireLiteral } from './literals.js'
import { type Argument, hasOperator } from './operators.js'
import { requireRegclass } from './regclass.js'
import type { Situation } from './situation.js'
import { mismatch, missing } from './static-failure.js'
import { baseOf, builtIn, isSameType, requireType, type ValueType, wordsOf } from './types.js'

/** A column that a query gives. */
export interface OutputColumn {
  readonly name: string
  readonly type: ValueType | undefined
}

/** What an expression can see. */
export interface Scope {
  /**
   * The type of a column reference; undefined when that is not known.
   * @throws Refusal when there is no such column
   */
  column(reference: Node & Bound): ValueType | undefined
  /** Reads a sub-select and gives its columns, if they are known. @throws Refusal */
  query(select: Node): readonly OutputColumn[] | undefined
  /** The types that string constants were given when the expression was made, for one that is kept. */
  readonly constants?: ConstantTypes
}

/** By the constant's node. `isFixed`: they are what they have become, whatever stands beside them now. */
export interface ConstantTypes {
  readonly types: Map<Node, ValueType>
  readonly isFixed: boolean
}

/** The type of an expression as far as it is known, or the string constant that it is, still without a type. */
export type Typed =
  | { readonly type: ValueType }
  | { readonly literal: string | null; readonly node: Node }
  | undefined

/**
 * Reads an expression the way the server does before it looks at any row: names, then types.
 * @throws Refusal
 */
export function typeOf(situation: Situation, scope: Scope, expression: Node | undefined): Typed {
  if (!expression) return undefined
  const [kind = ''] = Object.keys(expression)
  const node: Node & Bound = expression[kind]
  const read = readers[kind]
  if (read) return read(situation, scope, node)
  readInside(situation, scope, expression)
  return undefined
}

type ReadExpression = (situation: Situation, scope: Scope, node: Node & Bound) => Typed

const readers: Readonly<Record<string, ReadExpression>> = {
  A_Const: readConstant,
  ColumnRef: (_, scope, node) => known(scope.column(node)),
  TypeCast: readCast,
  FuncCall: readCall,
  SQLValueFunction: (situation, _, node) => known(builtIn(situation, valueFunctions[node.op] ?? 'name')),
  BoolExpr: readBoolean,
  NullTest: (situation, scope, node) => {
    typeOf(situation, scope, node.arg)
    return known(builtIn(situation, 'bool'))
  },
  BooleanTest: (situation, scope, node) => {
    requireBoolean(situation, scope, node.arg, booleanTests[node.booltesttype] ?? 'IS TRUE')
    return known(builtIn(situation, 'bool'))
  },
  A_Expr: readOperator,
  CaseExpr: readCase,
  CoalesceExpr: (situation, scope, node) => commonOf(situation, readAll(situation, scope, node.args), scope),
  MinMaxExpr: (situation, scope, node) => commonOf(situation, readAll(situation, scope, node.args), scope),
  A_ArrayExpr: readArray,
  SubLink: readSubLink,
  CollateClause: (situation, scope, node) => {
    const typed = typeOf(situation, scope, node.arg)
    return typed && 'literal' in typed ? known(builtIn(situation, 'text')) : typed
  },
  // Read by those who know the column that it is for.
  SelectStmt: () => undefined,
  TypeName: () => undefined,
}

/** The expressions within a node that has no reader of its own. */
export function readInside(situation: Situation, scope: Scope, value: unknown): void {
  if (Array.isArray(value)) for (const one of value) readInside(situation, scope, one)
  else if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value)
    const [kind = ''] = keys
    if (keys.length === 1 && kind in readers) typeOf(situation, scope, value as Node)
    else for (const key of keys) readInside(situation, scope, (value as Node)[key])
  }
}

function readAll(situation: Situation, scope: Scope, expressions: readonly Node[] | undefined): Typed[] {
  return (expressions ?? []).map((expression) => typeOf(situation, scope, expression))
}

export function known(type: ValueType | undefined): Typed {
  return type && { type }
}

export function typeIn(typed: Typed): ValueType | undefined {
  return typed && 'type' in typed ? typed.type : undefined
}

function readConstant(situation: Situation, scope: Scope, node: Node): Typed {
  const fixed = scope.constants?.isFixed ? scope.constants.types.get(node) : undefined
  if (fixed) return { type: fixed }
  if (node.isnull) return { literal: null, node }
  if (node.sval) return { literal: node.sval.sval ?? '', node }
  if (node.ival) return known(builtIn(situation, 'int4'))
  if (node.boolval) return known(builtIn(situation, 'bool'))
  if (node.fval) {
    const isWhole = /^\d{1,18}$/.test(node.fval.fval)
    return known(builtIn(situation, isWhole ? 'int8' : 'numeric'))
  }
  return undefined
}

const valueFunctions: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'date',
  SVFOP_CURRENT_TIME: 'timetz',
  SVFOP_CURRENT_TIME_N: 'timetz',
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
  SVFOP_LOCALTIME: 'time',
  SVFOP_LOCALTIME_N: 'time',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
}

function readCast(situation: Situation, scope: Scope, node: Node & Bound): Typed {
  const bound = node[boundType]
  const isArray = (node.typeName?.arrayBounds?.length ?? 0) > 0
  const type = bound ? { object: bound, isArray } : requireType(situation, node.typeName)
  if (isArray && node.arg?.A_ArrayExpr) {
    readElements(situation, scope, node.arg.A_ArrayExpr.elements, type && { ...type, isArray: false })
    return known(type)
  }
  if (type) requireCast(situation, scope, node.arg, type)
  else typeOf(situation, scope, node.arg)
  return known(type)
}

/** The cast of an array is one of its elements; the dimensions of `ARRAY[ARRAY[…]]` share it. */
function readElements(
  situation: Situation,
  scope: Scope,
  elements: readonly Node[] | undefined,
  type: ValueType | undefined,
): void {
  for (const element of elements ?? []) {
    if (element.A_ArrayExpr) readElements(situation, scope, element.A_ArrayExpr.elements, type)
    else if (type) requireCast(situation, scope, element, type)
    else typeOf(situation, scope, element)
  }
}

/** @throws Refusal */
function requireCast(situation: Situation, scope: Scope, expression: Node, type: ValueType): void {
  const typed = typeOf(situation, scope, expression)
  if (!typed) return
  if ('literal' in typed) {
    if (typed.literal === null) return
    if (isRegclass(type)) requireRegclass(situation, typed.literal)
    requireLiteral(situation, typed.literal, type)
  } else if (canCast(situation, typed.type, type, 'explicit') === false) {
    throw mismatch('42846', `cannot cast type ${wordsOf(typed.type)} to ${wordsOf(type)}`)
  }
}

function isRegclass({ object, isArray }: ValueType): boolean {
  return object.name === 'regclass' && object.schema === 'pg_catalog' && !isArray
}

/** Functions whose first argument names a sequence, as a constant. */
const sequenceFunctions = ['nextval', 'setval', 'currval']

function readCall(situation: Situation, scope: Scope, node: Node): Typed {
  const typed = readAll(situation, scope, node.args)
  readInside(situation, scope, [node.agg_order, node.agg_filter, node.over])
  const name = relationOfParts(node.funcname)
  const [first] = typed
  if (sequenceFunctions.includes(name.name) && first && 'literal' in first && first.literal !== null)
    requireRegclass(situation, first.literal)
  const given = typed.map((one): Argument => (one && 'literal' in one ? 'literal' : one?.type))
  requireFunction(situation, name, node, given)
  return known(typeOfCall(situation, name, node, given))
}

function readBoolean(situation: Situation, scope: Scope, node: Node): Typed {
  const word = { AND_EXPR: 'AND', OR_EXPR: 'OR', NOT_EXPR: 'NOT' }[node.boolop as string] ?? 'AND'
  for (const argument of node.args ?? []) requireBoolean(situation, scope, argument, word)
  return known(builtIn(situation, 'bool'))
}

const booleanTests: Readonly<Record<string, string>> = {
  IS_TRUE: 'IS TRUE',
  IS_NOT_TRUE: 'IS NOT TRUE',
  IS_FALSE: 'IS FALSE',
  IS_NOT_FALSE: 'IS NOT FALSE',
  IS_UNKNOWN: 'IS UNKNOWN',
  IS_NOT_UNKNOWN: 'IS NOT UNKNOWN',
}

/**
 * A condition.
 * @throws Refusal when it is of another type
 */
export function requireBoolean(
  situation: Situation,
  scope: Scope,
  expression: Node | undefined,
  where: string,
): void {
  const typed = typeOf(situation, scope, expression)
  const boolean = builtIn(situation, 'bool')
  if (!typed || !boolean) return
  if ('literal' in typed) {
    if (typed.literal !== null) requireLiteral(situation, typed.literal, boolean)
  } else if (canCast(situation, typed.type, boolean, 'assignment') === false) {
    throw mismatch('42804', `argument of ${where} must be type boolean, not type ${wordsOf(typed.type)}`)
  }
}

function readOperator(situation: Situation, scope: Scope, node: Node): Typed {
  const operator: string = node.name?.at(-1)?.String?.sval ?? ''
  const left = typeOf(situation, scope, node.lexpr)
  switch (node.kind) {
    case 'AEXPR_IN':
      for (const item of node.rexpr?.List?.items ?? [])
        requireOperator(situation, scope, operator, left, typeOf(situation, scope, item))
      return known(builtIn(situation, 'bool'))
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL': {
      requireOperatorOnElements(situation, scope, operator, left, typeOf(situation, scope, node.rexpr))
      return known(builtIn(situation, 'bool'))
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM': {
      for (const bound of node.rexpr?.List?.items ?? [])
        requireOperator(situation, scope, '<=', left, typeOf(situation, scope, bound))
      return known(builtIn(situation, 'bool'))
    }
    case 'AEXPR_OP':
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE': {
      const right = typeOf(situation, scope, node.rexpr)
      if (!node.lexpr || !situation.server.operators.has(operator)) return undefined
      requireOperator(situation, scope, operator, left, right)
      return known(builtIn(situation, 'bool'))
    }
    case 'AEXPR_NULLIF': {
      requireOperator(situation, scope, '=', left, typeOf(situation, scope, node.rexpr))
      return left && 'literal' in left ? undefined : left
    }
    default:
      typeOf(situation, scope, node.rexpr)
      return undefined
  }
}

/** @throws Refusal when these two cannot be compared, or when a constant is no value of the other's type */
function requireOperator(
  situation: Situation,
  scope: Scope,
  operator: string,
  left: Typed,
  right: Typed,
): void {
  if (!left || !right) return
  const [one, other] = [typeIn(left), typeIn(right)]
  if (!one && !other) return
  const has = hasOperator(situation, operator, one, other)
  if (has === false) {
    const words = [one, other].map((type) => (type ? wordsOf(type) : 'unknown'))
    throw mismatch('42883', `operator does not exist: ${words[0]} ${operator} ${words[1]}`)
  }
  if (has === undefined || operator.includes('~')) return
  if ('literal' in left && other) meet(situation, scope, left, other)
  if ('literal' in right && one) meet(situation, scope, right, one)
}

/** A string constant beside a value takes the value's type. @throws Refusal */
function meet(
  situation: Situation,
  scope: Scope,
  { literal, node }: { readonly literal: string | null; readonly node: Node },
  type: ValueType,
): void {
  scope.constants?.types.set(node, type)
  if (literal !== null) requireLiteral(situation, literal, type)
}

/** `= ANY (array)`; an array that is a string constant takes its type from the other side. */
function requireOperatorOnElements(
  situation: Situation,
  scope: Scope,
  operator: string,
  left: Typed,
  right: Typed,
): void {
  if (!left || !right) return
  if ('type' in right) {
    if (right.type.isArray)
      requireOperator(situation, scope, operator, left, { type: { ...right.type, isArray: false } })
  } else if ('type' in left && !left.type.isArray && right.literal !== null) {
    if (hasOperator(situation, operator, left.type, left.type))
      meet(situation, scope, right, { ...left.type, isArray: true })
  }
}

function readCase(situation: Situation, scope: Scope, node: Node): Typed {
  const subject = node.arg ? typeOf(situation, scope, node.arg) : undefined
  const results: Typed[] = []
  for (const { CaseWhen: branch } of node.args ?? []) {
    if (node.arg) requireOperator(situation, scope, '=', subject, typeOf(situation, scope, branch.expr))
    else requireBoolean(situation, scope, branch.expr, 'CASE/WHEN')
    results.push(typeOf(situation, scope, branch.result))
  }
  if (node.defresult) results.push(typeOf(situation, scope, node.defresult))
  return commonOf(situation, results, scope)
}

/**
 * The one type of several expressions: https://www.postgresql.org/docs/current/typeconv-union-case.html
 * @throws Refusal for a constant that is no value of it
 */
function commonOf(situation: Situation, all: readonly Typed[], scope: Scope): Typed {
  const types = all.map(typeIn)
  if (all.every((typed) => typed && 'literal' in typed)) return known(builtIn(situation, 'text'))
  const [first] = types.filter((type) => type !== undefined)
  if (!first || all.includes(undefined)) return undefined
  const odd = types.find((type) => type !== undefined && categoryOf(type) !== categoryOf(first))
  if (odd) throw mismatch('42804', `types ${wordsOf(first)} and ${wordsOf(odd)} cannot be matched`)
  if (!types.every((type) => type === undefined || isSameType(type, first))) return undefined
  for (const typed of all) if (typed && 'literal' in typed) meet(situation, scope, typed, first)
  return { type: first }
}

/** `pg_type.typcategory` */
function categoryOf(type: ValueType): string {
  const { object, isArray } = baseOf(type)
  return isArray ? 'A' : object.category
}

function readArray(situation: Situation, scope: Scope, node: Node): Typed {
  const elements: Node[] = node.elements ?? []
  if (elements.length === 0) throw mismatch('42P18', 'cannot determine type of empty array')
  const common = typeIn(commonOf(situation, readAll(situation, scope, elements), scope))
  return known(common && { object: common.object, isArray: true })
}

function readSubLink(situation: Situation, scope: Scope, node: Node): Typed {
  const tested = typeOf(situation, scope, node.testexpr)
  const columns = scope.query(node.subselect)
  const type = columns?.length === 1 ? columns[0]?.type : undefined
  switch (node.subLinkType) {
    case 'EXISTS_SUBLINK':
      return known(builtIn(situation, 'bool'))
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      const operator = node.operName?.at(-1)?.String?.sval ?? '='
      requireOperator(situation, scope, operator, tested, known(type))
      return known(builtIn(situation, 'bool'))
    }
    case 'EXPR_SUBLINK':
      return known(type)
    case 'ARRAY_SUBLINK':
      return type && !type.isArray ? { type: { ...type, isArray: true } } : undefined
    default:
      return undefined
  }
}

export const noSuchColumn = (name: string) => missing('42703', `column ${name} does not exist`)
