import { expect, test } from '@jest/globals'
import { makeForecast } from '../../src/forecast/forecast.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'

/** Predicts in a transaction that is committed, as no other would send what it has notified. */
async function foretell(sql: string) {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2);
      CREATE FUNCTION tell(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('told', n::text); RETURN n; END $$;
      CREATE FUNCTION again(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT tell(n) $$;
      CREATE FUNCTION same(a int, b text) RETURNS bool LANGUAGE sql AS $$ SELECT tell(a) = length(b) $$;
      CREATE OPERATOR === (FUNCTION = same, LEFTARG = int, RIGHTARG = text);
      CREATE DOMAIN told AS int CHECK (tell(VALUE) > 0);
      CREATE VIEW tellings AS SELECT id, tell(n) AS n FROM t;
      CREATE AGGREGATE told_sum(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = tell);
      CREATE TABLE u (id int PRIMARY KEY, n int DEFAULT tell(5));
      CREATE TABLE w (id int PRIMARY KEY, n int); INSERT INTO w VALUES (1, 1);
      CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM tell(NEW.n); RETURN NEW; END $$;
      CREATE TRIGGER on_write BEFORE INSERT OR UPDATE ON w FOR EACH ROW EXECUTE FUNCTION on_write();`,
  })
  const listener = await database.client()
  const heard: (string | undefined)[] = []
  listener.on('notification', ({ payload }) => heard.push(payload))
  await listener.query('LISTEN told')
  const client = await database.client()
  await client.query('SET search_path = pg_catalog, pg_temp; SET jit = off')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const statements = parse(sql)
  const file = { migration: 'm', file: 'm', statements, execution: executionModelOf(statements) }
  const { failure, doubts } = await makeForecast([file], [client], 'public')
  const { rows } = await client.query(
    "SELECT count(*)::int AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
  )
  await client.query('COMMIT')
  await listener.query('SELECT 1')
  // A twin on this server, which is not disarmed, would do what they do.
  const told = doubts.filter(({ code }) => code !== 'no-schema-twin').map(({ reason }) => reason)
  return { failure, doubts: told, heard, locks: rows[0].locks }
}

test('what only tells or waits is passed over, and not done', async () => {
  const said = await foretell(
    "SELECT pg_notify('told', 'x'); SELECT pg_advisory_xact_lock(7); SELECT pg_sleep(600 * n) FROM t; UPDATE t SET n = 3 WHERE pg_notify('told', id::text) IS NULL;",
  )
  expect(said).toEqual({ failure: undefined, doubts: [], heard: [], locks: 0 })
})

test.each([
  'UPDATE t SET n = tell(n)',
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()',
  'DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity; END $$',
  'INSERT INTO t SELECT 10 + tell(n), n FROM t',
  'SELECT again(1)',
  'UPDATE t SET n = again(1)',
  'DELETE FROM t WHERE tell(n) = 0',
  "DELETE FROM t WHERE n === 'x'",
  'INSERT INTO u (id) SELECT id FROM t',
  'INSERT INTO u SELECT id, n FROM tellings',
  'UPDATE t SET n = x.n FROM tellings x WHERE x.id = t.id',
  'INSERT INTO u SELECT 1, told_sum(n) FROM t',
  'INSERT INTO t VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = tell(t.n)',
  'MERGE INTO t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT VALUES (u.id, tell(u.n)) WHEN MATCHED THEN UPDATE SET n = tell(1)',
  'INSERT INTO w VALUES (2, 2)',
  'UPDATE w SET n = 3',
  'WITH gone AS (DELETE FROM t WHERE tell(n) = 1 RETURNING id) INSERT INTO u SELECT id FROM gone',
  'ALTER TABLE t ADD CHECK (tell(n) > 0)',
  'DROP VIEW tellings; ALTER TABLE t ALTER COLUMN n TYPE told',
  'DROP VIEW tellings; ALTER TABLE t ALTER COLUMN n TYPE text USING tell(n)::text',
  'ALTER TABLE t ADD COLUMN m int DEFAULT tell(1)',
  'ALTER TABLE t ADD COLUMN m int GENERATED ALWAYS AS (again(n)) STORED',
  'CREATE UNIQUE INDEX ON t (again(n))',
  'CREATE UNIQUE INDEX ON t (id) WHERE again(n) > 0',
  'ALTER TABLE t ADD EXCLUDE USING btree (again(n) WITH =)',
  'CREATE TABLE c AS SELECT tell(n) FROM t',
  'DO $$ BEGIN IF tell(1) = 1 THEN DELETE FROM t; END IF; END $$',
  'DO $$ DECLARE r record; BEGIN FOR r IN SELECT tell(n) AS n FROM t LOOP DELETE FROM t WHERE n = r.n; END LOOP; END $$',
  'DO $$ BEGIN PERFORM tell(1); END $$',
])('what acts outside is never called to see what it gives: %s', async (sql) => {
  const { failure, doubts, heard } = await foretell(sql)
  expect(heard).toEqual([])
  expect(failure).toBeUndefined()
  expect(doubts.length).toBeGreaterThan(0)
})

test('the number of our own transaction is not taken to know what it is', async () => {
  const { failure, doubts } = await foretell(
    'CREATE TABLE log (id int, by bigint NOT NULL); INSERT INTO log SELECT id, txid_current() FROM t; ALTER TABLE log ADD CHECK (by > 0)',
  )
  expect({ failure, doubts }).toEqual({ failure: undefined, doubts: [] })
})
