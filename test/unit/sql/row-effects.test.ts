import { expect, test } from '@jest/globals'
import { rowEffectsOf } from '../../../src/sql/row-effects.js'
import { parse } from '../../support/parse.js'

function effects(sql: string) {
  const tables = [{ schema: 'other', table: 'elsewhere' }]
  const { renames, changed, updated, dropped, goneSchemas, opaque } = rowEffectsOf(
    parse(sql),
    'public',
    tables,
  )
  const plain = (name: string) => name.replace(/^"public"\./, '').replaceAll('"', '')
  return {
    ...(renames.size ? { renames: Object.fromEntries([...renames].map((pair) => pair.map(plain))) } : {}),
    ...(changed.size ? { changed: [...changed].map(plain) } : {}),
    ...(updated.size ? { updated: [...updated].map(plain) } : {}),
    ...(dropped.size ? { dropped: [...dropped].map(plain) } : {}),
    ...(goneSchemas.size > 0 ? { goneSchemas: [...goneSchemas] } : {}),
    ...(opaque ? { opaque } : {}),
  }
}

test.each([
  [
    'CREATE TABLE t (a int); CREATE INDEX i ON t(a); UPDATE t SET a = 1; ALTER TABLE t ADD b int',
    { updated: ['t'] },
  ],
  [
    'INSERT INTO a VALUES (1); MERGE INTO b USING c ON true WHEN MATCHED THEN DELETE',
    { changed: ['a', 'b'] },
  ],
  ['COPY a FROM stdin', { changed: ['a'] }],
  ['TRUNCATE ONLY a, ONLY s.b', { changed: ['a', 's.b'] }],
  ['TRUNCATE a', { changed: ['a'], opaque: 'line 1: rows of other tables may be deleted along' }],
  ['\nDELETE FROM a', { changed: ['a'], opaque: 'line 2: rows of other tables may be deleted along' }],
  [
    'TRUNCATE ONLY a CASCADE',
    { changed: ['a'], opaque: 'line 1: rows of other tables may be deleted along' },
  ],
  ['DROP TABLE a, s.b', { dropped: ['a', 's.b'] }],
  ['DROP SCHEMA s CASCADE', { goneSchemas: ['s'] }],
  ['ALTER SCHEMA s RENAME TO t', { goneSchemas: ['s'] }],
  ['SELECT 1;\nDO $$ BEGIN END $$; CALL p()', { opaque: 'line 2: a block of code' }],
  ['CALL p()', { opaque: 'line 1: a block of code' }],
  ['WITH x AS (DELETE FROM t) SELECT 1', { opaque: 'line 1: WITH … that writes' }],
  ['WITH x AS (SELECT 1) UPDATE t SET a = 1', { updated: ['t'] }],
  ['ALTER TABLE a RENAME TO b', { renames: { a: 'b' } }],
  ['ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME TO c', { renames: { a: 'c' } }],
  [
    'ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b',
    { renames: { a: 'b', b: 'a' } },
  ],
  ['INSERT INTO a VALUES (1); ALTER TABLE a RENAME TO b', { renames: { a: 'b' }, changed: ['b'] }],
  ['ALTER TABLE a RENAME TO b; INSERT INTO b VALUES (1)', { renames: { a: 'b' }, changed: ['b'] }],
  ['ALTER TABLE a RENAME TO b; DROP TABLE b', { renames: { a: 'b' }, dropped: ['a'] }],
  // The new one is built and takes the place of the old one.
  [
    'CREATE TABLE new_t (); INSERT INTO new_t SELECT * FROM t; DROP TABLE t; ALTER TABLE new_t RENAME TO t',
    { renames: { new_t: 't' }, changed: ['t'], dropped: ['t'] },
  ],
  ['DROP TABLE t; ALTER TABLE u RENAME TO t', { renames: { u: 't' }, changed: ['t'], dropped: ['t'] }],
  ['ALTER TABLE t SET SCHEMA archive', { renames: { t: 'archive.t' } }],
  ['ALTER TABLE t SET SCHEMA archive; ALTER TABLE archive.t RENAME TO u', { renames: { t: 'archive.u' } }],
  ['DROP TABLE a; DROP TABLE s.a', { dropped: ['a', 's.a'] }],
  ['SET search_path TO s; INSERT INTO a VALUES (1)', { changed: ['s.a'] }],
  ['SET search_path TO public, other; INSERT INTO elsewhere VALUES (1)', { changed: ['other.elsewhere'] }],
  ['SET search_path TO s; RESET search_path; DROP TABLE a', { dropped: ['a'] }],
  [
    "SELECT pg_catalog.set_config('search_path', '', false); INSERT INTO s.a VALUES (1)",
    { changed: ['s.a'] },
  ],
  ['SELECT fill()', { opaque: 'line 1: a function may write' }],
  ["SELECT setval('s', 4)", {}],
  ['DROP EXTENSION postgis CASCADE', { opaque: 'line 1: tables of an extension may go along' }],
  ['ALTER TABLE a RENAME a TO b; ALTER INDEX i RENAME TO j', {}],
])('%s', (sql, expected) => {
  expect(effects(sql)).toEqual(expected)
})
