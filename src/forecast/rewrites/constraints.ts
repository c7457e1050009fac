import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { isPartitioned } from '../locks/family.js'
import { findColumn } from '../lookup.js'
import { namesOf, visitTree } from '../tree.js'
import type { Part, Place } from './part.js'
import type { RewrittenFile } from './safe-rewrite.js'
import { chooseName, columnsSql, fileName, statementSql, tableSql } from './sql.js'

/** A constraint of the table, or one that was taken out of a new column's definition. */
export function constraintPart(place: Place, constraint: Node): Part | undefined {
  switch (constraint.contype) {
    case 'CONSTR_CHECK':
      return notValidPart(place, constraint, checkName(place, constraint))
    case 'CONSTR_FOREIGN':
      // A foreign key of a partitioned table cannot be NOT VALID before 18.
      if (isPartitioned(place.relation)) return undefined
      return notValidPart(
        place,
        constraint,
        chooseName(place.catalog, place.relation, namesOf(constraint.fk_attrs), 'fkey'),
      )
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      return constraint.indexname || isPartitioned(place.relation) ? undefined : keyPart(place, constraint)
    default:
      return undefined
  }
}

/** NOT VALID is checked for new rows only, so that the lock is short; VALIDATE lets readers and writers through. */
function notValidPart(place: Place, constraint: Node, defaultName: string): Part {
  const name: string = constraint.conname ?? defaultName
  const { initially_valid: isValid, ...rest } = constraint
  const command = {
    subtype: 'AT_AddConstraint',
    def: { Constraint: { ...rest, conname: name, skip_validation: true } },
    behavior: 'DROP_RESTRICT',
  }
  return { commands: [command], files: [validateFile(place, name)] }
}

export function validateFile({ catalog, relation }: Place, name: string): RewrittenFile {
  return {
    name: fileName('validate', name),
    sql: `ALTER TABLE ${tableSql(catalog, relation)} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`,
    why: 'the rows that are there are checked while others read and write',
  }
}

function checkName({ catalog, relation }: Place, { raw_expr: expression }: Node): string {
  const columns = new Set<string>()
  visitTree(expression, (kind, node) => {
    if (kind === 'ColumnRef') columns.add(namesOf(node.fields).at(-1) ?? '')
  })
  return chooseName(catalog, relation, columns.size === 1 ? [...columns] : [], 'check')
}

/** SET NOT NULL reads the table under its lock unless a valid CHECK has proven it. */
export function notNullFiles({ catalog, relation }: Place, column: string): RewrittenFile[] {
  const table = tableSql(catalog, relation)
  const name = quoteIdentifier(chooseName(catalog, relation, [column], 'not_null'))
  const quoted = quoteIdentifier(column)
  return [
    {
      name: fileName('require', relation.name, column),
      sql: `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${quoted} IS NOT NULL) NOT VALID;`,
      why: 'from here on no new NULL gets in; the rows that are there are not looked at',
    },
    {
      name: fileName('validate', relation.name, column),
      sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
      why: 'the rows that are there are checked while others read and write',
    },
    {
      name: fileName('set', relation.name, column, 'not_null'),
      // In one ALTER TABLE the server would drop the CHECK first, and read the table.
      sql: `ALTER TABLE ${table} ALTER COLUMN ${quoted} SET NOT NULL;\nALTER TABLE ${table} DROP CONSTRAINT ${name};`,
      why: 'the CHECK proves it, so that no row is read',
    },
  ]
}

/** A unique index that was built without a lock becomes the key's. */
function keyPart(place: Place, constraint: Node): Part {
  const { catalog, relation } = place
  const columns = namesOf(constraint.keys)
  const isPrimary = constraint.contype === 'CONSTR_PRIMARY'
  const named = isPrimary ? [] : [...columns, ...namesOf(constraint.including)]
  const name: string = constraint.conname ?? chooseName(catalog, relation, named, isPrimary ? 'pkey' : 'key')
  const nullable = isPrimary ? columns.filter((column) => !findColumn(relation, column)?.isNotNull) : []
  return {
    commands: [],
    files: [
      ...nullable.flatMap((column) => notNullFiles(place, column)),
      uniqueIndexFile(place, constraint, name, columns),
      {
        name: fileName('add', name),
        sql: useIndexSql(place, constraint, name),
        why: 'the index is there already, so that only the catalog changes',
      },
    ],
  }
}

function uniqueIndexFile(
  { catalog, relation }: Place,
  constraint: Node,
  name: string,
  columns: readonly string[],
): RewrittenFile {
  const elements = (names: readonly string[]) =>
    names.map((column) => ({
      IndexElem: { name: column, ordering: 'SORTBY_DEFAULT', nulls_ordering: 'SORTBY_NULLS_DEFAULT' },
    }))
  const included = namesOf(constraint.including)
  return {
    name: fileName('build', name),
    sql: statementSql('IndexStmt', {
      idxname: name,
      relation: rangeVar(catalog, relation),
      accessMethod: 'btree',
      indexParams: elements(columns),
      ...(included.length > 0 ? { indexIncludingParams: elements(included) } : {}),
      ...(constraint.nulls_not_distinct ? { nulls_not_distinct: true } : {}),
      ...(constraint.options ? { options: constraint.options } : {}),
      ...(constraint.indexspace ? { tableSpace: constraint.indexspace } : {}),
      unique: true,
      concurrent: true,
    }),
    why: 'others read and write while it is built; it may not run in a transaction',
  }
}

function rangeVar({ searchPath }: Place['catalog'], { schema, name }: Place['relation']): Node {
  return {
    ...(searchPath[0] === schema ? {} : { schemaname: schema }),
    relname: name,
    inh: true,
    relpersistence: 'p',
  }
}

function useIndexSql(
  { catalog, relation }: Place,
  { contype, deferrable, initdeferred }: Node,
  name: string,
): string {
  const kind = contype === 'CONSTR_PRIMARY' ? 'PRIMARY KEY' : 'UNIQUE'
  const timing = `${deferrable ? ' DEFERRABLE' : ''}${initdeferred ? ' INITIALLY DEFERRED' : ''}`
  const [quoted] = [columnsSql([name])]
  return `ALTER TABLE ${tableSql(catalog, relation)} ADD CONSTRAINT ${quoted} ${kind} USING INDEX ${quoted}${timing};`
}
