import type { Truth } from '../../support/losses.js'

export const shop = `
  CREATE TABLE customers (id int PRIMARY KEY, name text, fax text, email varchar(40), age int, since timestamptz,
                          balance numeric(10,4), prefs jsonb);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, note text,
                       placed timestamp(6), state text);
  CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE SET NULL, what text);
  INSERT INTO customers VALUES
    (1, 'Ann',  '1-1',  'ann@example.org',  30, '2024-01-01 10:00:00+02', 1.5000, '{"a": 1}'),
    (2, 'Bob',  NULL,   'BOB@example.org',  40, '2024-06-01 00:00:00+00', 2.2575, NULL),
    (3, 'Cleo', '3-3',  NULL,               50, NULL,                     3.1250, '{"b": 2}'),
    (4, 'Dan',  NULL,   'dan@example.org',  NULL, '2024-06-01 12:30:00.123456+00', NULL, NULL);
  INSERT INTO orders VALUES (10, 1, 'x', '2024-01-01 10:00:00.5', 'open'), (11, 1, NULL, '2024-01-01 10:00:00.123456', 'paid'),
    (12, 2, 'y', NULL, 'sent'), (13, NULL, 'z', '2024-02-02', 'sent');
  INSERT INTO items VALUES (100, 10, 'pen'), (101, 10, 'ink'), (102, 12, 'cup'), (103, NULL, 'hat');`

export interface Case {
  readonly name: string
  readonly setup?: string
  readonly files: readonly string[]
  /** Code, object, count and verdict of each. */
  readonly findings: readonly string[]
  readonly message?: string
  readonly fixSql?: string
  /** Without a row in the tables. */
  readonly whenEmpty?: readonly string[]
  /** Where tables and columns are called otherwise in the findings. */
  readonly truth?: Truth
}

export const cases: readonly Case[] = [
  {
    name: 'a dropped column',
    files: ['ALTER TABLE customers DROP COLUMN fax;'],
    findings: ['drop-column customers.fax 2 block'],
    message: '2 values of "customers"."fax" are dropped',
    fixSql:
      'CREATE TABLE "customers_fax_kept" AS SELECT "id", "fax" FROM "customers" WHERE "fax" IS NOT NULL;',
  },
  {
    name: 'a dropped column that an earlier statement has renamed',
    files: ['ALTER TABLE customers RENAME fax TO telefax', 'ALTER TABLE customers DROP telefax'],
    findings: ['drop-column customers.telefax 2 block'],
    truth: { rows: {}, values: { 'customers.fax': 2 } },
  },
  {
    name: 'two dropped columns of one statement',
    files: ['ALTER TABLE customers DROP fax, DROP COLUMN IF EXISTS age, DROP COLUMN IF EXISTS nothing'],
    findings: ['drop-column customers.age 3 block', 'drop-column customers.fax 2 block'],
  },
  {
    name: 'rows deleted before the column is dropped are lost once',
    files: ['DELETE FROM customers WHERE id = 3; ALTER TABLE customers DROP fax'],
    findings: ['delete customers 1 warn', 'drop-column customers.fax 1 block'],
  },
  {
    name: 'rows put in before the column is dropped are no loss',
    files: [
      `INSERT INTO customers (id, fax) VALUES (8, '8-8'), (9, '9-9');
       UPDATE customers SET fax = 'none' WHERE fax IS NULL;
       ALTER TABLE customers DROP fax`,
    ],
    findings: ['drop-column customers.fax 2 block'],
  },
  {
    name: 'a column that is copied before it is dropped',
    files: [
      `ALTER TABLE customers ADD phone text;
       UPDATE customers SET phone = fax;
       ALTER TABLE customers DROP fax`,
    ],
    findings: ['drop-column customers.fax 2 warn'],
    message: '2 values of "customers"."fax" are dropped (line 2 copied it to customers.phone)',
  },
  {
    name: 'a column whose copy is changed later',
    files: [
      `ALTER TABLE customers ADD phone text;
       UPDATE customers SET phone = fax;
       ALTER TABLE customers DROP fax;
       UPDATE customers SET phone = NULL WHERE id = 1`,
    ],
    findings: ['drop-column customers.fax 2 block'],
  },
  {
    name: 'a column that is copied to another table',
    files: [
      `CREATE TABLE contacts (id int PRIMARY KEY, email text);
       INSERT INTO contacts (id, email) SELECT id, email FROM customers;
       ALTER TABLE customers DROP COLUMN email`,
    ],
    findings: ['drop-column customers.email 3 warn'],
    message: '3 values of "customers"."email" are dropped (line 2 copied it to contacts.email)',
  },
  {
    name: 'a generated column',
    setup: 'ALTER TABLE customers ADD double int GENERATED ALWAYS AS (age * 2) STORED',
    files: ['ALTER TABLE customers DROP double'],
    findings: ['drop-column customers.double 3 info'],
  },
  {
    name: 'a column dropped and added again in one statement',
    files: ['ALTER TABLE customers DROP COLUMN age, ADD COLUMN age text'],
    findings: ['drop-and-re-add-column customers.age 3 block'],
    message: '3 values of "customers"."age" are dropped, and line 1 adds the column again, empty',
    fixSql:
      'CREATE TABLE "customers_age_kept" AS SELECT "id", "age" FROM "customers" WHERE "age" IS NOT NULL;',
  },
  {
    name: 'a column dropped and added again in a later file',
    files: ['ALTER TABLE customers DROP COLUMN age', 'ALTER TABLE customers ADD COLUMN age int'],
    findings: ['drop-and-re-add-column customers.age 3 block'],
  },
  {
    name: 'a column that gets its values back from a copy',
    files: [
      `ALTER TABLE customers ADD age_old int;
       UPDATE customers SET age_old = age;
       ALTER TABLE customers DROP age;
       ALTER TABLE customers ADD age text;
       UPDATE customers SET age = age_old::text;
       ALTER TABLE customers DROP age_old`,
    ],
    findings: ['drop-and-re-add-column customers.age 3 warn'],
  },
  {
    name: 'a probable rename of a column',
    files: ['ALTER TABLE customers DROP COLUMN fax, ADD COLUMN phone text'],
    findings: ['probable-rename-column customers.fax 2 block'],
    message:
      '2 values of "customers"."fax" are dropped, and line 1 adds "phone" of the same type, empty: probably a rename',
    fixSql:
      'CREATE TABLE "customers_fax_kept" AS SELECT "id", "fax" FROM "customers" WHERE "fax" IS NOT NULL;',
  },
  {
    name: 'a new column of another type is no rename',
    files: ['ALTER TABLE customers DROP COLUMN fax, ADD COLUMN phone int'],
    findings: ['drop-column customers.fax 2 block'],
  },
  {
    name: 'of several new columns the one with a name like it is the rename',
    files: ['ALTER TABLE customers DROP COLUMN fax, ADD COLUMN street text, ADD COLUMN "faxNumber" text'],
    findings: ['probable-rename-column customers.fax 2 block'],
    message:
      '2 values of "customers"."fax" are dropped, and line 1 adds "faxNumber" of the same type, empty: probably a rename',
  },
  {
    name: 'a dropped table',
    files: ['DROP TABLE items'],
    findings: ['drop-table items 4 block'],
    message: '4 rows of "items" are dropped with the table',
    fixSql: 'CREATE TABLE "items_kept" AS SELECT * FROM "items";',
  },
  {
    name: 'a table that the migrations made themselves',
    files: [
      'CREATE TABLE scratch AS SELECT * FROM items',
      'DROP TABLE scratch; DROP TABLE IF EXISTS nothing',
    ],
    findings: [],
  },
  {
    name: 'a table dropped with CASCADE, and what depends on it',
    setup: 'CREATE VIEW open_orders AS SELECT id FROM orders; CREATE VIEW more AS SELECT * FROM open_orders',
    files: ['DROP TABLE orders CASCADE'],
    findings: ['cascade orders 1 warn', 'drop-table orders 4 block'],
    message:
      'CASCADE also drops the foreign key "items_order_id_fkey" of "items", the view "open_orders" and the view "more"',
    whenEmpty: ['cascade orders 1 warn'],
  },
  {
    name: 'a probable rename of a table',
    files: [
      `DROP TABLE items;
       CREATE TABLE things (id int PRIMARY KEY, order_id int, what text)`,
    ],
    findings: ['probable-rename-table items 4 block'],
    fixSql: 'CREATE TABLE "items_kept" AS SELECT * FROM "items";',
  },
  {
    name: 'a table dropped and made again',
    files: ['DROP TABLE items; CREATE TABLE items (id int)'],
    findings: ['drop-table items 4 block'],
    message: '4 rows of "items" are dropped with the table, and line 1 creates it again, empty',
  },
  {
    name: 'a partition',
    setup: `CREATE TABLE logs (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10);
            CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (10) TO (20);
            INSERT INTO logs VALUES (1), (2), (11)`,
    files: ['DROP TABLE logs_1'],
    findings: ['drop-table logs_1 2 block'],
    truth: { rows: { logs: 2 }, values: {} },
  },
  {
    name: 'a partitioned table',
    setup: `CREATE TABLE logs (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10);
            INSERT INTO logs VALUES (1), (2)`,
    files: ['DROP TABLE logs'],
    findings: ['drop-table logs 2 block'],
  },
  {
    name: 'a view and a materialized view hold nothing of their own',
    setup: 'CREATE VIEW v AS SELECT * FROM items; CREATE MATERIALIZED VIEW m AS SELECT * FROM items',
    files: ['DROP VIEW v; DROP MATERIALIZED VIEW m; DROP INDEX IF EXISTS nothing'],
    findings: [],
  },
  {
    name: 'a schema',
    setup: `CREATE SCHEMA old; CREATE TABLE old.bills (id int PRIMARY KEY); INSERT INTO old.bills VALUES (1), (2);
            CREATE TABLE old.empty (id int PRIMARY KEY)`,
    files: ['DROP SCHEMA old CASCADE'],
    findings: ['drop-schema old.bills 2 block'],
    message: '2 rows of "old"."bills" are dropped with the schema "old"',
  },
  {
    name: 'a type with the columns of it',
    setup: `CREATE TYPE mood AS ENUM ('glad', 'sad'); ALTER TABLE customers ADD mood mood;
            UPDATE customers SET mood = 'glad' WHERE id < 3`,
    files: ['DROP TYPE mood CASCADE'],
    findings: ['drop-type customers.mood 2 block'],
    message: '2 values of "customers"."mood" are dropped with the type "mood"',
  },
  {
    name: 'a type that no column has any more',
    setup: `CREATE TYPE mood AS ENUM ('glad', 'sad'); ALTER TABLE customers ADD mood mood;
            UPDATE customers SET mood = 'glad' WHERE id < 3`,
    files: ['ALTER TABLE customers ALTER mood TYPE text; DROP TYPE mood CASCADE'],
    findings: [],
  },
  {
    name: 'an extension with the columns of its types',
    setup: 'CREATE EXTENSION citext; ALTER TABLE customers ADD nick citext; UPDATE customers SET nick = name',
    files: ['DROP EXTENSION citext CASCADE'],
    findings: ['drop-extension customers.nick 4 block'],
  },
  {
    name: 'a sequence',
    setup: `CREATE SEQUENCE bill_numbers; SELECT nextval('bill_numbers'); CREATE SEQUENCE unused`,
    files: ['DROP SEQUENCE bill_numbers; DROP SEQUENCE unused'],
    findings: ['drop-sequence bill_numbers 1 warn'],
    whenEmpty: ['drop-sequence bill_numbers 1 warn'],
  },
  {
    name: 'TRUNCATE',
    files: ['TRUNCATE items'],
    findings: ['truncate items 4 block'],
    fixSql: 'CREATE TABLE "items_kept" AS SELECT * FROM "items";',
  },
  {
    name: 'TRUNCATE … CASCADE',
    files: ['TRUNCATE customers CASCADE'],
    findings: ['cascade items 4 block', 'cascade orders 4 block', 'truncate customers 4 block'],
  },
  {
    name: 'TRUNCATE after a DELETE counts the rows that are left',
    files: ['DELETE FROM items WHERE id = 100; TRUNCATE items'],
    findings: ['delete items 1 warn', 'truncate items 3 block'],
  },
  {
    name: 'DELETE of a few rows',
    files: [`DELETE FROM items WHERE what = 'pen'`],
    findings: ['delete items 1 warn'],
    message: '1 row of "items" is deleted, of 4',
  },
  {
    name: 'DELETE of most rows',
    files: ['DELETE FROM items WHERE id > 100'],
    findings: ['delete items 3 block'],
  },
  {
    name: 'DELETE of no row',
    files: ['DELETE FROM items WHERE id > 1000'],
    findings: [],
  },
  {
    name: 'DELETE … USING',
    files: [
      'DELETE FROM items USING orders WHERE orders.id = items.order_id AND orders.note IS NOT NULL AND items.id < 102',
    ],
    findings: ['delete items 2 warn'],
  },
  {
    name: 'DELETE without WHERE',
    files: ['DELETE FROM items'],
    findings: ['delete-without-where items 4 block'],
    message: '4 rows of "items" are deleted: the DELETE has no WHERE',
  },
  {
    name: 'rows that a foreign key deletes along, and references that it sets to NULL',
    files: ['DELETE FROM customers WHERE id = 1'],
    findings: ['cascade items.order_id 2 block', 'cascade orders 2 block', 'delete customers 1 warn'],
  },
  {
    name: 'DELETE of rows that the migrations put in',
    files: [
      `INSERT INTO items VALUES (200, NULL, 'new'), (201, NULL, 'new');
       DELETE FROM items WHERE what IN ('new', 'pen')`,
    ],
    findings: ['delete items 1 warn'],
  },
  {
    name: 'DELETE and UPDATE of a MERGE',
    files: [
      `MERGE INTO items USING (VALUES (100), (101), (900)) AS v (id) ON v.id = items.id
       WHEN MATCHED AND items.id = 100 THEN DELETE
       WHEN MATCHED THEN UPDATE SET what = 'new'
       WHEN NOT MATCHED THEN INSERT (id, what) VALUES (v.id, 'new')`,
    ],
    findings: ['delete items 1 warn', 'update items.what 1 info'],
  },
  {
    name: 'DELETE by a trigger',
    setup: `CREATE FUNCTION sweep() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN DELETE FROM items WHERE id = 101; RETURN NULL; END $$;
            CREATE TRIGGER sweep AFTER UPDATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION sweep()`,
    files: [`UPDATE orders SET state = 'done' WHERE id = 10`],
    findings: ['delete items 1 warn', 'update orders.state 1 info'],
  },
  {
    name: 'references that follow a key',
    setup: `CREATE TABLE codes (code text PRIMARY KEY); INSERT INTO codes VALUES ('a'), ('b');
            CREATE TABLE uses (id int PRIMARY KEY, code text REFERENCES codes ON UPDATE CASCADE);
            INSERT INTO uses VALUES (1, 'a'), (2, 'b')`,
    files: [`UPDATE codes SET code = 'z' WHERE code = 'a'`],
    findings: ['cascade uses.code 1 block', 'update codes.code 1 info'],
    truth: { rows: { codes: 1 }, values: { 'uses.code': 1 } },
  },
  {
    name: 'a partition that the migrations have put rows into',
    setup: `CREATE TABLE logs (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10);
            INSERT INTO logs VALUES (1), (2)`,
    files: ['INSERT INTO logs VALUES (3); DROP TABLE logs_1'],
    findings: ['drop-table logs_1 2 block'],
    truth: { rows: { logs: 2 }, values: {} },
  },
  {
    name: 'a statement that is not followed',
    files: ['DELETE FROM items WHERE id > 100 + 2 * (random() < 2)::int'],
    findings: ['delete items 4 unknown'],
    truth: { rows: { items: 1 }, values: {} },
  },
  {
    name: 'DELETE in a WITH',
    files: [`WITH gone AS (DELETE FROM items WHERE id = 100 RETURNING *) SELECT count(*) FROM gone`],
    findings: ['delete items 1 warn'],
  },
  {
    name: 'DELETE and DROP in a block',
    files: [`DO $$ BEGIN DELETE FROM items WHERE id = 100; EXECUTE 'ALTER TABLE orders DROP note'; END $$`],
    findings: ['delete items 1 warn', 'drop-column orders.note 3 block'],
  },
  {
    name: 'UPDATE without WHERE',
    files: ['UPDATE customers SET email = lower(email)'],
    findings: ['update-without-where customers.email 1 block'],
    message: '1 value of "customers"."email" is overwritten: the UPDATE has no WHERE',
  },
  {
    name: 'UPDATE that fills what is empty',
    files: [`UPDATE customers SET fax = COALESCE(fax, 'none'), age = COALESCE(age, 0)`],
    findings: [],
  },
  {
    name: 'UPDATE of a column that the migrations add',
    files: [
      `ALTER TABLE customers ADD level int DEFAULT 1; UPDATE customers SET level = 2; UPDATE customers SET level = 3`,
    ],
    findings: [],
  },
  {
    name: 'UPDATE with WHERE',
    files: [`UPDATE orders SET state = 'done' WHERE state = 'paid'`],
    findings: ['update orders.state 1 info'],
    message: '1 value of "orders"."state" is overwritten, of 4',
  },
  {
    name: 'UPDATE with WHERE of most rows',
    files: [`UPDATE orders SET state = 'done' WHERE state <> 'open'`],
    findings: ['update orders.state 3 warn'],
  },
  {
    name: 'a value that is overwritten twice is lost once',
    files: [`UPDATE orders SET state = 'a' WHERE id = 10; UPDATE orders SET state = 'b' WHERE id = 10`],
    findings: ['update orders.state 1 info'],
  },
  {
    name: 'INSERT … ON CONFLICT DO UPDATE',
    files: [
      `INSERT INTO items (id, what) VALUES (100, 'pencil'), (900, 'new') ON CONFLICT (id) DO UPDATE SET what = excluded.what`,
    ],
    findings: ['update items.what 1 info'],
  },
  {
    name: 'numbers that are rounded',
    files: ['ALTER TABLE customers ALTER COLUMN balance TYPE numeric(10,2)'],
    findings: ['narrowing customers.balance 2 block'],
    message: '2 values of "customers"."balance" are cut, rounded or merged (numeric(10,4) → numeric(10, 2))',
  },
  {
    name: 'numbers with room for more',
    files: ['ALTER TABLE customers ALTER COLUMN balance TYPE numeric(14,6), ALTER age TYPE bigint'],
    findings: [],
  },
  {
    name: 'numbers that become whole',
    files: ['ALTER TABLE customers ALTER COLUMN balance TYPE int'],
    findings: ['narrowing customers.balance 3 block'],
  },
  {
    name: 'text that is cut by a cast',
    files: ['ALTER TABLE customers ALTER COLUMN name TYPE varchar(3) USING name::varchar(3)'],
    findings: ['narrowing customers.name 1 block'],
  },
  {
    name: 'text that is cut by a function',
    files: ['ALTER TABLE customers ALTER COLUMN name TYPE varchar(3) USING left(name, 3)'],
    findings: ['narrowing customers.name 1 block'],
  },
  {
    name: 'text that fits',
    files: ['ALTER TABLE customers ALTER COLUMN name TYPE varchar(4) USING name::varchar(4)'],
    findings: [],
  },
  {
    name: 'moments that lose their microseconds',
    files: ['ALTER TABLE orders ALTER COLUMN placed TYPE timestamp(3)'],
    findings: ['narrowing orders.placed 1 block'],
  },
  {
    name: 'moments that become days',
    files: ['ALTER TABLE orders ALTER COLUMN placed TYPE date'],
    findings: ['narrowing orders.placed 2 block'],
  },
  {
    name: 'moments that lose their time zone',
    files: ['ALTER TABLE customers ALTER COLUMN since TYPE timestamp'],
    findings: ['lost-time-zone customers.since 3 block'],
  },
  {
    name: 'moments that lose their time zone and their microseconds',
    files: ['ALTER TABLE customers ALTER COLUMN since TYPE timestamp(3)'],
    findings: ['lost-time-zone customers.since 3 block', 'narrowing customers.since 1 block'],
  },
  {
    name: 'moments whose time zone is said',
    files: [`ALTER TABLE customers ALTER COLUMN since TYPE timestamp(3) USING since AT TIME ZONE 'UTC'`],
    findings: ['narrowing customers.since 1 block'],
  },
  {
    name: 'enum values that are merged',
    setup: `CREATE TYPE state AS ENUM ('open', 'paid', 'sent'); ALTER TABLE orders ALTER state TYPE state USING state::state`,
    files: [
      `CREATE TYPE state_new AS ENUM ('open', 'closed');
       ALTER TABLE orders ALTER state TYPE state_new
         USING (CASE state::text WHEN 'open' THEN 'open' ELSE 'closed' END::state_new);
       DROP TYPE state;
       ALTER TYPE state_new RENAME TO state`,
    ],
    findings: ['narrowing orders.state 3 block'],
  },
  {
    name: 'enum values that are renamed',
    setup: `CREATE TYPE state AS ENUM ('open', 'paid', 'sent'); ALTER TABLE orders ALTER state TYPE state USING state::state`,
    files: [
      `CREATE TYPE state_new AS ENUM ('open', 'done', 'gone');
       ALTER TABLE orders ALTER state TYPE state_new USING (
         CASE state::text WHEN 'open' THEN 'open' WHEN 'paid' THEN 'done' ELSE 'gone' END::state_new)`,
    ],
    findings: [],
  },
  {
    name: 'an enum that is made anew',
    setup: `CREATE TYPE state AS ENUM ('open', 'paid', 'sent', 'lost'); ALTER TABLE orders ALTER state TYPE state USING state::state`,
    files: [
      `CREATE TYPE state_new AS ENUM ('open', 'paid', 'sent');
       ALTER TABLE orders ALTER state TYPE state_new USING (state::text::state_new);
       ALTER TYPE state RENAME TO state_old; ALTER TYPE state_new RENAME TO state; DROP TYPE state_old`,
    ],
    findings: [],
  },
  {
    name: 'words that become true or false',
    setup: `UPDATE orders SET state = CASE id WHEN 10 THEN 'true' WHEN 11 THEN 'yes' ELSE 'no' END`,
    files: ['ALTER TABLE orders ALTER state TYPE boolean USING state::boolean'],
    findings: ['narrowing orders.state 1 block'],
  },
  {
    name: 'values that take another form',
    files: [
      'ALTER TABLE customers ALTER name TYPE jsonb USING to_jsonb(name), ALTER fax TYPE text[] USING ARRAY[fax]',
      'ALTER TABLE customers ALTER age TYPE text',
    ],
    findings: [],
  },
  {
    name: 'values that all become one',
    files: [`ALTER TABLE orders ALTER note TYPE varchar(10) USING 'same'`],
    findings: ['narrowing orders.note 3 block'],
  },
]
