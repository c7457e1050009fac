import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../../support/foretell.js'
import { tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'
import { f, parted, passing, veto } from '../corpus/siblings.js'

// What stands beside a refusal and is none: the server does it, and nothing is said.

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

test.each(passing)('%s → %s', async (before, statement) => {
  expect(await tryStatement(client, before, statement)).toEqual({ foretold: undefined, happened: undefined })
})

describe('by what the statements before have made or taken away', () => {
  test.each<[sqlstate: string, setup: string, migration: string]>([
    ['42P13', '', `${f}; CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 2'`],
    [
      'passes',
      f,
      `DROP FUNCTION f(int); CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 2'`,
    ],
    [
      'P0001',
      veto('sql_drop').replace(/CREATE EVENT.*/, ''),
      `${veto('sql_drop').replace(/.*(?=CREATE EVENT)/, '')}; DROP TABLE t`,
    ],
    ['passes', veto('sql_drop'), 'DROP EVENT TRIGGER e; DROP TABLE t'],
    ['2BP01', 'CREATE EXTENSION cube', 'CREATE EXTENSION earthdistance; DROP EXTENSION cube'],
    [
      'passes',
      'CREATE EXTENSION pg_trgm; CREATE TABLE t(a text); CREATE INDEX i ON t USING gin (a gin_trgm_ops)',
      'DROP INDEX i; DROP EXTENSION pg_trgm',
    ],
    [
      'passes',
      'CREATE EXTENSION pgcrypto; CREATE TABLE t(b bytea DEFAULT gen_random_bytes(8))',
      'ALTER TABLE t ALTER b DROP DEFAULT; DROP EXTENSION pgcrypto',
    ],
  ])('%s: %s → %s', async (sqlstate, setup, migration) => {
    const outcome = await foretellAndRun(await (await createTestDatabase()).client(), setup, migration)
    expect(outcome).toMatchObject({ foretold: sqlstate, real: sqlstate, doubts: [] })
  })
})

describe('is left to the rehearsal', () => {
  test.each<[before: string, statement: string]>([
    [veto('table_rewrite'), 'ALTER TABLE t ALTER a TYPE text'],
    [
      veto('sql_drop').replace(
        "RAISE EXCEPTION 'no'",
        "IF now() > '2020-01-01' THEN RAISE EXCEPTION 'no'; END IF",
      ),
      'DROP TABLE t',
    ],
  ])('%s → %s', async (before, statement) => {
    const { foretold } = await tryStatement(client, before, statement)
    expect(foretold).toMatchObject({ isCertain: false })
  })
})

describe('outside a transaction', () => {
  const withDefault = `${parted}; CREATE TABLE d PARTITION OF p DEFAULT; CREATE INDEX i ON p (id)`

  test.each<[sqlstate: string | undefined, statement: string]>([
    ['0A000', 'CREATE INDEX CONCURRENTLY j ON p (id)'],
    [undefined, 'CREATE INDEX CONCURRENTLY j ON p1 (id)'],
    ['55000', 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY'],
    ['0A000', 'DROP INDEX CONCURRENTLY i'],
  ])('%s: %s', async (sqlstate, statement) => {
    const { foretold } = await tryStatement(client, withDefault, statement, { inTransaction: false })
    expect(foretold?.sqlstate).toBe(sqlstate)
    const own = await (await createTestDatabase({ sql: withDefault })).client()
    const happened = await own.query(statement).then(
      () => undefined,
      (error: { code?: string }) => error.code,
    )
    expect(happened).toBe(sqlstate)
  })
})
