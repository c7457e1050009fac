import type pg from 'pg'
import type { Finding } from '../../../src/domain/finding.js'
import { quoteIdentifier, quoteRelation } from '../../../src/sql/names.js'

/** A table by its number, which no rename changes, with what it holds. */
export interface HeldTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Names of the tables that it is a part of, or inherits from: what is said of them is said of it. */
  readonly ancestors: readonly string[]
  readonly rows: number
  /** Values that are not NULL, by the number of the column. */
  readonly columns: ReadonlyMap<number, { readonly name: string; readonly values: number }>
}

/** What every table of its own storage holds. */
export async function heldTables(client: pg.Client): Promise<Map<number, HeldTable>> {
  const { rows: tables } = await client.query(`
    SELECT c.oid::int4 AS oid, n.nspname::text AS schema, c.relname::text AS name,
           (SELECT json_agg(json_build_array(attnum, attname) ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
           (WITH RECURSIVE up AS (
              SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid
              UNION SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.inhparent)
            SELECT json_agg(json_build_array(pn.nspname, p.relname))
              FROM up JOIN pg_class p ON p.oid = up.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace) AS ancestors
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`)
  const held = new Map<number, HeldTable>()
  for (const { oid, schema, name, columns, ancestors } of tables) {
    const list: [number, string][] = columns ?? []
    const counts = list.map(([, column]) => `count(${quoteIdentifier(column)})::int`)
    const { rows } = await client.query({
      text: `SELECT ${['count(*)::int', ...counts].join(', ')} FROM ONLY ${quoteRelation(schema, name)}`,
      rowMode: 'array',
    })
    const [all = 0, ...values] = rows[0] as unknown as number[]
    held.set(oid, {
      oid,
      schema,
      name,
      ancestors: (ancestors ?? []).flatMap(([above, parent]: [string, string]) => [
        parent,
        `${above}.${parent}`,
      ]),
      rows: all,
      columns: new Map(list.map(([number, column], i) => [number, { name: column, values: values[i] ?? 0 }])),
    })
  }
  return held
}

/**
 * Tables with rows and columns with values that are gone, and of which no finding speaks. What is in the rows that stay
 * is compared by the contents.
 * @param names every name that a table or column went by on the way, by `oid` and `oid.number`
 */
export function untoldLosses(
  before: ReadonlyMap<number, HeldTable>,
  after: ReadonlyMap<number, HeldTable>,
  findings: readonly Finding[],
  isRenamed: boolean,
): string[] {
  const told = new Set(findings.flatMap(({ object = '' }) => [object, lastOf(object)]))
  const isTold = (...names: string[]) => isRenamed || names.some((name) => told.has(name))
  return [...before.values()].flatMap((table) => {
    if (table.rows === 0) return []
    const { schema, name } = table
    const full = `${schema}.${name}`
    const now = after.get(table.oid)
    const tables = [name, full, ...table.ancestors]
    if (!now)
      return isTold(...tables) ? [] : [`table ${full} is gone with ${table.rows} rows, and nothing says so`]
    return [...table.columns].flatMap(([number, column]) =>
      column.values === 0 ||
      now.columns.has(number) ||
      isTold(...tables, ...tables.map((one) => `${one}.${column.name}`))
        ? []
        : [`column ${full}.${column.name} is gone with ${column.values} values, and nothing says so`],
    )
  })
}

/** Losses of whole tables and columns that are told and do not come. */
export function inventedLosses(
  before: ReadonlyMap<number, HeldTable>,
  after: ReadonlyMap<number, HeldTable>,
  findings: readonly Finding[],
): string[] {
  return [...before.values()].flatMap((table) => {
    const now = after.get(table.oid)
    const { schema, name } = table
    if (!now || now.schema !== schema || now.name !== name || now.rows < table.rows) return []
    // Only in the schema of the target a name stands alone.
    const names = schema === 'public' ? [name, `${schema}.${name}`] : [`${schema}.${name}`]
    return findings.flatMap(({ code, object = '', message }) => {
      if (code === 'drop-table' && names.includes(object)) return [`${message}, but ${object} is there`]
      const column = [...table.columns].find(([, one]) =>
        names.some((own) => object === `${own}.${one.name}`),
      )
      const isThere = column && now.columns.get(column[0])?.name === column[1].name
      return code === 'drop-column' && isThere ? [`${message}, but ${object} is there`] : []
    })
  })
}

function lastOf(object: string): string {
  return object.split('.').slice(-2).join('.')
}
