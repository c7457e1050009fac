import type { CatalogDifference } from '../domain/catalog-object.js'
import { oneWay, type Step } from './step.js'

type Changed = NonNullable<CatalogDifference['properties']>[number]

/** Gives back what a statement changed of a sequence, but where it stands. */
export function sequenceAlters(properties: readonly Changed[], object: string): Step[] {
  const clauses = properties.flatMap(({ property, before }) => clauseOf(property, before))
  return clauses.length === 0 ? [] : [oneWay(`ALTER SEQUENCE ${object} ${clauses.join(' ')}`)]
}

function clauseOf(property: string, before: unknown): string[] {
  const value = String(before)
  switch (property) {
    case 'type':
      return [`AS ${value}`]
    case 'start':
      return [`START ${value}`]
    case 'increment':
      return [`INCREMENT ${value}`]
    case 'minimum':
      return [`MINVALUE ${value}`]
    case 'maximum':
      return [`MAXVALUE ${value}`]
    case 'cache':
      return [`CACHE ${value}`]
    case 'cycle':
      return [before === true ? 'CYCLE' : 'NO CYCLE']
    case 'owned by':
      if (before === undefined) return ['OWNED BY NONE']
      return / as identity$/.test(value) ? [] : [`OWNED BY ${value}`]
    default:
      return []
  }
}
