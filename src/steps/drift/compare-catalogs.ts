import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'
import type { Finding } from '../../domain/finding.js'
import { plural } from '../../domain/quantities.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { kindsOfPlace } from '../rehearsal/kinds-of-place.js'
import { isPartOf, partsOfWholes, schemaOf, unquoted } from './parts.js'

/** What depends on who runs the migrations and how the database is looked after; Prisma's schema says nothing of it. */
const upkeep =
  /^(owner|privileges|comment|position|version|tablespace|access method|storage|compression|cost|rows|cache|clustered|populated|readable|replica identity|statistics targets?|(other )?options( of the toast table)?)$/

const shownNames = 5

/**
 * The differences between what the migrations make and what the database holds, one finding a line, with its direction. What
 * lies in schemas that no migration touches, and who owns and looks after the objects, is named and does not block.
 *
 * @param made the catalog that the migrations make on an empty database
 * @param found the catalog of the database
 * @param home the schema of the target
 */
export function compareCatalogs(
  made: readonly CatalogObject[],
  found: readonly CatalogObject[],
  home: string,
): Finding[] {
  const differences = diffCatalogObjects(made, found)
    .filter(({ kind }) => !kindsOfPlace.has(kind))
    // Who has made an extension on our own server says nothing of the migrations.
    .filter(({ kind, properties = [{ property: '' }] }) =>
      kind === 'extension' ? properties.some(({ property }) => property !== 'owner') : true,
    )
    // Who may use the schema itself is decided before the first migration.
    .filter(
      ({ kind, name, change }) => !(kind === 'schema' && unquoted(name) === home && change === 'changed'),
    )
  const touched = new Set(made.filter(({ kind }) => kind !== 'schema').map(schemaOf)).add(home)
  const beside = differences.filter((one) => one.change === 'added' && !touched.has(placeOf(one)))
  const rest = differences.filter((one) => !beside.includes(one))
  const isUpkeep = (one: CatalogDifference) => one.kind === 'default privileges' || hasOnlyUpkeep(one)
  const wholes = partsOfWholes(rest, [...made, ...found])
  return [
    ...rest.filter((one) => !isUpkeep(one) && !isPartOf(one, wholes)).map(drift),
    ...foldedUpkeep(rest.filter(isUpkeep)),
    ...foldedBeside(beside.filter((one) => !isPartOf(one, partsOfWholes(beside, found)))),
  ]
}

/** A schema lies in itself. */
function placeOf(object: CatalogDifference): string | undefined {
  return object.kind === 'schema' ? unquoted(object.name) : schemaOf(object)
}

function hasOnlyUpkeep({ change, properties = [] }: CatalogDifference): boolean {
  return change === 'changed' && properties.every(({ property }) => upkeep.test(property))
}

/** How `--accept` calls an object: two of different kinds may have the same name. */
function nameOf({ kind, name }: CatalogDifference): string {
  return `${kind} ${name}`
}

function drift(difference: CatalogDifference): Finding {
  const common = {
    code: 'drift',
    kind: 'history',
    verdict: 'block',
    step: 'check',
    object: nameOf(difference),
  } as const
  switch (difference.change) {
    case 'added':
      return {
        ...common,
        message: `the database has ${nameOf(difference)}, which no migration makes`,
        hint: 'Put it into a migration and mark that one as applied here, or drop it from the database.',
      }
    case 'removed':
      return {
        ...common,
        message: `the migrations make ${nameOf(difference)}, which the database does not have`,
        hint: 'Make it in the database, or drop it in a migration and mark that one as applied here.',
      }
    case 'changed':
      return {
        ...common,
        message: `the database has another ${nameOf(difference)} than the migrations make (migrations → database): ${changesOf(difference)}`,
        hint: 'Change it in the database, or in a migration and mark that one as applied here.',
      }
  }
}

function changesOf(difference: CatalogDifference): string {
  const properties = difference.properties?.filter(({ property }) => !upkeep.test(property))
  const text = formatCatalogDifference({ ...difference, ...(properties ? { properties } : {}) })
  return text.slice(text.indexOf(': ') + 2)
}

function foldedUpkeep(differences: readonly CatalogDifference[]): Finding[] {
  const byProperty = new Map<string, CatalogDifference[]>()
  for (const difference of differences) {
    const properties = difference.properties?.map(({ property }) => property) ?? [difference.kind]
    for (const property of new Set(properties))
      byProperty.set(property, [...(byProperty.get(property) ?? []), difference])
  }
  return [...byProperty].map(([property, objects]): Finding => {
    const [first] = objects
    const example = first?.properties?.find((one) => one.property === property)
    const line =
      first && example
        ? `, first ${formatCatalogDifference({ ...first, properties: [example] })}`
        : `: ${namesIn(objects)}`
    return {
      code: 'drift',
      kind: 'history',
      verdict: 'warn',
      step: 'check',
      object: property,
      message: `${property} of ${plural(objects.length, 'object')} otherwise than the migrations leave it (migrations → database)${line}`,
      hint: 'Nothing is to be done if that is how this database is run.',
    }
  })
}

function foldedBeside(differences: readonly CatalogDifference[]): Finding[] {
  const bySchema = new Map<string, CatalogDifference[]>()
  for (const difference of differences) {
    const schema = placeOf(difference) ?? ''
    bySchema.set(schema, [...(bySchema.get(schema) ?? []), difference])
  }
  return [...bySchema].map(([schema, objects]): Finding => {
    const where = schema === '' ? '' : ` in schema ${schema}`
    return {
      code: 'drift',
      kind: 'history',
      verdict: 'warn',
      step: 'check',
      object: schema === '' ? 'outside of every schema' : `schema ${schema}`,
      message: `the database has ${plural(objects.length, 'object')}${where} that no migration touches: ${namesIn(objects)}`,
      hint: 'Nothing is to be done if something else than these migrations makes them.',
    }
  })
}

function namesIn(differences: readonly CatalogDifference[]): string {
  const names = differences.slice(0, shownNames).map(nameOf)
  const more = differences.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
