import type { CatalogDifference } from '../domain/catalog-object.js'
import type { Definition } from '../postgres/definitions/definition.js'
import { quoteIdentifier } from '../sql/names.js'
import { oneWay, type Step } from './step.js'

type Changed = NonNullable<CatalogDifference['properties']>[number]

/**
 * Takes values away from an enum that got some. PostgreSQL has no statement for that, so the type is made anew and its columns
 * go over to it, as Prisma does it; rows that hold such a value by then stop it.
 * @param columns every column; those of the type are found by its name
 */
export function labelsBack(
  properties: readonly Changed[],
  before: Definition | undefined,
  columns: readonly Definition[],
): Step[] {
  if (before?.create === undefined || !properties.some(hasNewLabels)) return []
  const aside = quoteIdentifier(`${before.own}_with_new_values`.slice(-63))
  const schema = before.name.slice(0, before.name.length - lastPart(before).length)
  const own = columns.filter(
    ({ on = '', column }) => /^TABLE /.test(on) && isOfType(column?.type, before.name),
  )
  return [
    oneWay(
      `ALTER TYPE ${before.name} RENAME TO ${aside}`,
      before.create,
      ...own.flatMap((one) => toNewType(one)),
      `DROP TYPE ${schema}${aside}`,
    ),
  ]
}

function hasNewLabels({ property, before, after }: Changed): boolean {
  if (property !== 'labels' || !Array.isArray(before) || !Array.isArray(after)) return false
  return before.length < after.length && before.every((label) => after.includes(label))
}

function lastPart({ name, own }: Definition): string {
  return name.endsWith(quoteIdentifier(own)) ? quoteIdentifier(own) : own
}

function isOfType(type: string | undefined, name: string): boolean {
  return type === name || type === `${name}[]`
}

/** A default is a value of the old type: it goes and comes back. What is generated cannot. */
function toNewType({ on, own, column }: Definition): string[] {
  const name = quoteIdentifier(own)
  const text = column?.type.endsWith('[]') ? 'pg_catalog.text[]' : 'pg_catalog.text'
  const alter = (change: string) => `ALTER ${on} ALTER COLUMN ${name} ${change}`
  const change = alter(`TYPE ${column?.type} USING ${name}::${text}::${column?.type}`)
  if (column?.default === undefined) return [change]
  return [alter('DROP DEFAULT'), change, alter(`SET DEFAULT ${column.default}`)]
}
