import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { dataChangesOf } from '../../../src/sql/data-changes.js'
import { parse } from '../../support/parse.js'

const changes = (sql: string) =>
  dataChangesOf(parse(sql)).map(({ kind, line, text }) => `${kind} ${line}: ${text}`)

describe('what is dropped or rewritten', () => {
  test.each<[string, string[]]>([
    ['DROP TABLE a, s.b', ['drop 1: DROP TABLE a', 'drop 1: DROP TABLE s.b']],
    ['DROP MATERIALIZED VIEW m', ['drop 1: DROP MATERIALIZED VIEW m']],
    ['DROP FOREIGN TABLE f', ['drop 1: DROP FOREIGN TABLE f']],
    ['DROP SEQUENCE s', ['drop 1: DROP SEQUENCE s']],
    ['DROP SCHEMA s CASCADE', ['drop 1: DROP SCHEMA s']],
    ['DROP EXTENSION e', ['drop 1: DROP EXTENSION e']],
    ['DROP TYPE t CASCADE', ['drop 1: DROP TYPE t']],
    ['DROP DOMAIN d CASCADE', ['drop 1: DROP DOMAIN d']],
    ['DROP OWNED BY r', ['drop 1: DROP OWNED']],
    ['TRUNCATE a, b', ['drop 1: TRUNCATE a', 'drop 1: TRUNCATE b']],
    ['DELETE FROM s.t', ['drop 1: DELETE FROM s.t']],
    ['UPDATE t SET a = 1', ['rewrite 1: UPDATE t']],
    ['MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE', ['rewrite 1: MERGE INTO t']],
    [
      'INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2',
      ['rewrite 1: INSERT INTO t … ON CONFLICT DO UPDATE'],
    ],
    [
      'ALTER TABLE t DROP COLUMN a, ALTER b TYPE text, ADD c int',
      ['drop 1: DROP COLUMN t.a', 'rewrite 1: ALTER COLUMN t.b TYPE'],
    ],
    ['DO $$ BEGIN END $$', ['rewrite 1: DO block, whose effect on data is not read']],
    ['CALL p()', ['rewrite 1: CALL, whose effect on data is not read']],
    ['WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x', ['drop 1: DELETE FROM t']],
    [
      'WITH x AS (UPDATE t SET a = 1), y AS (DELETE FROM u) SELECT 1',
      ['rewrite 1: UPDATE t', 'drop 1: DELETE FROM u'],
    ],
    ['WITH x AS (DELETE FROM t) UPDATE u SET a = 1', ['drop 1: DELETE FROM t', 'rewrite 1: UPDATE u']],
  ])('%s', (sql, expected) => {
    expect(changes(sql)).toEqual(expected)
  })
})

describe('what leaves the data as it is', () => {
  test.each([
    'CREATE TABLE t (a int)',
    'ALTER TABLE t ADD COLUMN a int, ADD CONSTRAINT c CHECK (a > 0), DROP CONSTRAINT d, ALTER b SET NOT NULL',
    'ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO b',
    'INSERT INTO t VALUES (1); INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING',
    'CREATE INDEX i ON t(a); DROP INDEX i; DROP VIEW v; DROP FUNCTION f; DROP TYPE t; DROP DOMAIN d; DROP TRIGGER g ON t',
    'WITH x AS (SELECT 1) SELECT * FROM x',
  ])('%s', (sql) => {
    expect(changes(sql)).toEqual([])
  })
})

describe('tables that the file itself makes', () => {
  test.each<[string, string[]]>([
    ['CREATE TABLE t (a int); INSERT INTO t VALUES (1); UPDATE t SET a = 2; DELETE FROM t; TRUNCATE t', []],
    ['CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN a; DROP TABLE t', []],
    ['CREATE TEMP TABLE t AS SELECT 1; UPDATE t SET a = 2; DROP TABLE t', []],
    ['SELECT 1 INTO t; DELETE FROM t', []],
    ['CREATE TABLE t (); ALTER TABLE t RENAME TO u; DELETE FROM u', []],
    // These may be there already, or again.
    ['CREATE TABLE IF NOT EXISTS t (a int); DELETE FROM t', ['drop 1: DELETE FROM t']],
    ['CREATE TEMP TABLE t (); DROP TABLE t; DROP TABLE t', ['drop 1: DROP TABLE t']],
    [
      'CREATE TABLE t (); ALTER TABLE t RENAME TO u; ALTER TABLE v RENAME TO t; DELETE FROM t',
      ['drop 1: DELETE FROM t'],
    ],
    ['CREATE TABLE t (); DELETE FROM s.t', ['drop 1: DELETE FROM s.t']],
    ['DELETE FROM t; CREATE TABLE t ()', ['drop 1: DELETE FROM t']],
  ])('%s', (sql, expected) => {
    expect(changes(sql)).toEqual(expected)
  })
})

test('the worked example rewrites two tables and drops nothing', () => {
  const folder = new URL('../../../prisma/migrations/', import.meta.url)
  const read = (name: string) => readFileSync(new URL(`${name}/migration.sql`, folder), 'utf8')
  expect(changes(read('20260105090000_crm'))).toEqual([])
  expect(
    changes(read('20261120043400_hierarchical_contacts')).map((text) => text.replace(/ \d+/, '')),
  ).toEqual(['rewrite: UPDATE contacts', 'rewrite: UPDATE orders'])
})
