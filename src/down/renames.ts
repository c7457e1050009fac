import type { Definition } from '../postgres/definitions/definition.js'
import { quoteIdentifier } from '../sql/names.js'
import type { CatalogState } from './catalog-state.js'
import { oneWay, type Step } from './step.js'

/**
 * Gives back their names and schemas to all that the statement renamed or moved. An object is known by its identity, so that a
 * rename is never taken for a drop and an add. Parts come before their wholes: they are named with the names of now.
 */
export function renamesBack(before: CatalogState, after: CatalogState): Step[] {
  const renamed = [...before.definitions].flatMap(([identity, old]) => {
    const now = after.definitions.get(identity)
    return now && (now.own !== old.own || now.parent !== old.parent) ? [{ identity, old, now }] : []
  })
  const keys = new Set(
    renamed.filter(({ identity }) => identity.startsWith('pg_constraint')).map(({ now }) => now.own),
  )
  return renamed
    .filter(({ identity, now }) => !isBehindKey(identity, now, keys))
    .sort((one, other) => rank(one.now, one.identity) - rank(other.now, other.identity))
    .flatMap(({ identity, old, now }) => stepsFor(identity, old, now, before, after))
}

/** The index behind a key is renamed with it. */
function isBehindKey(identity: string, now: Definition, keys: ReadonlySet<string>): boolean {
  return (
    identity.startsWith('pg_class') && now.on !== undefined && now.create === undefined && keys.has(now.own)
  )
}

function rank({ on }: Definition, identity: string): number {
  if (on !== undefined) return 0
  return identity.startsWith('pg_namespace') ? 2 : 1
}

function stepsFor(
  identity: string,
  old: Definition,
  now: Definition,
  before: CatalogState,
  after: CatalogState,
): Step[] {
  const steps: Step[] = []
  if (now.own !== old.own) steps.push(oneWay(renameBack(identity, old, now, after)))
  const schema = before.definitions.get(old.parent)
  if (now.on === undefined && now.parent !== old.parent && schema !== undefined) {
    const moved = nameAfterRename(old, now)
    steps.push(oneWay(`ALTER ${wordOf(identity, after)} ${moved} SET SCHEMA ${schema.name}`))
  }
  return steps
}

/** The last part of the name is the old one by then. */
function nameAfterRename(old: Definition, now: Definition): string {
  if (now.own === old.own) return now.name
  const quoted = [quoteIdentifier(now.own), now.own].find((one) => now.name.endsWith(one)) ?? now.name
  return `${now.name.slice(0, now.name.length - quoted.length)}${quoteIdentifier(old.own)}`
}

function renameBack(identity: string, old: Definition, now: Definition, after: CatalogState): string {
  const [to, from] = [quoteIdentifier(old.own), quoteIdentifier(now.own)]
  const { on = '' } = now
  switch (identity.split(' ')[0]) {
    case 'pg_enum':
      return `ALTER ${on} RENAME VALUE ${literal(now.own)} TO ${literal(old.own)}`
    case 'pg_constraint':
      return `ALTER ${on} RENAME CONSTRAINT ${from} TO ${to}`
    case 'pg_trigger':
      return `ALTER TRIGGER ${from} ON ${nameOn(on)} RENAME TO ${to}`
    case 'pg_policy':
      return `ALTER POLICY ${from} ON ${nameOn(on)} RENAME TO ${to}`
    case 'pg_rewrite':
      return `ALTER RULE ${from} ON ${nameOn(on)} RENAME TO ${to}`
    default:
      break
  }
  if (now.column)
    return `ALTER ${on} RENAME ${on.startsWith('TYPE ') ? 'ATTRIBUTE' : 'COLUMN'} ${from} TO ${to}`
  return `ALTER ${wordOf(identity, after)} ${now.name} RENAME TO ${to}`
}

/** The kind of an object that stands by itself, as ALTER takes it. */
function wordOf(identity: string, state: CatalogState): string {
  return (state.byIdentity.get(identity)?.kind ?? 'table').toUpperCase()
}

/** `TABLE orders` → `orders`. */
export function nameOn(on: string): string {
  return on.replace(/^(MATERIALIZED VIEW|FOREIGN TABLE|TABLE|VIEW|TYPE|DOMAIN|SEQUENCE) /, '')
}

/** A text as SQL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
