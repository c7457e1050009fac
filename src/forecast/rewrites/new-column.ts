import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { lastName } from '../tree.js'
import { isSerial } from '../types.js'
import { batchedSql } from './batches.js'
import { constraintPart, notNullFiles } from './constraints.js'
import type { Part, Place } from './part.js'
import type { RewrittenFile } from './safe-rewrite.js'
import { chooseName, fileName, tableSql } from './sql.js'
import { isConstrainedDomain, typeNamed } from './type-named.js'

/**
 * ADD COLUMN, apart: the column, its values, and what is demanded of them. Undefined where the table must be written anew.
 * @param rewrites it is written anew by the statement as it stands, for a value that each row gets by itself
 */
export function newColumnPart(place: Place, cmd: Node, rewrites: boolean): Part | undefined {
  const { catalog } = place
  const definition: Node = cmd.def.ColumnDef
  const constraints: Node[] = (definition.constraints ?? []).map(({ Constraint }: Node) => Constraint)
  const has = (contype: string) => constraints.find((one) => one.contype === contype)
  const type = typeNamed(catalog, definition.typeName)
  if (has('CONSTR_GENERATED') || has('CONSTR_PRIMARY') || (type && isConstrainedDomain(type)))
    return undefined
  const values = valuesPart(place, cmd, definition, { has, rewrites })
  if (!values) return undefined
  const own = constraints.filter(({ contype }) =>
    ['CONSTR_CHECK', 'CONSTR_UNIQUE', 'CONSTR_FOREIGN'].includes(contype),
  )
  const others = own.map((constraint) => constraintPart(place, ofTable(constraint, definition.colname)))
  if (others.includes(undefined)) return undefined
  const parts = [values, ...(others as Part[])]
  return {
    before: parts.flatMap(({ before = [] }) => before),
    commands: parts.flatMap(({ commands }) => commands),
    after: parts.flatMap(({ after = [] }) => after),
    files: parts.flatMap(({ files }) => files),
  }
}

/** A constraint of a column as a constraint of its table. */
function ofTable(constraint: Node, column: string): Node {
  const key = [{ String: { sval: column } }]
  if (constraint.contype === 'CONSTR_FOREIGN') return { ...constraint, fk_attrs: key }
  return constraint.contype === 'CONSTR_UNIQUE' ? { ...constraint, keys: key } : constraint
}

type Has = (contype: string) => Node | undefined

function valuesPart(
  place: Place,
  cmd: Node,
  definition: Node,
  { has, rewrites }: { readonly has: Has; readonly rewrites: boolean },
): Part | undefined {
  const value = has('CONSTR_DEFAULT')
  const identity = has('CONSTR_IDENTITY')
  const isNotNull = has('CONSTR_NOTNULL') !== undefined
  if (isSerial(definition.typeName) || identity) return countedPart(place, cmd, definition, identity)
  if (!value || !rewrites) {
    return { commands: [addCommand(cmd, definition, [value, has('CONSTR_NOTNULL')])], files: [] }
  }
  const setDefault = {
    subtype: 'AT_ColumnDefault',
    name: definition.colname,
    def: value?.raw_expr,
    behavior: 'DROP_RESTRICT',
  }
  const backfill = backfillFile(place, definition.colname)
  if (!backfill) return undefined
  return {
    // The default is for rows to come: set by itself, it is computed for none that is there.
    commands: [addCommand(cmd, definition, []), setDefault],
    files: [backfill, ...(isNotNull ? notNullFiles(place, definition.colname) : [])],
  }
}

function addCommand(cmd: Node, definition: Node, constraints: readonly (Node | undefined)[]): Node {
  const kept = constraints.flatMap((Constraint) => (Constraint ? [{ Constraint }] : []))
  const { constraints: _, ...rest } = definition
  return { ...cmd, def: { ColumnDef: { ...rest, ...(kept.length > 0 ? { constraints: kept } : {}) } } }
}

function backfillFile({ catalog, relation }: Place, column: string): RewrittenFile | undefined {
  const name = quoteIdentifier(column)
  const sql = batchedSql(
    catalog,
    `UPDATE ${tableSql(catalog, relation)} SET ${name} = DEFAULT WHERE ${name} IS NULL`,
  )
  if (sql === undefined) return undefined
  return {
    name: fileName('fill', relation.name, column),
    sql,
    why: 'the rows that are there get their values in batches, each committed',
  }
}

const integers: Readonly<Record<string, string>> = {
  ...{
    serial: 'integer',
    serial4: 'integer',
    bigserial: 'bigint',
    serial8: 'bigint',
    smallserial: 'smallint',
    serial2: 'smallint',
  },
  ...{ int2: 'smallint', int4: 'integer', int8: 'bigint' },
}

/** A counted column: with a sequence of its own, which an identity column replaces in the end. */
function countedPart(
  place: Place,
  cmd: Node,
  definition: Node,
  identity: Node | undefined,
): Part | undefined {
  const { catalog, relation } = place
  const column: string = definition.colname
  const type = integers[lastName(definition.typeName.names)]
  const backfill = backfillFile(place, column)
  if (type === undefined || !backfill || identity?.options) return undefined
  const table = tableSql(catalog, relation)
  const sequence = quoteIdentifier(chooseName(catalog, relation, [column], identity ? 'fill_seq' : 'seq'))
  const qualified =
    catalog.searchPath[0] === relation.schema ? sequence : `${quoteIdentifier(relation.schema)}.${sequence}`
  const plain = {
    ...definition,
    typeName: {
      names: [{ String: { sval: 'pg_catalog' } }, { String: { sval: nameOfInteger[type] } }],
      typemod: -1,
    },
  }
  return {
    before: [`CREATE SEQUENCE ${qualified} AS ${type};`],
    commands: [addCommand(cmd, plain, [])],
    after: [
      `ALTER SEQUENCE ${qualified} OWNED BY ${table}.${quoteIdentifier(column)};`,
      `ALTER TABLE ${table} ALTER COLUMN ${quoteIdentifier(column)} SET DEFAULT nextval('${qualified.replaceAll("'", "''")}');`,
    ],
    files: [
      backfill,
      ...notNullFiles(place, column),
      ...(identity ? [identityFile(place, column, qualified, identity)] : []),
    ],
  }
}

const nameOfInteger: Readonly<Record<string, string>> = { integer: 'int4', bigint: 'int8', smallint: 'int2' }

function identityFile(
  { catalog, relation }: Place,
  column: string,
  sequence: string,
  { generated_when: when }: Node,
): RewrittenFile {
  const table = tableSql(catalog, relation)
  const name = quoteIdentifier(column)
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
  return {
    name: fileName('identify', relation.name, column),
    sql: [
      `ALTER TABLE ${table} ALTER COLUMN ${name} DROP DEFAULT, ALTER COLUMN ${name} ADD GENERATED ${when === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY;`,
      `SELECT setval(pg_get_serial_sequence(${literal(table)}, ${literal(column)}), nextval(${literal(sequence)}), false);`,
      `DROP SEQUENCE ${sequence};`,
    ].join('\n'),
    why: 'the column counts on by itself; only the catalog changes',
  }
}
