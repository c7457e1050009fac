import type { CatalogDifference } from '../domain/catalog-object.js'
import type { Definition } from '../postgres/definitions/definition.js'
import { quoteIdentifier } from '../sql/names.js'
import { optionsBack } from './options.js'
import { oneWay, type Step } from './step.js'

type Changed = NonNullable<CatalogDifference['properties']>[number]

/** Gives back what a statement changed of a column that is still there. */
export function columnAlters(properties: readonly Changed[], before: Definition, now: Definition): Step[] {
  const { on = '', own, column } = before
  if (column === undefined) return []
  const name = quoteIdentifier(own)
  const alter = (change: string) => `ALTER ${on} ALTER COLUMN ${name} ${change}`
  const names = new Set(properties.map(({ property }) => property))
  if (on.startsWith('TYPE '))
    return names.has('type') || names.has('collation')
      ? [oneWay(`ALTER ${on} ALTER ATTRIBUTE ${name} TYPE ${column.type}`)]
      : []
  const steps: Step[] = []
  // A column is generated from its beginning, or never.
  if (names.has('generated'))
    return [
      column.generated === undefined
        ? oneWay(alter('DROP EXPRESSION'))
        : oneWay(
            `ALTER ${on} DROP COLUMN ${name}`,
            `ALTER ${on} ADD COLUMN ${name} ${column.type} ${column.generated}`,
          ),
    ]
  if (names.has('identity')) steps.push(...identityBack(column.generated, now, alter))
  if (names.has('type') || names.has('collation')) steps.push(typeBack(column.type, name, alter))
  else if (names.has('default'))
    steps.push(oneWay(alter(column.default === undefined ? 'DROP DEFAULT' : `SET DEFAULT ${column.default}`)))
  for (const { property, before: value } of properties) {
    if (property === 'not null') steps.push(oneWay(alter(column.notNull ? 'SET NOT NULL' : 'DROP NOT NULL')))
    if (property === 'storage') steps.push(oneWay(alter(`SET STORAGE ${String(value)}`)))
    if (property === 'compression') steps.push(oneWay(alter(`SET COMPRESSION ${String(value ?? 'default')}`)))
    if (property === 'statistics target') steps.push(oneWay(alter(`SET STATISTICS ${String(value ?? -1)}`)))
  }
  return [...steps, ...optionsBack(properties, (change) => alter(change))]
}

/**
 * Without USING the server takes only casts that refuse what does not fit; an explicit one may cut values silently. The last
 * two are for types that know one another by their texts only, and for a default that stands in the way: it comes back by itself.
 */
function typeBack(type: string, name: string, alter: (change: string) => string): Step {
  const plain = type.replace(/ COLLATE .*$/s, '')
  const viaText = alter(`TYPE ${type} USING ${name}::pg_catalog.text::${plain}`)
  const cast = alter(`TYPE ${type} USING ${name}::${plain}`)
  const withoutDefault = alter('DROP DEFAULT')
  return {
    alternatives: [
      [alter(`TYPE ${type}`)],
      [cast],
      [viaText],
      [withoutDefault, alter(`TYPE ${type}`)],
      [withoutDefault, cast],
      [withoutDefault, viaText],
    ],
  }
}

function identityBack(
  generated: string | undefined,
  now: Definition,
  alter: (change: string) => string,
): Step[] {
  if (generated === undefined) return [oneWay(alter('DROP IDENTITY'))]
  if (now.column?.generated === undefined) return [oneWay(alter(`ADD ${generated}`))]
  return [oneWay(alter(`SET ${generated.replace(/ AS IDENTITY.*$/s, '')}`))]
}
