import type pg from 'pg'
import type { Reader } from '../../src/domain/reader.js'
import { type FactsContext, staticFailureOf } from '../../src/forecast/facts/facts.js'
import type { StaticFailure } from '../../src/forecast/facts/static-failure.js'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import type { CatalogModel } from '../../src/forecast/model.js'
import { asGuard } from './as-guard.js'
import { parse } from './parse.js'

export interface Trial {
  readonly foretold: StaticFailure | undefined
  /** The SQLSTATE of what the server then said; undefined when it did as it was told. */
  readonly happened: string | undefined
}

export interface TrialOptions extends Partial<FactsContext> {
  /** What the statements before have made of the catalog, where the server cannot show it. */
  readonly change?: (catalog: CatalogModel) => void
  /** Instead of one that is read after `before`. */
  readonly catalog?: CatalogModel
}

/** A reader without memory of what another has read. */
export function readerOf(client: pg.Client): Reader {
  return { query: async (sql, values) => client.query(sql, values && [...values]) }
}

/**
 * Predicts a statement after `before` has run, then runs it. Everything is in one transaction that is rolled back.
 */
export async function tryStatement(
  client: pg.Client,
  before: string,
  sql: string,
  { change, catalog: given, ...context }: TrialOptions = {},
): Promise<Trial> {
  await client.query('BEGIN')
  try {
    // Compiling the questions about the catalog takes longer than answering them.
    await client.query('SET LOCAL jit = off')
    if (before !== '') await client.query(before)
    const reader = readerOf(client)
    const catalog = given ?? (await asGuard(client, () => readLiveCatalog(reader, 'public')))
    change?.(catalog)
    const [statement, ...others] = parse(sql)
    if (!statement || others.length > 0) throw new Error(`one statement, please: ${sql}`)
    const foretold = await asGuard(client, () =>
      staticFailureOf(statement, catalog, { reader, inTransaction: true, earlier: [], ...context }),
    )
    const happened = await client.query(sql).then(
      () => undefined,
      (error: { code?: string }) => error.code,
    )
    return { foretold, happened }
  } finally {
    await client.query('ROLLBACK')
  }
}

/** Makes of a catalog what it would be if today's database were empty and pending migrations made all of it. */
export function asMadeByMigrations(catalog: CatalogModel): void {
  for (const type of catalog.types) if (type.schema !== 'pg_catalog') forget(type, 'oid', 'live')
  for (const relation of catalog.relations) {
    forget(relation, 'oid', 'live', 'definition')
    for (const column of relation.columns) forget(column, 'liveName', 'liveNumber')
    for (const constraint of relation.constraints) forget(constraint, 'oid')
    for (const index of relation.indexes) forget(index, 'oid')
  }
  for (const sequence of catalog.sequences) forget(sequence, 'oid', 'live')
  for (const code of catalog.functions) Object.assign(code, { isLive: false })
}

function forget<T extends object>(one: T, ...keys: readonly (keyof T)[]): void {
  for (const key of keys) delete one[key]
}
