import type pg from 'pg'
import type { Reader } from '../../src/domain/reader.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { quoteIdentifier } from '../../src/sql/names.js'
import { asGuard } from './as-guard.js'
import { parse } from './parse.js'
import { twinOf } from './twin.js'

/** What was foretold of a migration, held against what it then did. */
export interface Outcome {
  /** SQLSTATE of the failure foretold, or `passes`. */
  readonly foretold: string
  /** SQLSTATE that came, or `passes`. */
  readonly real: string
  readonly doubts: string[]
  /** Columns, as `table.column`, whose content was not foretold. */
  readonly unknown: string[]
  /** Tables whose content was foretold otherwise than it came: foretold and real rows. */
  readonly wrong: Record<string, { foretold: string[]; real: string[] }>
}

/** Predicts a migration on a database of its own making, runs it, and compares. */
export async function foretellAndRun(
  client: pg.Client,
  setup: string,
  migration: string,
  { onTwin = true }: { readonly onTwin?: boolean } = {},
): Promise<Outcome> {
  await client.query('ROLLBACK')
  await client.query('DISCARD ALL')
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  await client.query(`SET search_path = public; SET jit = off; ${setup}`)
  const statements = parse(migration)
  const file = { migration: 'm', file: 'm', statements, execution: executionModelOf(statements) }

  const twin = onTwin ? await twinOf(client) : undefined
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  // One for each forecast, because what is read of a server is remembered by its reader.
  const reader: Reader = { query: (sql, values) => client.query(sql, values && [...values]) }
  const { failure, doubts, future } = await asGuard(client, () =>
    makeForecast([file], [reader], 'public', () => undefined, twin),
  )
  await client.query('COMMIT')

  // Today's rows are read by the queries that predict; the migration runs in a transaction that is left open for that.
  const real = await run(client, migration)
  const outcome = {
    foretold: failure?.sqlstate ?? 'passes',
    real,
    // What comes after the statement that fails does not run.
    doubts: doubts
      .filter(({ place }) => !failure || place.index < failure.place.index)
      .map(({ reason }) => reason),
    unknown: [] as string[],
    wrong: {} as Outcome['wrong'],
  }
  if (real !== 'passes' || !future) return outcome
  const realRows = new Map<string, { columns: string[]; known: string[]; rows: string[] }>()
  for (const { table, columns } of await tablesOf(client)) {
    const known = columns.filter((column) => future.find('public', table, [column]))
    outcome.unknown.push(...columns.filter((one) => !known.includes(one)).map((one) => `${table}.${one}`))
    realRows.set(table, { columns, known, rows: await rowsOf(client, quoteIdentifier(table), known) })
  }
  await client.query('ROLLBACK')
  for (const [table, { known, rows }] of realRows) {
    const from = future.find('public', table, known)?.from
    if (from === undefined) continue
    const foretold = await rowsOf(client, from, known, future.complete)
    if (foretold.join('\n') !== rows.join('\n')) outcome.wrong[table] = { foretold, real: rows }
  }
  return outcome
}

async function run(client: pg.Client, migration: string): Promise<string> {
  await client.query('BEGIN')
  try {
    await client.query(migration)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE')
    return 'passes'
  } catch (error) {
    await client.query('ROLLBACK')
    return (error as { code?: string }).code ?? String(error)
  }
}

async function tablesOf(client: pg.Client): Promise<{ table: string; columns: string[] }[]> {
  const { rows } = await client.query(`
    SELECT c.relname AS table, ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm') ORDER BY 1`)
  return rows
}

async function rowsOf(
  client: pg.Client,
  from: string,
  columns: readonly string[],
  complete = (query: string) => query,
): Promise<string[]> {
  const list = columns.map((column) => `r.${quoteIdentifier(column)}::text`)
  const { rows } = await client.query(complete(`SELECT json_build_array(${list}) AS row FROM ${from} AS r`))
  return rows.map(({ row }) => JSON.stringify(row)).sort()
}
