import type { Reader } from '../../domain/reader.js'
import type { CatalogModel } from '../model.js'
import { notOurs, rowsOf } from './rows.js'

interface FunctionRow {
  schema: string
  name: string
  language: string
  body: string
  volatility: string
}

const functionsQuery = `
  SELECT n.nspname AS schema, p.proname AS name, l.lanname AS language,
         CASE WHEN l.lanname = 'sql' AND p.prokind IN ('f', 'p') THEN COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)
              ELSE p.prosrc END AS body,
         p.provolatile AS volatility
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE ${notOurs} AND l.lanname NOT IN ('c', 'internal')`

/** The functions whose text can be read. */
export async function readFunctions(reader: Reader, catalog: CatalogModel): Promise<void> {
  const rows = await rowsOf<FunctionRow>(reader, functionsQuery)
  const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const
  for (const { volatility, ...row } of rows) {
    const known = volatilities[volatility as keyof typeof volatilities] ?? 'volatile'
    catalog.functions.push({ ...row, volatility: known, isLive: true })
  }
}
