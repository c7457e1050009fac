import type pg from 'pg'
import { limitQuestions } from '../../src/checks/answer.js'
import type { Finding } from '../../src/domain/finding.js'
import type { ForecastFile } from '../../src/forecast/file.js'
import { type Forecast, makeForecast } from '../../src/forecast/forecast.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { quoteIdentifier, quoteRelation } from '../../src/sql/names.js'
import { ownSearchPath } from '../../src/sql/search-path.js'
import type { Twin } from '../../src/twin/twin.js'
import { parse } from './parse.js'
import { twinOf } from './twin.js'

/** Asks as a run does: in one read-only transaction, before anything runs. */
export async function forecastOf(
  client: pg.Client,
  pending: readonly string[],
  more: Pick<ForecastFile, 'keepsSession'> = {},
  twinFor: (client: pg.Client) => Promise<Twin> = twinOf,
): Promise<Forecast> {
  const files = parsed(pending).map(({ name, statements }) => ({
    migration: name,
    file: name,
    statements,
    execution: executionModelOf(statements),
    ...more,
  }))
  const twin = await twinFor(client)
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  await client.query(`SET LOCAL search_path = ${ownSearchPath}`)
  try {
    await limitQuestions(client, 20_000)
    return await makeForecast(files, [client], 'public', () => undefined, twin)
  } finally {
    await client.query('ROLLBACK')
  }
}

/** Everything of an earlier case goes; the database stays, because a new one takes longer than most cases. */
export async function resetDatabase(client: pg.Client, setup: string): Promise<void> {
  await client.query(`
    DO $$ DECLARE s text; BEGIN
      FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP;
    END $$`)
  await client.query('DISCARD ALL')
  await client.query(`CREATE SCHEMA public; SET search_path = public; ${setup}`)
}

export async function emptyAllTables(client: pg.Client): Promise<void> {
  await client.query(`
    DO $$ DECLARE t text; BEGIN
      FOR t IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
      LOOP EXECUTE 'TRUNCATE ' || t || ' CASCADE'; END LOOP;
    END $$`)
}

/** The files with what a finding proposes put in front of the statement that it is about. */
export function withProposal(
  pending: readonly string[],
  { migration, line = 0, fixSql = '' }: Finding,
): string[] {
  return parsed(pending).map(({ name, statements }) => {
    const at = name === migration ? statements.findIndex((one) => one.line >= line) : -1
    const texts = statements.map(({ sql }) => sql)
    if (at >= 0) texts.splice(at, 0, fixSql.replace(/;\s*$/, ''))
    return texts.map((text) => `${text};`).join('\n')
  })
}

function parsed(pending: readonly string[]) {
  return pending.map((sql, i) => ({ name: `migration_${i + 1}`, statements: parse(sql) }))
}

/** Every row of every table, by table, key and column. Tables and columns by their numbers, which no rename changes. */
export type Rows = Map<number, { name: string; columns: Map<number, Named>; rows: Map<string, Row> }>
interface Named {
  readonly name: string
  readonly type: string
}
type AttributeRow = [number, string, string]
type Row = ReadonlyMap<number, string | null>

/** The rows of the tables that have a primary key. */
export async function readRows(client: pg.Client): Promise<Rows> {
  const { rows: tables } = await client.query(`
    SELECT c.oid::int4 AS oid, n.nspname AS schema, c.relname AS name,
           (SELECT json_agg(json_build_array(attnum, attname, atttypid::int4 || ' ' || atttypmod) ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT c.relispartition`)
  const all: Rows = new Map()
  for (const { oid, schema, name, columns } of tables) {
    const list = columns.map(([, column]: AttributeRow) => `${quoteIdentifier(column)}::text`)
    const { rows } = await client.query({
      text: `SELECT ${list.join(', ') || "'none'"} FROM ${quoteRelation(schema, name)}`,
      rowMode: 'array',
    })
    const numbers: number[] = columns.map(([number]: AttributeRow) => number)
    all.set(oid, {
      name,
      columns: new Map(
        columns.map(([number, column, type]: AttributeRow) => [number, { name: column, type }]),
      ),
      // The first column is the key of every table of these tests.
      rows: new Map(rows.map((row) => [String(row[0]), new Map(numbers.map((one, i) => [one, row[i]]))])),
    })
  }
  return all
}

export interface Truth {
  /** Rows gone, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Values gone or changed in rows that stay, by `table.column`. */
  readonly values: Readonly<Record<string, number>>
}

/** What is there before and not after. What a change of type does to a value is not looked at. */
export function lossBetween(before: Rows, after: Rows): Truth {
  const rows: Record<string, number> = {}
  const values: Record<string, number> = {}
  for (const [oid, table] of before) {
    const now = after.get(oid)
    for (const [key, row] of table.rows) {
      const left = now?.rows.get(key)
      if (!left) {
        rows[table.name] = (rows[table.name] ?? 0) + 1
        continue
      }
      for (const [number, column] of table.columns) {
        const value = row.get(number)
        const isRetyped = ![undefined, column.type].includes(now?.columns.get(number)?.type)
        if (value === null || left.get(number) === value || isRetyped) continue
        const name = `${table.name}.${column.name}`
        values[name] = (values[name] ?? 0) + 1
      }
    }
  }
  return { rows, values }
}

/** Applies the files as a run does, each in a transaction. */
export async function apply(client: pg.Client, pending: readonly string[]): Promise<void> {
  for (const sql of pending) {
    await client.query('BEGIN')
    try {
      for (const statement of parse(sql)) await client.query(statement.sql)
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    }
  }
}

/** The findings in short: code, object, count, verdict. */
export function brief(findings: readonly Finding[]): string[] {
  return findings
    .map(({ code, object, evidence, verdict }) => `${code} ${object} ${evidence?.count ?? '?'} ${verdict}`)
    .sort()
}
