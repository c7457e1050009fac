import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { foreignKeysOf, foreignKeysTo } from '../locks/foreign-keys.js'
import { nameOf } from '../lookup.js'
import type { Column, Constraint, IndexObject } from '../model.js'
import { boundColumn, deparseExpression, mapTree, namesOf, parseStatement } from '../tree.js'
import { batchedSql } from './batches.js'
import type { Place } from './part.js'
import { indexReads, policyReads, readsColumn, viewReads } from './references.js'
import type { RewrittenFile } from './safe-rewrite.js'
import { alterTableSql, chooseName, fileName, statementSql, tableSql } from './sql.js'

/** The new default: a tree, none, or as it was. */
export type NewDefault = { readonly tree?: Node } | 'kept'

/**
 * Expand and contract: a column of the new type beside the old one, kept in step by a trigger, filled in batches, and put
 * in the place of the old one when all rows have it. Undefined where more depends on the column than can be moved.
 */
export function expandAndContract(
  place: Place,
  cmd: Node,
  newDefault: NewDefault,
): RewrittenFile[] | undefined {
  const { catalog, relation } = place
  const column = relation.columns.find(({ name }) => name === cmd.name)
  if (!column || !canBeMoved(place, column)) return undefined
  const names = namesFor(place, column)
  const table = tableSql(catalog, relation)
  const using: Node = cmd.def.ColumnDef.raw_default ?? {
    ColumnRef: { fields: [{ String: { sval: column.name } }] },
  }
  const fresh = quoteIdentifier(names.column)
  const fill = batchedSql(catalog, `UPDATE ${table} SET ${fresh} = ${deparseExpression(using)}`)
  const indexes = relation.indexes.filter((index) => indexReads(index, column))
  const copies = indexes.map((index) => copyOfIndex(place, index, column, names.column))
  if (fill === undefined || copies.includes(undefined)) return undefined
  const checks = relation.constraints.filter(
    ({ kind, columns }) => kind === 'check' && columns.includes(column),
  )
  return [
    {
      name: fileName('expand', relation.name, column.name),
      sql: [
        addColumnSql(place, cmd, names.column),
        ...syncSql(place, names, using),
        ...checks.map((check) => copyOfCheck(place, check, column, names.column)),
      ].join('\n'),
      why: 'a column of the new type beside the old one; a trigger writes it along with the old one',
    },
    {
      name: fileName('fill', relation.name, names.column),
      sql: fill,
      why: 'the rows that are there get their values in batches, each committed',
    },
    ...validations(place, column, names, checks),
    ...(copies as IndexCopy[]).map(({ name, sql }) => ({
      name: fileName('build', name),
      sql,
      why: 'others read and write while it is built; it may not run in a transaction',
    })),
    {
      name: fileName('contract', relation.name, column.name),
      sql: contractSql(place, column, names, { indexes: copies as IndexCopy[], checks, newDefault }),
      why: 'the new column takes the place of the old one, at the end of the row; only the catalog changes',
    },
  ]
}

interface Names {
  readonly column: string
  readonly trigger: string
  readonly notNull: string
}

function namesFor({ catalog, relation }: Place, { name }: Column): Names {
  const taken = (one: string) => relation.columns.some((column) => column.name === one)
  let column = `${name}_new`
  while (taken(column)) column += '_'
  return {
    column,
    trigger: chooseName(catalog, relation, [name], 'sync'),
    notNull: chooseName(catalog, relation, [column], 'not_null'),
  }
}

/** Keys and references would have to move with other tables; what reads the column would keep it from being dropped. */
function canBeMoved({ catalog, relation }: Place, column: Column): boolean {
  const isPlain = relation.kind === 'table' && relation.parents.length === 0 && relation.children.length === 0
  const isComputed = column.generated || column.identity || column.sequence
  const isKept = relation.columns.some(({ generated }) => readsColumn(generated, column))
  const isKey = relation.constraints.some(
    ({ kind, columns, isDeferrable }) =>
      columns.includes(column) &&
      (kind === 'primary key' || kind === 'exclusion' || (kind === 'unique' && isDeferrable)),
  )
  const isReferring =
    foreignKeysOf(relation).some(({ columns }) => columns.includes(column)) ||
    foreignKeysTo(catalog, relation).some(({ foreignKey }) => foreignKey.parentColumns.includes(column))
  const isRead = catalog.relations.some(
    (other) =>
      viewReads(other, relation, column) ||
      policyReads(catalog, other.policies, relation, column) ||
      (other === relation && other.policies.length > 0),
  )
  const isWatched = relation.triggers.some(({ columns }) => columns.includes(column))
  return isPlain && !isComputed && !isKept && !isKey && !isReferring && !isRead && !isWatched
}

function addColumnSql({ catalog, relation }: Place, cmd: Node, name: string): string {
  const { typeName, collClause } = cmd.def.ColumnDef as Node
  const definition = { colname: name, typeName, is_local: true, ...(collClause ? { collClause } : {}) }
  const statement = parseStatement(
    `ALTER TABLE ${tableSql(catalog, relation)} ADD COLUMN c int`,
  ).AlterTableStmt
  return alterTableSql(statement, [
    { subtype: 'AT_AddColumn', def: { ColumnDef: definition }, behavior: 'DROP_RESTRICT' },
  ])
}

/** Assigned, not cast, so that a value which does not fit is refused as it is by ALTER COLUMN TYPE. */
function syncSql({ catalog, relation }: Place, names: Names, using: Node): string[] {
  const fn = nameOf(catalog, { schema: relation.schema, name: names.trigger })
  const ofNew = mapTree(using, (kind, node) =>
    kind === 'ColumnRef'
      ? {
          ColumnRef: {
            fields: [{ String: { sval: 'new' } }, { String: { sval: namesOf(node.fields).at(-1) } }],
          },
        }
      : undefined,
  )
  const body = `BEGIN NEW.${quoteIdentifier(names.column)} := ${deparseExpression(ofNew)}; RETURN NEW; END`
  const quote = body.includes('$$') ? '$sync$' : '$$'
  return [
    `CREATE FUNCTION ${fn}() RETURNS trigger LANGUAGE plpgsql AS ${quote}${body}${quote};`,
    `CREATE TRIGGER ${quoteIdentifier(names.trigger)} BEFORE INSERT OR UPDATE ON ${tableSql(catalog, relation)} FOR EACH ROW EXECUTE FUNCTION ${fn}();`,
  ]
}

interface IndexCopy {
  readonly index: IndexObject
  readonly name: string
  readonly sql: string
}

/** Undefined for an index whose definition was not read, because the migrations make it. */
function copyOfIndex(
  { catalog, relation }: Place,
  index: IndexObject,
  column: Column,
  fresh: string,
): IndexCopy | undefined {
  if (index.definition === undefined) return undefined
  const node: Node = parseStatement(index.definition).IndexStmt
  const name = chooseName(catalog, { ...relation, name: index.name }, [], 'new')
  const renamed: Node = mapTree(node, (kind, inner) => {
    if (kind === 'IndexElem' && inner.name === column.name) return { IndexElem: { ...inner, name: fresh } }
    return kind === 'ColumnRef' && namesOf(inner.fields).at(-1) === column.name
      ? { ColumnRef: { fields: [{ String: { sval: fresh } }] } }
      : undefined
  })
  return { index, name, sql: statementSql('IndexStmt', { ...renamed, idxname: name, concurrent: true }) }
}

function copyOfCheck({ catalog, relation }: Place, check: Constraint, column: Column, fresh: string): string {
  const expression = mapTree(check.expression as Node, (kind, node) => {
    const bound = kind === 'ColumnRef' ? node[boundColumn] : undefined
    return bound && { ColumnRef: { fields: [{ String: { sval: bound === column ? fresh : bound.name } }] } }
  })
  return `ALTER TABLE ${tableSql(catalog, relation)} ADD CONSTRAINT ${quoteIdentifier(copiedName(check))} CHECK ${deparseExpression(expression)} NOT VALID;`
}

function copiedName({ name }: Constraint): string {
  return `${name.slice(0, 59)}_new`
}

/** After the filling: a row that is not filled yet could not be changed at all. */
function validations(
  { catalog, relation }: Place,
  column: Column,
  names: Names,
  checks: readonly Constraint[],
): RewrittenFile[] {
  const table = tableSql(catalog, relation)
  const validate = (name: string) => `ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`
  const valid = checks.filter(({ isValidated }) => isValidated)
  const files: RewrittenFile[] = []
  if (column.isNotNull) {
    files.push({
      name: fileName('require', relation.name, names.column),
      sql: `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(names.notNull)} CHECK (${quoteIdentifier(names.column)} IS NOT NULL) NOT VALID;`,
      why: 'from here on no new NULL gets in; the rows that are there are not looked at',
    })
  }
  const names_ = [...(column.isNotNull ? [names.notNull] : []), ...valid.map(copiedName)]
  if (names_.length > 0) {
    files.push({
      name: fileName('validate', relation.name, names.column),
      sql: names_.map(validate).join('\n'),
      why: 'the rows that are there are checked while others read and write',
    })
  }
  return files
}

interface Moved {
  readonly indexes: readonly IndexCopy[]
  readonly checks: readonly Constraint[]
  readonly newDefault: NewDefault
}

function contractSql(
  { catalog, relation }: Place,
  column: Column,
  names: Names,
  { indexes, checks, newDefault }: Moved,
): string {
  const table = tableSql(catalog, relation)
  const [old, fresh] = [quoteIdentifier(column.name), quoteIdentifier(names.column)]
  const inSchema = (name: string) => nameOf(catalog, { schema: relation.schema, name })
  const tree = newDefault === 'kept' ? column.default : newDefault.tree
  return [
    `DROP TRIGGER ${quoteIdentifier(names.trigger)} ON ${table};`,
    `DROP FUNCTION ${inSchema(names.trigger)}();`,
    ...(column.isNotNull
      ? [
          `ALTER TABLE ${table} ALTER COLUMN ${fresh} SET NOT NULL;`,
          `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(names.notNull)};`,
        ]
      : []),
    `ALTER TABLE ${table} DROP COLUMN ${old};`,
    `ALTER TABLE ${table} RENAME COLUMN ${fresh} TO ${old};`,
    ...(tree ? [`ALTER TABLE ${table} ALTER COLUMN ${old} SET DEFAULT ${deparseExpression(tree)};`] : []),
    ...checks.map(
      (check) =>
        `ALTER TABLE ${table} RENAME CONSTRAINT ${quoteIdentifier(copiedName(check))} TO ${quoteIdentifier(check.name)};`,
    ),
    ...indexes.flatMap(({ index, name }) => {
      const rename = `ALTER INDEX ${inSchema(name)} RENAME TO ${quoteIdentifier(index.name)};`
      const isConstraint = relation.constraints.some((constraint) => constraint.index === index)
      const add = `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(index.name)} UNIQUE USING INDEX ${quoteIdentifier(index.name)};`
      return isConstraint ? [rename, add] : [rename]
    }),
  ].join('\n')
}
