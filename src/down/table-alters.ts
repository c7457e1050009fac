import type { CatalogDifference } from '../domain/catalog-object.js'
import { optionsBack } from './options.js'
import { oneWay, type Step } from './step.js'

type Changed = NonNullable<CatalogDifference['properties']>[number]

/** Gives back what a statement changed of a table itself. */
export function tableAlters(properties: readonly Changed[], object: string): Step[] {
  const alter = (change: string) => `ALTER TABLE ${object} ${change}`
  const bounds = properties.find(({ property }) => property === 'partition bounds')
  const steps = properties.flatMap(({ property, before, after }): Step[] => {
    const isOn = before === true
    switch (property) {
      case 'row security':
        return [oneWay(alter(isOn ? 'ENABLE ROW LEVEL SECURITY' : 'DISABLE ROW LEVEL SECURITY'))]
      case 'row security for the owner':
        return [oneWay(alter(isOn ? 'FORCE ROW LEVEL SECURITY' : 'NO FORCE ROW LEVEL SECURITY'))]
      case 'persistence':
        return [oneWay(alter(before === 'unlogged' ? 'SET UNLOGGED' : 'SET LOGGED'))]
      case 'tablespace':
        return [oneWay(alter(`SET TABLESPACE ${String(before ?? 'pg_default')}`))]
      case 'access method':
        return [oneWay(alter(`SET ACCESS METHOD ${String(before)}`))]
      case 'of type':
        return [oneWay(alter(before === undefined ? 'NOT OF' : `OF ${String(before)}`))]
      case 'replica identity':
        return [oneWay(alter(`REPLICA IDENTITY ${replicaIdentity(String(before))}`))]
      case 'inherits':
        return bounds ? partitionBack(object, bounds, before, after) : inheritanceBack(alter, before, after)
      default:
        return []
    }
  })
  return [...steps, ...optionsBack(properties, alter)]
}

function replicaIdentity(before: string): string {
  if (before.startsWith('index ')) return `USING INDEX ${before.slice('index '.length).replace(/^.*\./s, '')}`
  return before === 'primary key' ? 'DEFAULT' : before.toUpperCase()
}

function partitionBack(object: string, bounds: Changed, before: unknown, after: unknown): Step[] {
  const [old] = namesIn(before)
  const [now] = namesIn(after)
  return [
    ...(now === undefined ? [] : [oneWay(`ALTER TABLE ${now} DETACH PARTITION ${object}`)]),
    ...(old === undefined
      ? []
      : [oneWay(`ALTER TABLE ${old} ATTACH PARTITION ${object} ${String(bounds.before)}`)]),
  ]
}

function inheritanceBack(alter: (change: string) => string, before: unknown, after: unknown): Step[] {
  const [old, now] = [namesIn(before), namesIn(after)]
  return [
    ...now.filter((one) => !old.includes(one)).map((one) => oneWay(alter(`NO INHERIT ${one}`))),
    ...old.filter((one) => !now.includes(one)).map((one) => oneWay(alter(`INHERIT ${one}`))),
  ]
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
