import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'

type Named = Pick<CatalogObject, 'kind' | 'name'>

const part = '(?:"(?:[^"]|"")*"|[^".\\s(]+)'
const onSchema = new RegExp(` on (?:domain )?(${part})\\.`, 's')
const inSchema = new RegExp(`^(${part})\\.`, 's')

const withoutSchema = new Set([
  ...[
    'schema',
    'extension',
    'cast',
    'language',
    'access method',
    'event trigger',
    'publication',
    'subscription',
  ],
  ...[
    'foreign-data wrapper',
    'server',
    'user mapping',
    'large object',
    'default privileges',
    'database',
    'transform',
  ],
])

/** The schema in which an object lies, without quotes; undefined for what lies in none. */
export function schemaOf(object: Named): string | undefined {
  const quoted = quotedSchemaOf(object)
  return quoted === undefined ? undefined : unquoted(quoted)
}

/** A name as the catalog holds it. */
export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

function quotedSchemaOf({ kind, name }: Named): string | undefined {
  if (withoutSchema.has(kind)) return undefined
  const isOnTable = ['constraint', 'trigger', 'rule', 'policy'].includes(kind)
  return (isOnTable ? onSchema : inSchema).exec(name)?.[1]
}

/** Wholes that are new or gone, each with the kind of change, and what the catalogs tell of what belongs to a table. */
export interface Wholes {
  /** `change name`, of relations and columns. */
  readonly names: ReadonlySet<string>
  /** By `kind name`: the table of an index, the column of a sequence. */
  readonly owners: ReadonlyMap<string, string>
}

/** Finds tables, views, types and columns that are new or gone: their parts need no line of their own. */
export function partsOfWholes(
  differences: readonly CatalogDifference[],
  objects: readonly CatalogObject[],
): Wholes {
  const wholeKinds = new Set([
    'table',
    'foreign table',
    'view',
    'materialized view',
    'type',
    'domain',
    'column',
  ])
  const names = differences
    .filter(({ kind, change }) => wholeKinds.has(kind) && change !== 'changed')
    .map(({ change, name }) => `${change} ${name}`)
  const constraints = differences.filter(({ kind }) => kind === 'constraint').map(indexBehind)
  const owners = objects.flatMap(({ kind, name, properties }): [string, string][] => {
    const owner = kind === 'sequence' ? properties['owned by'] : properties.table
    return typeof owner === 'string' ? [[`${kind} ${name}`, owner.replace(/ as identity$/, '')]] : []
  })
  return { names: new Set([...names, ...constraints]), owners: new Map(owners) }
}

/** A key comes with an index of its name, in the schema of its table. */
function indexBehind({ name, change }: CatalogDifference): string {
  const at = name.lastIndexOf(' on ')
  return `${change} index ${quotedSchemaOf({ kind: 'constraint', name })}.${name.slice(0, at)}`
}

/** Whether a difference is told by that of the table, view, type, column or key that it belongs to. */
export function isPartOf({ kind, name, change }: CatalogDifference, { names, owners }: Wholes): boolean {
  const has = (whole: string | undefined) => whole !== undefined && names.has(`${change} ${whole}`)
  switch (kind) {
    case 'column':
      return has(new RegExp(`^(.*)\\.${part}$`, 's').exec(name)?.[1])
    case 'constraint':
    case 'trigger':
    case 'rule':
    case 'policy':
      return has(/^.* on (?:domain )?(.*)$/s.exec(name)?.[1])
    case 'index':
    case 'statistics':
    case 'sequence': {
      const owner = owners.get(`${kind} ${name}`)
      const table =
        owner === undefined ? undefined : new RegExp(`^(.*\\.${part})\\.${part}$`, 's').exec(owner)?.[1]
      return has(owner) || has(table) || names.has(`${change} index ${name}`)
    }
    default:
      return false
  }
}
