import type { CatalogDifference } from '../domain/catalog-object.js'
import { oneWay, type Step } from './step.js'

type Changed = NonNullable<CatalogDifference['properties']>[number]

/**
 * Gives back storage parameters.
 * @param alter makes a statement of `SET (…)` and `RESET (…)`
 */
export function optionsBack(properties: readonly Changed[], alter: (change: string) => string): Step[] {
  return properties
    .filter(({ property }) => /^(other )?options( of the toast table)?$/.test(property))
    .flatMap(({ before, after }) => {
      const [old, now] = [asList(before), asList(after)]
      const set = old.filter((one) => !now.includes(one))
      const named = new Set(old.map(nameOf))
      const reset = now.map(nameOf).filter((name) => !named.has(name))
      return [
        ...(set.length > 0 ? [oneWay(alter(`SET (${set.join(', ')})`))] : []),
        ...(reset.length > 0 ? [oneWay(alter(`RESET (${reset.join(', ')})`))] : []),
      ]
    })
}

function asList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function nameOf(option: string): string {
  return option.split('=')[0] ?? option
}
