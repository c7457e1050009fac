import type { CatalogDifference } from '../domain/catalog-object.js'
import type { Definition } from '../postgres/definitions/definition.js'
import { columnAlters } from './column-alters.js'
import { labelsBack } from './enum-labels.js'
import { commentBack, privilegesBack } from './privileges.js'
import { nameOn } from './renames.js'
import { sequenceAlters } from './sequence-alters.js'
import { oneWay, type Step } from './step.js'
import { tableAlters } from './table-alters.js'

type Changed = NonNullable<CatalogDifference['properties']>[number]

/** An object that is there before and after the statement, and not the same. */
export interface Alteration {
  readonly kind: CatalogDifference['kind']
  readonly name: string
  readonly properties: readonly Changed[]
  readonly before: Definition | undefined
  readonly now: Definition | undefined
  /** Every column of now: one of a type that is made anew goes over to it. */
  readonly columns: readonly Definition[]
}

/** Gives back what the statement changed of an object that is still there, one step a property. */
export function altersBack(alteration: Alteration): Step[] {
  const { kind, name, properties, before, now } = alteration
  const object = before?.name ?? name
  const own = properties.flatMap((one) => commonStep(one, kind, object, before))
  const rest = properties.filter(({ property }) => !common.has(property))
  if (rest.length === 0) return own
  return [...specific({ ...alteration, properties: rest }, object, before, now, alteration.columns), ...own]
}

const common: ReadonlySet<string> = new Set(['comment', 'owner', 'privileges'])

function commonStep(
  { property, before, after }: Changed,
  kind: string,
  object: string,
  definition: Definition | undefined,
): Step[] {
  switch (property) {
    case 'comment':
      return [commentBack(`${kind.toUpperCase()} ${object}`, before)]
    case 'owner':
      return [oneWay(`ALTER ${kind.toUpperCase()} ${object} OWNER TO ${String(before)}`)]
    case 'privileges':
      return kind === 'column'
        ? privilegesBack(
            before,
            after,
            `ON ${nameOn(definition?.on ?? '')}`,
            `"${definition?.own.replaceAll('"', '""')}"`,
          )
        : privilegesBack(before, after, `ON ${grantWords[kind] ?? kind.toUpperCase()} ${object}`)
    default:
      return []
  }
}

/** What GRANT calls other than COMMENT ON does: https://www.postgresql.org/docs/current/sql-grant.html */
const grantWords: Readonly<Record<string, string>> = {
  view: 'TABLE',
  'materialized view': 'TABLE',
  'foreign table': 'TABLE',
  server: 'FOREIGN SERVER',
  aggregate: 'FUNCTION',
}

function specific(
  { kind, properties }: Alteration,
  object: string,
  before: Definition | undefined,
  now: Definition | undefined,
  columns: Alteration['columns'],
): Step[] {
  const create = before?.create
  switch (kind) {
    case 'table':
    case 'foreign table':
      return tableAlters(properties, object)
    case 'column':
      return before?.column && now?.column ? columnAlters(properties, before, now) : []
    case 'sequence':
      return sequenceAlters(properties, object)
    case 'function':
    case 'procedure':
      return create === undefined
        ? []
        : [{ alternatives: [[create], [`DROP ${kind.toUpperCase()} ${now?.name ?? object}`, create]] }]
    case 'view':
      return viewBack(object, create)
    case 'trigger':
      return triggerBack(properties, before)
    case 'type':
      return labelsBack(properties, before, columns)
    case 'domain':
      return properties.flatMap((one) => domainBack(one, object))
    case 'constraint':
    case 'index':
    case 'rule':
    case 'policy':
    case 'statistics':
      return anew(kind, object, before)
    case 'materialized view':
      return create === undefined ? [] : [oneWay(`DROP MATERIALIZED VIEW ${object}`, create)]
    case 'extension':
      return properties.flatMap(({ property, before: value }) =>
        property === 'version' ? [oneWay(`ALTER EXTENSION ${object} UPDATE TO '${String(value)}'`)] : [],
      )
    default:
      return []
  }
}

/** A view that has got columns can only be made anew. */
function viewBack(object: string, create: string | undefined): Step[] {
  if (create === undefined) return []
  const replaced = create.replace(/^CREATE VIEW/, 'CREATE OR REPLACE VIEW')
  return [{ alternatives: [[replaced], [`DROP VIEW ${object}`, create]] }]
}

function anew(kind: string, object: string, before: Definition | undefined): Step[] {
  const { create, on = '', own = '' } = before ?? {}
  if (create === undefined) return []
  const quoted = `"${own.replaceAll('"', '""')}"`
  if (kind === 'constraint') return [oneWay(`ALTER ${on} DROP CONSTRAINT ${quoted}`, create)]
  if (kind === 'rule' || kind === 'policy')
    return [oneWay(`DROP ${kind.toUpperCase()} ${quoted} ON ${nameOn(on)}`, create)]
  return [oneWay(`DROP ${kind.toUpperCase()} ${object}`, create)]
}

const triggerStates: Readonly<Record<string, string>> = {
  origin: 'ENABLE',
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

function triggerBack(properties: readonly Changed[], before: Definition | undefined): Step[] {
  const { create, on = '', own = '' } = before ?? {}
  const quoted = `"${own.replaceAll('"', '""')}"`
  return properties.flatMap(({ property, before: value }) => {
    if (property === 'enabled')
      return [oneWay(`ALTER ${on} ${triggerStates[String(value)] ?? 'ENABLE'} TRIGGER ${quoted}`)]
    return create === undefined ? [] : [oneWay(`DROP TRIGGER ${quoted} ON ${nameOn(on)}`, create)]
  })
}

function domainBack({ property, before }: Changed, object: string): Step[] {
  if (property === 'not null')
    return [oneWay(`ALTER DOMAIN ${object} ${before === true ? 'SET' : 'DROP'} NOT NULL`)]
  if (property !== 'default') return []
  return [
    oneWay(
      before === undefined
        ? `ALTER DOMAIN ${object} DROP DEFAULT`
        : `ALTER DOMAIN ${object} SET DEFAULT ${String(before)}`,
    ),
  ]
}
