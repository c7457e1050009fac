import type { CatalogModel, Relation } from '../../../src/forecast/model.js'

/**
 * What a catalog says beyond the lines that every test compares: families, bounds, what keys lead to, how indexes are
 * made, rules, policies, domains, functions, schemas. One line for each thing.
 */
export function moreLinesOf(catalog: CatalogModel): string[] {
  const { relations, types, functions, schemas, sequences } = catalog
  return [
    ...relations.flatMap(linesOf),
    ...types
      .filter(({ schema, kind, isDropped }) => schema !== 'pg_catalog' && kind === 'domain' && !isDropped)
      .flatMap(({ schema, name, base, domainNotNull, domainDefault, domainChecks = [] }) => [
        `domain ${schema}.${name} of ${base?.object.name}${base?.modifiers}${base?.isArray ? '[]' : ''}${domainNotNull ? ' not null' : ''}${domainDefault ? ' default' : ''}`,
        ...domainChecks.map(
          (check) =>
            `check of domain ${schema}.${name} ${check.name}${check.isValidated ? '' : ' not valid'}`,
        ),
      ]),
    ...functions.map(({ schema, name, language }) => `function ${schema}.${name} ${language}`),
    ...[...schemas].filter((name) => !/^(pg_|information_schema)/.test(name)).map((name) => `schema ${name}`),
    ...sequences.map(
      ({ schema, name, increment, ownedBy }) =>
        `sequence ${schema}.${name} by ${increment} of ${ownedBy?.name ?? 'nobody'}`,
    ),
  ]
}

function linesOf(relation: Relation): string[] {
  const own = nameOf(relation)
  return [
    ...relation.parents.map(
      (parent) => `${own} ${relation.isPartition ? 'partition of' : 'inherits'} ${nameOf(parent)}`,
    ),
    ...(relation.kind === 'partitioned table' || relation.kind === 'table'
      ? [
          `table ${own}${relation.isTemporary ? ' temporary' : ''}${relation.isUnlogged ? ' unlogged' : ''}${relation.hasRowSecurity ? ' row security' : ''}${relation.isRowSecurityForced ? ' forced' : ''}`,
        ]
      : []),
    ...relation.constraints
      .filter(({ kind }) => kind === 'foreign key')
      .map(
        ({ name, parent, parentColumns, onDelete, onUpdate, isDeferrable }) =>
          `foreign key ${own}.${name} to ${parent ? nameOf(parent) : 'nothing'} (${parentColumns?.map((one) => one.name).sort()}) ${onDelete} ${onUpdate}${isDeferrable ? ' deferrable' : ''}`,
      ),
    ...relation.indexes.map(
      ({ name, method, isValid, predicate, included, areNullsNotDistinct, parent }) =>
        `index ${own}.${name} ${method}${isValid ? '' : ' invalid'}${predicate ? ' partial' : ''}${areNullsNotDistinct ? ' nulls not distinct' : ''} include (${included.map((one) => one.name)}) of ${parent?.name ?? 'no index'}`,
    ),
    ...relation.rules.map(({ name, event }) => `rule ${own}.${name} ${event}`),
    ...relation.policies.map(({ name }) => `policy ${own}.${name}`),
  ]
}

function nameOf({ schema, name }: Relation): string {
  return `${schema}.${name}`
}
