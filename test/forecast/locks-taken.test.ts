import { expect, test } from '@jest/globals'
import { limitQuestions } from '../../src/checks/answer.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'

test('a forecast takes ACCESS SHARE, and no other lock on any relation', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TYPE role AS ENUM ('a', 'b');
      CREATE TABLE parents (id serial PRIMARY KEY, role role DEFAULT 'a');
      CREATE TABLE children (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE, n text);
      INSERT INTO parents (role) SELECT 'a' FROM generate_series(1, 20);
      INSERT INTO children (parent, n) SELECT i, 'n' || i FROM generate_series(1, 20) i;`,
  })
  const client = await database.client()
  await client.query('SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = on')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  await limitQuestions(client, 60_000)
  const statements = parse(`
    INSERT INTO parents (role) VALUES ('b');
    UPDATE children SET n = upper(n) WHERE parent > 3;
    DELETE FROM parents WHERE id > 10;
    ALTER TABLE children ALTER n SET NOT NULL;
    CREATE UNIQUE INDEX ON children (n);
    DO $$ BEGIN IF EXISTS (SELECT FROM parents WHERE role IS NULL) THEN RAISE EXCEPTION 'no role'; END IF; END $$;
    ALTER TABLE parents DROP COLUMN role;`)
  const file = { migration: 'm', file: 'm', statements, execution: executionModelOf(statements) }
  const { failure } = await makeForecast([file], [client], 'public')
  const { rows } = await client.query(`
    SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'`)
  await client.query('ROLLBACK')
  expect(failure).toBeUndefined()
  expect(rows).toEqual([{ mode: 'AccessShareLock' }])
})
