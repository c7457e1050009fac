import { expect, test } from '@jest/globals'
import type { Reader } from '../../src/domain/reader.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import { makeStaticForecast } from '../../src/forecast/static-forecast.js'
import { filesOf } from '../support/forecast.js'
import { createTestDatabase } from '../support/test-database.js'

const schema = `
  CREATE TABLE customers (id int PRIMARY KEY, email text, seen int);
  CREATE TABLE orders (id serial PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, total int);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM orders) > 2 THEN RAISE EXCEPTION 'too many'; END IF; RETURN NEW; END $$;
  CREATE TRIGGER note BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION note();
  INSERT INTO customers SELECT i, 'e' || i, 0 FROM generate_series(1, 5) i;
  INSERT INTO orders (customer_id, total) SELECT i, i FROM generate_series(1, 5) i`

const pending = `
  DELETE FROM customers WHERE id = 1;
  UPDATE customers SET seen = 1;
  CREATE TABLE copies AS SELECT * FROM orders;
  INSERT INTO copies SELECT * FROM orders;
  INSERT INTO orders (customer_id, total) VALUES (2, 1);
  DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM customers; IF n > 3 THEN DELETE FROM orders; END IF; END $$;
  CREATE UNIQUE INDEX ON customers (seen);
  ALTER TABLE customers ALTER COLUMN email SET NOT NULL`

test('what the catalog tells is found out without a row being read', async () => {
  const database = await createTestDatabase({ sql: schema })
  const client = await database.client()
  const asked: string[] = []
  const reader = (): Reader => ({
    query: (sql, values) => {
      asked.push(sql)
      return client.query(sql, values && [...values])
    },
  })
  const touching = () =>
    asked.filter((sql) => /"(customers|orders|orders_id_seq)"/.test(sql) && !/ LIMIT 0$/.test(sql))
  await client.query('SET search_path = pg_catalog, pg_temp')
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const { failure, locks } = await makeStaticForecast(filesOf([pending]), reader(), 'public')
  expect(failure).toBeUndefined()
  expect(locks).toHaveLength(8)
  expect(asked.length).toBeGreaterThan(10)
  expect(touching()).toEqual([])
  // So the test would see it.
  await makeForecast(filesOf([pending]), [reader()], 'public')
  expect(touching().length).toBeGreaterThan(5)
})
