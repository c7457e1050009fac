import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from '@jest/globals'
import { gate, NotHarmless } from '../../src/checks/harmless/gate.js'
import type { Judge } from '../../src/checks/harmless/judge.js'
import type { Reader } from '../../src/domain/reader.js'
import { createTestDatabase } from '../support/test-database.js'

let judge: Judge

/** Sees what is there, and goes away again. */
async function judgeOf(sql: string): Promise<Judge> {
  const database = await createTestDatabase({ sql })
  const client = await database.client()
  await client.query('SET search_path = public; BEGIN READ ONLY')
  return (await gate([client])).judgeIn(['public'])
}

beforeAll(async () => {
  judge = await judgeOf(readFileSync(new URL('../fixtures/harmless.sql', import.meta.url), 'utf8'))
})

test.each([
  "SELECT twice('a'), twiceapp('a')",
  "SELECT post('x')",
  "SELECT ship(1,'x')",
  "SELECT id FROM client WHERE post(email) = 'n'",
  'SELECT * FROM v',
  'SELECT id FROM vv',
  'SELECT * FROM kick',
  "SELECT 'x'::dom",
  'SELECT CAST(email AS dom2) FROM plain',
  "SELECT 'x'::dom[]",
  "SELECT ROW(1,'x')::comp",
  'SELECT d FROM withdom',
  'SELECT * FROM withdom',
  'SELECT c FROM withcomp',
  'SELECT w FROM withcomp w',
  'SELECT #+# email FROM plain',
  'SELECT 1 FROM plain WHERE email === id',
  "SELECT 1 FROM plain WHERE id BETWEEN 1 AND post('x')::int",
  'SELECT email::mood FROM plain',
  'SELECT mood(email) FROM plain',
  'SELECT id FROM idxconst',
  'SELECT id FROM idxsql',
  'SELECT id FROM chk',
  'SELECT postall(email) FROM plain',
  'SELECT * FROM rlsview',
  "SELECT withdefault('a')",
  'SELECT ex1()',
  'SELECT ex2()',
  'SELECT decl()',
  'SELECT decl2()',
  'SELECT decl3()',
  'SELECT rec()',
  'SELECT recur2(1)',
  "SELECT app.lower('x')",
  "SELECT viapath('x')",
  'SELECT over(1)',
  'SELECT c.rowfn FROM client c',
  'SELECT (c).rowfn FROM client c',
  'SELECT rowfn(c) FROM client c',
  'SELECT atomic()',
  'SELECT ret()',
  'SELECT wr()',
  'SELECT wrcte()',
  'SELECT setcfg()',
  'SELECT setst()',
  'SELECT sd()',
  "SELECT vararg('a','b')",
  'SELECT poly(1)',
  "SELECT '[1,2)'::badrng",
  'SELECT id FROM parent',
  'SELECT id FROM opc WHERE m = 1',
  'SELECT * FROM ft',
  'SELECT * FROM fparent',
  "SELECT sqlnestedcase('a')",
  'SELECT bad_text2()',
  'SELECT pg_terminate_backend(1)',
  "SELECT pg_notify('a','b')",
  'SELECT pg_sleep(1)',
  "SELECT query_to_xml('select 1',true,true,'')",
  "SELECT nextval('x')",
  'SELECT txid_current()',
  "SELECT lo_export(1,'x')",
  "SELECT pg_read_file('x')",
  "SELECT ts_stat('select 1')",
  "SELECT table_to_xml('v',true,true,'')",
  "SELECT domain_in('x','dom'::regtype,-1)",
  "SELECT textin('x')",
  'SELECT pg_advisory_lock(1)',
  "SELECT * FROM generate_series(1,post('x')::int)",
  "SELECT 1 ORDER BY post('x')",
  "SELECT count(*) FILTER (WHERE post('x')='') FROM plain",
  'SELECT row_number() OVER (ORDER BY post(email)) FROM plain',
  'WITH x AS (DELETE FROM plain RETURNING id) SELECT * FROM x',
  'SELECT x.* FROM client, LATERAL (SELECT post(email)) x',
  "SELECT 1 FROM plain TABLESAMPLE bernoulli(post('1')::int)",
  "SELECT ARRAY[post('x')]",
  "SELECT (ARRAY['a'])[post('1')::int]",
  `SELECT * FROM json_to_record('{"a":"x"}') AS x(a dom)`,
  "SELECT jsonb_populate_record(null::withdom, '{}')",
  "SELECT what FROM (SELECT post('x')) AS t(what)",
  "SELECT public.post(what => 'x')",
  "SELECT xmlelement(name a, post('x'))",
  "COPY (SELECT post('x')) TO STDOUT",
  'EXPLAIN SELECT 1',
  "SELECT 1; SELECT post('x')",
  "DO $$ BEGIN PERFORM post('x'); END $$",
  'SELECT id FROM plain WHERE email === ANY (ARRAY[1])',
  'SELECT set_limit(0.1)',
  'SELECT * INTO x FROM plain',
  "SELECT currval('s')",
  "SELECT pg_logical_emit_message(true,'a','b')",
  'SELECT pg_export_snapshot()',
  'SELECT setseed(1)',
  "SELECT format('%s', post('x'))",
  "VALUES (post('x'))",
  'TABLE v',
  'SELECT m FROM moody',
  'SELECT (SELECT d FROM withdom)',
  'SELECT to_json(w) FROM withdom w',
  'SELECT max(id) FROM withdom w GROUP BY w',
  'SELECT id::text::dom FROM plain',
  'SELECT e FROM (TABLE v) x',
  'SELECT pg_catalog.pg_sleep(1)',
  'SELECT email OPERATOR(public.===) id FROM plain',
  'SELECT b.e FROM plain a NATURAL JOIN v b',
])('could act: %s', (sql) => {
  expect(judge.reasonAgainst(sql)).toEqual(expect.any(String))
})

test.each([
  "SELECT twice('a')",
  'SELECT now()',
  'SELECT gen_random_uuid()',
  'SELECT lower(email) FROM plain',
  "SELECT md5('x')",
  "SELECT jsonb_build_object('a',1)",
  "SELECT to_tsvector('english', email) FROM plain",
  "SELECT regexp_replace('a','b','c')",
  "SELECT coalesce(email,'') FROM plain",
  "SELECT date_trunc('day', now())",
  'SELECT array_agg(id) FROM plain',
  "SELECT string_agg(email, ',' ORDER BY id) FROM plain",
  'SELECT nanoid()',
  'SELECT nanoid(10)',
  'SELECT slugify(email) FROM plain',
  "SELECT arr(ARRAY['a'])",
  'SELECT uid()',
  'SELECT exok()',
  'SELECT okall(email) FROM plain',
  'SELECT recur(3)',
  "SELECT viapath2('x')",
  "SELECT helper('x')",
  "SELECT id FROM idx WHERE email = 'x'",
  'SELECT id FROM chkok',
  'SELECT id FROM rls',
  'SELECT count(*) FROM client',
  'SELECT * FROM mv',
  'SELECT id FROM withdom',
  'SELECT id FROM withcomp',
  "SELECT '[1,2)'::rng",
  "SELECT id FROM plain WHERE email::citext = 'a'",
  "SELECT similarity(email,'x') FROM plain WHERE email % 'a'",
  "SELECT crypt('a', gen_salt('bf'))",
  "SELECT encode(digest('a','sha256'),'hex')",
  'SELECT * FROM generate_series(1,10)',
  'SELECT 1 FROM plain WHERE id IN (1,2) AND id BETWEEN 1 AND 2',
  'SELECT rank() OVER (PARTITION BY email ORDER BY id) FROM plain',
  "SELECT extract(epoch FROM now()), age(now()), to_char(now(),'YYYY')",
  "SELECT jsonb_array_elements('[]'::jsonb)",
  "SELECT * FROM jsonb_to_recordset('[]') AS x(a int, b text)",
  'SELECT unnest(ARRAY[1])',
  'SELECT x.a FROM (SELECT 1 AS a) x',
  'SELECT random(), clock_timestamp()',
  "SELECT pg_total_relation_size('plain')",
  'SELECT table_name FROM information_schema.tables',
  'SELECT * FROM pg_stat_activity',
  'SELECT current_user, current_date',
  "SELECT trim(email), substring(email from 1 for 2), position('a' in email), overlay(email placing 'x' from 1) FROM plain",
  'SELECT id FROM moody',
  'SELECT length(email) > 3 FROM plain',
  'SELECT a.id FROM plain a JOIN client b ON a.id = b.id LEFT JOIN plain c USING (id)',
  "SELECT convert_from(decode('aa','hex'),'UTF8')",
  "SELECT hashtext('a'), left('a',1), split_part('a.b','.',1), initcap('a')",
  'SELECT xmlelement(name a)',
  'SELECT DISTINCT ON (id) id FROM plain ORDER BY id DESC NULLS LAST LIMIT 3 FOR UPDATE',
  'SELECT tstzrange(now(), NULL) && tstzrange(now(), NULL)',
  'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t WHERE n<5) SELECT sum(n) FROM t',
  "SELECT id FROM plain WHERE email ~* 'a' OR email ILIKE 'a%' OR email SIMILAR TO 'a'",
  "SELECT jsonb_path_query('{}','$.a'), jsonb_set('{}','{a}','1')",
  "SELECT '{}'::jsonb ->> 'a', '{}'::jsonb #>> '{a}', '{}'::jsonb @> '{}'",
  'SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef',
  "SELECT has_table_privilege('plain','select')",
  "SELECT to_timestamp(1), make_date(1,1,1), justify_days('1 day')",
  "SELECT setweight(to_tsvector('a'),'A') @@ plainto_tsquery('a')",
  'SELECT row_to_json(p), to_jsonb(p) FROM plain p',
  'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM plain',
  'SELECT inet_client_addr(), version()',
  'SELECT gen_random_bytes(4)',
  "SELECT translate('a','b','c'), repeat('a',3), lpad('a',3), chr(65), quote_literal('a')",
])('is harmless: %s', (sql) => {
  expect(judge.reasonAgainst(sql)).toBeUndefined()
})

test('the reason names the function and who calls it', () => {
  expect(judge.reasonAgainst("SELECT post('x')")).toBe(
    'function public.ship(letter oid, place text) may act outside of the database, and function public.post(what text) calls it; check calls only functions that it knows to be harmless',
  )
})

test('an operator of the usual name counts wherever the server takes it without being told', async () => {
  const own = await judgeOf(`CREATE TABLE plain (id int, email text);
    CREATE FUNCTION same(text, int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN true; END $$;
    CREATE OPERATOR = (FUNCTION = same, LEFTARG = text, RIGHTARG = int)`)
  for (const sql of [
    'SELECT 1 FROM plain WHERE email IN (1, 2)',
    'SELECT 1 FROM plain WHERE email IN (SELECT id FROM plain)',
    'SELECT CASE email WHEN 1 THEN 2 END FROM plain',
    'SELECT NULLIF(email, 1) FROM plain',
    'SELECT 1 FROM plain JOIN plain b USING (email)',
    'SELECT 1 FROM plain NATURAL JOIN plain b',
  ])
    expect([sql, own.reasonAgainst(sql)]).toEqual([sql, expect.stringContaining('function pg_sleep')])
  expect(own.reasonAgainst('SELECT 1 FROM plain WHERE id OPERATOR(pg_catalog.=) 1')).toBeUndefined()
})

test('a function that somebody has added to a trusted extension is not trusted', async () => {
  const own = await judgeOf(`CREATE EXTENSION citext;
    CREATE FUNCTION ship(oid, text) RETURNS int LANGUAGE internal AS 'be_lo_export'; ALTER EXTENSION citext ADD FUNCTION ship(oid, text);
    CREATE FUNCTION load(text) RETURNS bool LANGUAGE c AS '$libdir/pg_prewarm', 'autoprewarm_start_worker'; ALTER EXTENSION citext ADD FUNCTION load(text)`)
  expect(own.reasonAgainst("SELECT ship(1, 'x')")).toContain('function public.ship(oid, text)')
  expect(own.reasonAgainst("SELECT load('x')")).toContain('function public.load(text)')
  expect(own.reasonAgainst("SELECT lower('A'::citext), 'a'::citext = 'A'")).toBeUndefined()
})

test('what is refused is thrown before the server hears of it', async () => {
  const database = await createTestDatabase()
  const client = await database.client()
  const asked: string[] = []
  const reader: Reader = {
    query: (sql) => {
      asked.push(sql)
      return client.query(sql)
    },
  }
  const {
    readers: [gated],
  } = await gate([reader] as const)
  const before = asked.length
  await expect(gated.query('SELECT pg_sleep(1)')).rejects.toThrow(NotHarmless)
  expect(asked.length).toBe(before)
  await gated.query('SELECT pg_catalog.now()')
  expect(asked.length).toBe(before + 1)
})
