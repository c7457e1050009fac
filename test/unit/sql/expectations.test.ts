import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { catalogExpectationsOf } from '../../../src/sql/expectations.js'
import { parse } from '../../support/parse.js'

/** In one line each: `+ column t.a (line 1)`. That they are true is tested against a server. */
function said(...files: string[]): string[] {
  const expectations = catalogExpectationsOf(
    files.map((text, index) => ({ migration: `m${index + 1}`, statements: parse(text) })),
  )
  return expectations.map(({ kind, schema, relation, name, present, line }) => {
    const place = [schema, relation, name].filter(Boolean).join('.')
    return `${present ? '+' : '-'} ${kind} ${place} (line ${line})`
  })
}

test('tells what each statement must leave', () => {
  expect(
    said(`CREATE TABLE s.t (a int, b int);
CREATE INDEX i ON s.t(a);
ALTER TABLE t ADD COLUMN c int, DROP COLUMN d;
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);
DROP TABLE u;
DROP INDEX j`),
  ).toEqual([
    '+ relation s.t (line 1)',
    '+ column s.t.a (line 1)',
    '+ column s.t.b (line 1)',
    '- column t.d (line 3)',
    '+ column t.c (line 3)',
    '+ constraint t.k (line 4)',
    '- relation u (line 5)',
    '- index j (line 6)',
  ])
})

test('says where each one comes from', () => {
  const statements = parse('\n\nCREATE TABLE t ()')
  expect(catalogExpectationsOf([{ migration: '20260101_t', statements }])).toEqual([
    { kind: 'relation', relation: 't', present: true, migration: '20260101_t', line: 3 },
  ])
})

test('a later statement wins', () => {
  expect(said('CREATE TABLE t (); DROP TABLE t')).toEqual(['- relation t (line 1)'])
  expect(said('DROP TABLE t', 'CREATE TABLE t ()')).toEqual(['+ relation t (line 1)'])
  expect(said('DROP VIEW t; CREATE TABLE t ()')).toEqual(['+ relation t (line 1)'])
  expect(said('DROP TABLE t; CREATE INDEX t ON u(a)')).toEqual(['+ index t (line 1)'])
})

test('a rename carries along what is known', () => {
  expect(said('CREATE TABLE t (a int);\nALTER TABLE t RENAME TO u;\nALTER TABLE u RENAME a TO b')).toEqual([
    '- relation t (line 2)',
    '+ relation u (line 2)',
    '- column u.a (line 3)',
    '+ column u.b (line 3)',
  ])
})

test('an index that is known is an index when ALTER TABLE renames it', () => {
  expect(said('CREATE INDEX i ON t(a); ALTER TABLE i RENAME TO j')).toEqual([
    '- index i (line 1)',
    '+ index j (line 1)',
  ])
  // Whether this is one, its text does not tell. That the old name is gone is true of both.
  expect(said('ALTER TABLE i RENAME TO j')).toEqual(['- relation i (line 1)'])
})

test('dropping a column or a constraint forgets the indexes, not the columns', () => {
  const made = 'CREATE TABLE t (a int, b int); CREATE INDEX i ON t(a);'
  const left = ['+ relation t (line 1)', '+ column t.b (line 1)', '- column t.a (line 1)']
  expect(said(`${made} ALTER TABLE t DROP COLUMN a`)).toEqual(left)
  expect(said(`${made} ALTER TABLE t DROP CONSTRAINT k`)).not.toContain('+ index i (line 1)')
})

test('CASCADE forgets all that must be there and keeps what must be gone', () => {
  expect(said('CREATE TABLE t (a int); DROP TABLE u; DROP TABLE v CASCADE')).toEqual([
    '- relation u (line 1)',
    '- relation v (line 1)',
  ])
})

test.each([
  'DO $$ BEGIN END $$',
  'CALL p()',
  'SELECT f()',
  'ROLLBACK',
  'ALTER TABLE x SET SCHEMA s',
  'ALTER SCHEMA a RENAME TO b',
  'DROP OWNED BY x',
])('%s leaves nothing that is known', (sql) => {
  expect(said(`CREATE TABLE t (a int); DROP TABLE u; ${sql}`)).toEqual([])
})

test.each(["SELECT setval('t_id_seq', 1)", 'SELECT 1', "UPDATE t SET a = lower('X')", 'COMMIT', 'ANALYZE'])(
  '%s changes nothing that is known',
  (sql) => {
    expect(said(`DROP TABLE u; ${sql}`)).toEqual(['- relation u (line 1)'])
  },
)

test('after a search_path only names with a schema say where they are', () => {
  expect(said('SET search_path TO s; CREATE TABLE t (); CREATE TABLE s.u ()')).toEqual([
    '+ relation s.u (line 1)',
  ])
})

test('temporary tables leave nothing', () => {
  expect(said('CREATE TEMP TABLE t (a int); CREATE INDEX i ON t(a); ALTER TABLE t ADD b int')).toEqual([])
})

test('a name may be one with a schema and without', () => {
  expect(said('CREATE INDEX i ON t(a); DROP INDEX public.i')).toEqual(['- index public.i (line 1)'])
  expect(said('CREATE TABLE a.t (); CREATE TABLE b.t ()')).toEqual([
    '+ relation a.t (line 1)',
    '+ relation b.t (line 1)',
  ])
})

test('the worked example', () => {
  const sql = ['20260105090000_crm', '20261120043400_hierarchical_contacts'].map((name) =>
    readFileSync(new URL(`../../../prisma/migrations/${name}/migration.sql`, import.meta.url), 'utf8'),
  )
  const facts = said(sql[1] as string).map((fact) => fact.replace(/ \(line \d+\)/, ''))
  for (const fact of [
    '+ relation addresses',
    '+ column companies.default_for_tenant_id',
    '- relation customers',
    '+ constraint contacts.contacts_pkey',
    '+ index contacts_tenant_id_name_idx',
    '- column orders.customer_id',
    '+ column orders.contact_id',
    '+ index orders_tenant_id_placed_at_idx',
    '- index orders_customer_id_idx',
    '+ constraint orders.orders_company_id_fkey',
    '+ trigger contacts.contacts_move_orders',
  ]) {
    expect(facts).toContain(fact)
  }
  expect(said(...sql).map((fact) => fact.replace(/ \(line \d+\)/, ''))).toContain('+ relation contacts')
})
