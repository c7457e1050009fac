import { quoteRelation } from '../sql/names.js'
import type { ColumnType, DomainCheck, TypeObject } from './model.js'
import { deparseExpression, lastName, mapTree, parseExpression } from './tree.js'

/** Thrown where something cannot be followed: the statement, or what it touches, is then decided by the rehearsal. */
export class NotFollowed extends Error {}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Marks an error that a question of ours raises on purpose: the SQLSTATE that the migration would meet stands between the marks. */
export function raise(sqlstate: string, value: string): string {
  // The value stands in the text, or the planner would compute the error beforehand and raise it for every row.
  return `(${literal(`~${sqlstate}~`)}::pg_catalog.text OPERATOR(pg_catalog.||) ${value})::pg_catalog.int4::pg_catalog.text`
}

/** The SQLSTATE that `raise` put into the message of an error; undefined for any other error. */
export function raisedState(message: string): string | undefined {
  return /"~([0-9A-Z]{5})~/.exec(message)?.[1]
}

/** The type to write in SQL that today's server is to understand. A type that it does not have is text there. */
export function liveTypeText({ object, modifiers, isArray, liveText }: ColumnType): string {
  if (object.live === undefined) {
    if (object.kind === 'domain' && object.base) return liveTypeText(object.base) + (isArray ? '[]' : '')
    if (object.kind !== 'enum') throw new NotFollowed(`type "${object.name}" is made by the migrations`)
    return isArray ? 'pg_catalog.text[]' : 'pg_catalog.text'
  }
  // Words such as `timestamp(3) with time zone` take their modifiers in the middle.
  if (liveText !== undefined && object.schema === 'pg_catalog') return liveText
  return `${object.schema === 'pg_catalog' ? quoteRelation('pg_catalog', object.name) : object.live}${modifiers}${isArray ? '[]' : ''}`
}

/**
 * SQL that gives the value of `expression` as the type, raising what the migration would raise. A cast that a statement
 * spells out cuts a string to its length; an assignment to a column refuses one that is too long.
 */
export function castTo(expression: string, type: ColumnType, how: 'explicit' | 'assignment'): string {
  const { object, isArray, modifiers } = type
  if (object.live === undefined && object.kind === 'enum') return castToNewEnum(expression, type)
  if (object.live === undefined && object.kind === 'domain' && object.base) {
    return castToNewDomain(expression, type, object.base, how)
  }
  const text = liveTypeText(type)
  const length = how === 'assignment' && !isArray ? lengthOf(object.name, modifiers) : undefined
  if (length === undefined) return `CAST(${expression} AS ${text})`
  // Spaces beyond the length are cut silently: https://www.postgresql.org/docs/current/datatype-character.html
  const tooLong = `pg_catalog.length(pg_catalog.rtrim(v, ' ')) OPERATOR(pg_catalog.>) ${length}`
  return `CAST((SELECT CASE WHEN ${tooLong} THEN ${raise('22001', 'v')} ELSE v END FROM (SELECT CAST(${expression} AS pg_catalog.text) AS v OFFSET 0) AS ex) AS ${text})`
}

/** A domain that does not exist today, or is another by now: its values are of its base type, and each must pass. */
function castToNewDomain(
  expression: string,
  { object, isArray }: ColumnType,
  base: ColumnType,
  how: 'explicit' | 'assignment',
): string {
  const value = castTo(expression, { ...base, isArray: base.isArray || isArray }, how)
  const { domainNotNull, domainChecks = [] } = object
  if (!domainNotNull && domainChecks.length === 0) return value
  if (isArray) throw new NotFollowed(`arrays of domain "${object.name}"`)
  const refuse = (sqlstate: string) =>
    `CAST(${raise(sqlstate, `COALESCE(v::pg_catalog.text, 'NULL')`)} AS ${liveTypeText(base)})`
  const refusals = [
    ...(domainNotNull ? [`WHEN v IS NULL THEN ${refuse('23502')}`] : []),
    ...domainChecks.map((check) => `WHEN ${domainCondition(check, 'v')} IS FALSE THEN ${refuse('23514')}`),
  ]
  return `(SELECT CASE ${refusals.join(' ')} ELSE v END FROM (SELECT ${value} AS v OFFSET 0) AS ex)`
}

/** What a domain demands of a value, as SQL. */
export function domainCondition({ expression }: DomainCheck, value: string): string {
  const given = parseExpression(value)
  return deparseExpression(
    mapTree(expression, (kind, node) =>
      kind === 'ColumnRef' && lastName(node.fields) === 'value' ? given : undefined,
    ),
  )
}

function lengthOf(typeName: string, modifiers: string): number | undefined {
  if (typeName !== 'varchar' && typeName !== 'bpchar') return undefined
  const length = /^\((\d+)\)$/.exec(modifiers)?.[1]
  return length === undefined ? undefined : Number(length)
}

/** The labels of an enum at this point of the chain, as SQL of an array of text. */
export function labelsAsText({ labels }: TypeObject): string {
  return `ARRAY[${labels.map(literal).join(', ')}]::pg_catalog.text[]`
}

/** An enum that does not exist today: its values are text, and each must be one of its labels. */
function castToNewEnum(expression: string, { object, isArray }: ColumnType): string {
  const labels = labelsAsText(object)
  const member = (v: string) =>
    `CASE WHEN ${v} IS NULL OR ${v} OPERATOR(pg_catalog.=) ANY(${labels}) THEN ${v} ELSE ${raise('22P02', v)} END`
  if (!isArray)
    return `(SELECT ${member('v')} FROM (SELECT CAST(${expression} AS pg_catalog.text) AS v OFFSET 0) AS ex)`
  const each = `SELECT pg_catalog.array_agg(${member('e')} ORDER BY i) FROM pg_catalog.unnest(v) WITH ORDINALITY AS u(e, i)`
  return `(SELECT CASE WHEN v IS NULL THEN NULL WHEN pg_catalog.cardinality(v) = 0 THEN v ELSE (${each}) END FROM (SELECT CAST(${expression} AS pg_catalog.text[]) AS v OFFSET 0) AS ex)`
}
