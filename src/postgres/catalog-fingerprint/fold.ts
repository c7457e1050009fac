import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'
import { lastPartOf } from './names.js'

/**
 * The differences without the parts of what is itself new or missing: who reads that a table is new need not read it of each
 * of its columns, constraints and indexes. What is whole comes first.
 */
export function foldTableParts(
  differences: readonly CatalogDifference[],
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
): CatalogDifference[] {
  const parts = new Map(
    [...before, ...after].map((object) => [`${object.kind} ${object.name}`, wholeOf(object)]),
  )
  const wholes = new Set(
    differences
      .filter(({ change, kind, name }) => change !== 'changed' && !parts.get(`${kind} ${name}`))
      .map(({ change, name }) => `${change} ${name}`),
  )
  const isPart = ({ kind, name }: CatalogDifference) => parts.get(`${kind} ${name}`) !== undefined
  const kept = differences.filter(
    ({ change, kind, name }) => !wholes.has(`${change} ${parts.get(`${kind} ${name}`)}`),
  )
  return [...kept.filter((one) => !isPart(one)), ...kept.filter(isPart)]
}

/** The table, view, domain or type that the object is a part of; undefined for what stands by itself. */
export function wholeOf({ kind, name, properties }: CatalogObject): string | undefined {
  if (kind === 'column') return withoutLastPart(name)
  if (kind === 'index' || kind === 'statistics') return String(properties.table)
  if (kind === 'sequence' && properties['owned by'])
    return withoutLastPart(String(properties['owned by']).replace(/ as identity$/, ''))
  if (kind === 'constraint' || kind === 'trigger' || kind === 'rule' || kind === 'policy')
    return name.slice(name.lastIndexOf(' on ') + ' on '.length).replace(/^domain /, '')
  return undefined
}

function withoutLastPart(name: string): string {
  return name.slice(0, -lastPartOf(name).length - 1)
}
