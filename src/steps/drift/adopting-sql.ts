// The SQL of a migration that makes of the migrations what the database is: proven by running it on the replayed database.
import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'
import { type Finding, isBlocking } from '../../domain/finding.js'
import { readCatalog } from '../../postgres/catalog.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { withConnection } from '../../postgres/connection.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { sqlToBecome } from '../../prisma/adopting-diff.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { applicationName, type Tools } from '../tools.js'
import { compareCatalogs } from './compare-catalogs.js'
import { isPartOf, partsOfWholes, schemaOf } from './parts.js'

const timeoutMs = 120_000

/** What a migration must say so that the migrations make what the database is. */
export interface AdoptingSql {
  readonly sql: string
  /** Differences that are left when it has run, in words: what neither Prisma's engine nor the server's own texts can write. */
  readonly left: readonly string[]
}

/**
 * Writes the SQL and tries it on the replayed database, which is another one afterwards. Prisma's engine writes what its schema
 * language knows; views, functions, triggers, checks and such indexes as it does not know are written in the server's own words.
 */
export async function writeAdoptingSql(
  replayed: RehearsalDatabase,
  found: readonly CatalogObject[],
  tools: Tools,
): Promise<AdoptingSql> {
  const { project, settings } = tools
  const session = {
    applicationName: applicationName(tools, 'replay'),
    parameters: { statement_timeout: String(timeoutMs) },
  }
  tools.screen.progress('writing the migration that adopts the differences')
  const byEngine = await sqlToBecome(project, replayed.address, settings.target, session).catch(
    (error: Error) => `-- Prisma's engine wrote nothing: ${error.message.split('\n')[0]}`,
  )
  const parts = [withoutNothing(byEngine)]
  const problems: string[] = []
  const run = (sql: string) =>
    runOnReplayed(replayed, sql, tools).catch((error: Error) => void problems.push(error.message))
  await run(byEngine)
  const byServer = ownWords(await readMade(replayed, tools), found, settings.target.schema)
  if (byServer !== '') {
    parts.push(byServer)
    await run(byServer)
  }
  const rest = compareCatalogs(await readMade(replayed, tools), found, settings.target.schema).filter(
    isBlocking,
  )
  return {
    sql: parts.filter(Boolean).join('\n\n'),
    left: [...problems.map((problem) => `it does not run as it is: ${problem}`), ...rest.map(messageOf)],
  }
}

function messageOf({ message }: Finding): string {
  return message
}

function withoutNothing(sql: string): string {
  return /^-- This is an empty migration\.?$/.test(sql) ? '' : sql
}

function sessionFor(tools: Tools) {
  return {
    applicationName: applicationName(tools, 'replay'),
    runsUserSql: true,
    parameters: { statement_timeout: '0' },
  }
}

async function runOnReplayed({ address }: RehearsalDatabase, sql: string, tools: Tools): Promise<void> {
  await withConnection(address, sessionFor(tools), (client) =>
    runScript(client, sql, { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined }),
  )
}

async function readMade({ address }: RehearsalDatabase, tools: Tools): Promise<readonly CatalogObject[]> {
  return withConnection(
    address,
    { ...sessionFor(tools), runsUserSql: false, readOnly: true },
    async (client) => {
      return (await readCatalog(client)).objects
    },
  )
}

/** What is left, in statements made of the definitions that the server itself gives. Drops come first. */
function ownWords(made: readonly CatalogObject[], found: readonly CatalogObject[], home: string): string {
  const touched = new Set(made.filter(({ kind }) => kind !== 'schema').map(schemaOf)).add(home)
  const differences = diffCatalogObjects(made, found)
  const wholes = partsOfWholes(differences, [...made, ...found])
  const own = differences.filter(
    (one) => touched.has(schemaOf(one)) && !isPartOf(one, { ...wholes, names: keysOnly(wholes.names) }),
  )
  const has = (object: CatalogDifference) => !hasSameDefinition(object, made, found)
  const drops = own.filter((one) => one.change !== 'added' && has(one)).map(dropOf)
  const creates = own
    .filter((one) => one.change !== 'removed' && has(one))
    .sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind))
    .map((one) => createOf(found.find(({ kind, name }) => kind === one.kind && name === one.name)))
  return [...drops, ...creates].filter(Boolean).join('\n')
}

/** What belongs to a table that the engine has made by now is to be written, but for the index behind a key. */
function keysOnly(names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].filter((name) => / index /.test(name)))
}

const order = ['function', 'procedure', 'constraint', 'index', 'view', 'materialized view', 'trigger', 'rule']

function hasSameDefinition(
  { kind, name, change }: CatalogDifference,
  made: readonly CatalogObject[],
  found: readonly CatalogObject[],
): boolean {
  if (change !== 'changed') return false
  const textIn = (objects: readonly CatalogObject[]) =>
    objects.find((one) => one.kind === kind && one.name === name)?.properties.definition
  return textIn(made) === textIn(found)
}

const nameOnTable = /^(.*) on (.*)$/s

function dropOf({ kind, name }: CatalogDifference): string {
  const [, part = '', table = ''] = nameOnTable.exec(name) ?? []
  switch (kind) {
    case 'constraint':
      return table.startsWith('domain ')
        ? `ALTER DOMAIN ${table.slice(7)} DROP CONSTRAINT ${part};`
        : `ALTER TABLE ${table} DROP CONSTRAINT ${part};`
    case 'trigger':
    case 'rule':
    case 'policy':
      return `DROP ${kind.toUpperCase()} ${part} ON ${table};`
    case 'index':
    case 'view':
    case 'materialized view':
    case 'function':
    case 'procedure':
    case 'sequence':
      return `DROP ${kind.toUpperCase()} ${name};`
    default:
      return ''
  }
}

/** Only where the server's text is all that it takes: what has more to it is left for a person. */
function createOf(object: CatalogObject | undefined): string {
  if (object === undefined) return ''
  const { kind, name, properties } = object
  const definition = String(properties.definition ?? '').replace(/;\s*$/, '')
  const [, part = '', table = ''] = nameOnTable.exec(name) ?? []
  if (definition === '') return ''
  switch (kind) {
    case 'constraint':
      return table.startsWith('domain ')
        ? `ALTER DOMAIN ${table.slice(7)} ADD CONSTRAINT ${part} ${definition};`
        : `ALTER TABLE ${table} ADD CONSTRAINT ${part} ${definition}${properties.validated === false ? ' NOT VALID' : ''};`
    case 'index':
    case 'trigger':
    case 'rule':
      return `${definition};`
    case 'view':
      return `CREATE VIEW ${name} AS ${definition.trim()};`
    case 'materialized view':
      return `CREATE MATERIALIZED VIEW ${name} AS ${definition.trim()};`
    case 'function':
      return functionText(object)
    default:
      return ''
  }
}

/** Of plain functions with a body in a string; what is set on it otherwise shows as a difference that is left. */
function functionText({ name, properties }: CatalogObject): string {
  const { arguments: taken = '', returns, language, definition, volatility } = properties
  const body = String(definition)
  if (returns === undefined || /^(BEGIN ATOMIC|RETURN )/.test(body)) return ''
  const tag = body.includes('$body$') ? '$definition$' : '$body$'
  const strict = properties['on null input'] === 'returns null' ? ' STRICT' : ''
  const definer = properties['security definer'] === true ? ' SECURITY DEFINER' : ''
  const bare = name.slice(0, name.indexOf('('))
  return `CREATE OR REPLACE FUNCTION ${bare}(${taken}) RETURNS ${returns} LANGUAGE ${language} ${String(volatility).toUpperCase()}${strict}${definer} AS ${tag}${body}${tag};`
}
