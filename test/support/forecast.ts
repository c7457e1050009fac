import type pg from 'pg'
import { gate } from '../../src/checks/harmless/gate.js'
import type { Evidence, Finding } from '../../src/domain/finding.js'
import type { Reader } from '../../src/domain/reader.js'
import { NotFollowed } from '../../src/forecast/casts.js'
import type { ForecastFile } from '../../src/forecast/file.js'
import { type Forecast, weigh } from '../../src/forecast/forecast.js'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import type { LockClaim } from '../../src/forecast/locks/claim.js'
import { weighLosses } from '../../src/forecast/loss/weigh.js'
import type { CatalogModel, Relation } from '../../src/forecast/model.js'
import { Questions } from '../../src/forecast/questions.js'
import { inRowOrder } from '../../src/forecast/row-order.js'
import type { Walk } from '../../src/forecast/walk.js'
import { walkOver } from '../../src/forecast/walk-over.js'
import { executionModelOf, wrappedStatements } from '../../src/sql/execution-model.js'
import { quoteIdentifier, quoteRelation } from '../../src/sql/names.js'
import { ownSearchPath } from '../../src/sql/search-path.js'
import { asGuard } from './as-guard.js'
import { parse } from './parse.js'
import { twinOf } from './twin.js'

/** Where and with what the migrations end. */
export interface End {
  /** `file.statement`, both 1-based; the file alone where its COMMIT fails. */
  readonly at: string
  readonly sqlstate: string
}

/** The rows of a relation as text, sorted, under `schema.table`. */
export type Contents = Map<string, { columns: string[]; rows: string[] }>

export interface Foretold {
  readonly forecast: Omit<
    Forecast,
    'losses' | 'damage' | 'lockFindings' | 'lockClaims' | 'lockFirst' | 'rowTypes' | 'lineage'
  >
  readonly end: End | undefined
  /** Every SQLSTATE for which rows of the failing statement give a reason: which row comes first, nobody can know. */
  readonly sqlstates: readonly string[]
  readonly evidence: Evidence | undefined
  readonly catalog: string[]
  readonly contents: Contents
  /** Columns and relations that the forecast says it does not know. */
  readonly unknown: string[]
  /** The statements, by `file.statement`, of which a twin has shown the locks. */
  readonly seen: ReadonlySet<string>
  /** What each statement locks, by `file.statement`. */
  readonly locks: ReadonlyMap<string, readonly LockClaim[]>
  /** What existing data the files take away or change; empty unless it was asked for. */
  readonly losses: readonly Finding[]
}

/** Gives the forecast of pending files, before any of them runs. */
export type Foretell = typeof foretell

/** Is told of every statement that really runs in a transaction of the whole file. */
export interface StatementWatch {
  beforeFile(file: ForecastFile, isWhole: boolean): Promise<void>
  afterStatement(at: string): Promise<void>
}

export interface Truth {
  readonly end: (End & { message: string }) | undefined
  readonly catalog: string[]
  readonly contents: Contents
}

export interface RunOptions {
  readonly watch?: StatementWatch
  /** The role that deploys; a superuser when absent. */
  readonly role?: string
  /** More lines about a catalog than those that every test compares. */
  readonly moreLines?: (catalog: CatalogModel) => readonly string[]
}

/** Everything of an earlier chain goes; the database itself stays, because a new one takes longer than most chains. */
export async function resetDatabase(client: pg.Client, setup: string): Promise<void> {
  await client.query(`
    DO $$ DECLARE s text; BEGIN
      FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP;
    END $$`)
  await client.query('DISCARD ALL')
  await client.query(
    `CREATE SCHEMA public; SET search_path = public; SET jit = off; SET statement_timeout = '5s'; ${setup}`,
  )
}

export function filesOf(pending: readonly string[]): ForecastFile[] {
  return pending.map((sql, i) => {
    const statements = parse(sql)
    const name = String(i + 1)
    return { migration: name, file: name, statements, execution: executionModelOf(statements) }
  })
}

/** Walks over the files as a run does, and reads every content that it comes to: nothing has really run by then. */
export async function foretell(
  client: pg.Client,
  files: readonly ForecastFile[],
  {
    withLosses = false,
    moreLines = () => [],
    onTwin = true,
  }: { readonly withLosses?: boolean; readonly onTwin?: boolean } & Pick<RunOptions, 'moreLines'> = {},
): Promise<Foretold> {
  const twin = onTwin ? await twinOf(client) : undefined
  await client.query(
    `SET search_path = ${ownSearchPath}; BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`,
  )
  try {
    // One for each forecast, because what is read of a server is remembered by its reader.
    const reader: Reader = { query: (sql, values) => client.query(sql, values && [...values]) }
    const { readers } = await gate<[Reader]>([reader])
    const { walk, locks, losses, behindUnknown } = await walkOver(
      files,
      reader,
      'public',
      twin ? { twin } : {},
    )
    const questions = new Questions(readers, walk.content.chain)
    const outcomes = await questions.ask(walk.requirements, () => undefined)
    const forecast = { behindUnknown, ...weigh(walk, questions, await inRowOrder(outcomes, questions)) }
    const weighed = withLosses ? await weighLosses(losses, [], readers, walk.content.chain) : undefined
    const { failure } = forecast
    const isEnd = failure !== undefined
    const sqlstates: string[] = []
    for (const requirement of failure ? walk.requirements : []) {
      const { file, index } = requirement.place
      if (file !== failure?.place.file || index !== failure.place.index) continue
      const outcome = await questions.one(requirement)
      if (outcome.kind === 'violated') sqlstates.push(outcome.sqlstate)
    }
    await client.query('SET LOCAL search_path = public')
    const { contents, unknown } = isEnd
      ? { contents: new Map(), unknown: [] }
      : await readContents(client, walk)
    return {
      forecast,
      end: isEnd
        ? { at: `${failure.place.file}.${failure.place.index}`, sqlstate: failure.sqlstate }
        : undefined,
      sqlstates,
      evidence: failure?.evidence,
      catalog: [...summaryOf(walk.catalog), ...moreLines(walk.catalog)].sort(),
      contents,
      unknown,
      seen: new Set(
        locks.statements.flatMap(({ place, isSeen }) => (isSeen ? `${place.file}.${place.index}` : [])),
      ),
      locks: new Map(
        locks.statements.map(({ place, claims }) => [`${place.file}.${place.index}`, claims] as const),
      ),
      losses: weighed?.findings ?? [],
    }
  } finally {
    await client.query('ROLLBACK')
  }
}

async function readContents(
  client: pg.Client,
  walk: Walk,
): Promise<{ contents: Contents; unknown: string[] }> {
  const contents: Contents = new Map()
  const unknown: string[] = []
  for (const relation of walk.catalog.relations) {
    const name = nameOf(relation)
    if (!isReadable(walk, relation) || relation.opaque !== undefined) {
      unknown.push(name)
      continue
    }
    const known = relation.columns.filter(({ opaque }) => opaque === undefined)
    unknown.push(
      ...relation.columns.filter((one) => !known.includes(one)).map((one) => `${name}.${one.name}`),
    )
    const columns = known.map((one) => one.name)
    const query = `${rowsAsText(columns)} FROM ${walk.content.read(relation)} AS r`
    const whole = walk.content.chain.withClauseOf(query) + query
    const rows = await foretoldRows(client, whole, columns)
    if (rows) contents.set(name, { columns, rows })
  }
  return { contents, unknown }
}

/** A view may hold what cannot be written as a question, e.g. a cast to the row type of a table. */
function isReadable({ content }: Walk, relation: Relation): boolean {
  try {
    content.read(relation)
    return true
  } catch (error) {
    if (error instanceof NotFollowed) return false
    throw error
  }
}

/** Content that cannot be read differs from every real row; what the role may not read is not compared. */
async function foretoldRows(
  client: pg.Client,
  query: string,
  columns: readonly string[],
): Promise<string[] | undefined> {
  await client.query('SAVEPOINT content')
  try {
    return await sortedRows(client, query)
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT content')
    if ((error as { code?: string }).code === '42501') return undefined
    return [JSON.stringify(columns.map(() => `cannot be read: ${(error as Error).message}`))]
  }
}

/**
 * Really runs the files as the hosted engine does: a file in one transaction where that can be, else statement by
 * statement.
 */
export async function runReally(
  client: pg.Client,
  files: readonly ForecastFile[],
  options: RunOptions = {},
): Promise<Truth> {
  const end = await runFiles(client, files, options)
  await beginSession(client)
  const catalog = await asGuard(client, () => readLiveCatalog(client, 'public'))
  const contents: Contents = new Map()
  for (const relation of catalog.relations) {
    const columns = relation.columns.map(({ name }) => name)
    const query = `${rowsAsText(columns)} FROM ${quoteRelation(relation.schema, relation.name)} AS r`
    const rows = await sortedRows(client, query).catch(ifNotPopulated)
    if (rows) contents.set(nameOf(relation), { columns, rows })
  }
  const lines = options.moreLines?.(catalog) ?? []
  return { end, catalog: [...summaryOf(catalog), ...lines].sort(), contents }
}

/** A materialized view WITH NO DATA has no rows, and nobody may ask for them. */
function ifNotPopulated(error: Error & { code?: string }): undefined {
  if (error.code !== '55000') throw error
}

/** As the hosted engine begins a file: what an earlier one has set is gone. */
async function beginSession(client: pg.Client, role?: string): Promise<void> {
  await client.query('RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL')
  await client.query(
    `SET search_path = public; SET jit = off; SET statement_timeout = '5s'; ${role === undefined ? '' : `SET ROLE ${role}`}`,
  )
}

async function runFiles(
  client: pg.Client,
  files: readonly ForecastFile[],
  { watch, role }: RunOptions,
): Promise<Truth['end']> {
  for (const whole of files) {
    const { file, statements, execution } = whole
    const isOurs = execution.mode === 'all-or-nothing' && !wrappedStatements(statements)
    let at = file
    try {
      await beginSession(client, role)
      if (isOurs) await client.query('BEGIN')
      await watch?.beforeFile(whole, isOurs)
      for (const { index, sql } of statements) {
        at = `${file}.${index}`
        await client.query(sql)
        if (isOurs) await watch?.afterStatement(at)
      }
      at = file
      if (isOurs) await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK')
      const { code = '', message } = error as Error & { code?: string }
      return { at, sqlstate: code, message }
    }
  }
  return undefined
}

function rowsAsText(columns: readonly string[]): string {
  const list = columns.map((name) => `r.${quoteIdentifier(name)}::pg_catalog.text`)
  return `SELECT pg_catalog.json_build_array(${list.join(', ')})::pg_catalog.text AS row`
}

async function sortedRows(client: pg.Client, query: string): Promise<string[]> {
  const { rows } = await client.query(query)
  return rows.map(({ row }) => row as string).sort()
}

function nameOf({ schema, name }: Relation): string {
  return `${schema}.${name}`
}

/** What the forecast must know of a catalog, one line for each thing. */
export function summaryOf({ relations, types, sequences }: CatalogModel): string[] {
  return [
    ...relations.flatMap((relation) => [
      `${relation.kind} ${nameOf(relation)}`,
      ...relation.columns.map(
        ({ name, type, isNotNull, default: value, generated, identity }) =>
          `column ${nameOf(relation)}.${name} ${type.object.schema}.${type.object.name}${type.modifiers}${type.isArray ? '[]' : ''}${isNotNull ? ' not null' : ''}${value ? ' default' : ''}${generated ? ' generated' : ''}${identity ? ` identity ${identity}` : ''}`,
      ),
      ...relation.constraints.map(
        ({ name, kind, isValidated, columns }) =>
          `${kind} ${nameOf(relation)}.${name} (${columns.map((column) => column.name).sort()})${isValidated ? '' : ' not valid'}`,
      ),
      ...relation.indexes.map(
        ({ name, isUnique, keys }) =>
          `${isUnique ? 'unique ' : ''}index ${nameOf(relation)}.${name} (${keys.map(({ column }) => column?.name ?? 'expression')})`,
      ),
      ...relation.triggers.map(({ name, isEnabled }) => `trigger ${nameOf(relation)}.${name} ${isEnabled}`),
    ]),
    ...types
      .filter(({ schema, isDropped }) => schema !== 'pg_catalog' && !isDropped)
      .map(({ schema, name, kind, labels }) => `${kind} ${schema}.${name} ${labels.join(',')}`),
    ...sequences.map(({ schema, name }) => `sequence ${schema}.${name}`),
  ].sort()
}

/** Where the foretold catalog and contents differ from what came; empty when all is as foretold. */
export function differences(foretold: Foretold, truth: Truth, random: readonly string[]): string[] {
  const found = [
    ...foretold.catalog.filter((line) => !truth.catalog.includes(line)).map((line) => `not true: ${line}`),
    ...truth.catalog
      .filter((line) => !foretold.catalog.includes(line))
      .map((line) => `not foretold: ${line}`),
  ].filter((line) => !foretold.unknown.some((column) => line.includes(`: column ${column} `)))
  for (const [name, { columns, rows }] of foretold.contents) {
    const real = truth.contents.get(name)
    if (!real) continue
    const compared = columns.filter(
      (column) => real.columns.includes(column) && !random.includes(`${name}.${column}`),
    )
    const [ours, theirs] = [pick(columns, rows, compared), pick(real.columns, real.rows, compared)]
    if (ours.join('\n') !== theirs.join('\n'))
      found.push(
        `content of ${name} (${compared}):`,
        ...ours.map((row) => `  foretold ${row}`),
        ...theirs.map((row) => `  true     ${row}`),
      )
  }
  return found
}

function pick(columns: readonly string[], rows: readonly string[], compared: readonly string[]): string[] {
  const places = compared.map((column) => columns.indexOf(column))
  return rows.map((row) => JSON.stringify(places.map((place) => JSON.parse(row)[place]))).sort()
}
