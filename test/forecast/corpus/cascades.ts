import { chainsOver } from '../../support/corpus/corpus-chain.js'

const setup = `
  CREATE SCHEMA app;
  CREATE TYPE app.mood AS ENUM ('a', 'b');
  CREATE DOMAIN app.feeling AS app.mood;
  CREATE SEQUENCE app.numbers;
  CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION positive(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT n > 0';
  CREATE TABLE app.regions (id int PRIMARY KEY, name text UNIQUE);
  CREATE TABLE days (id int PRIMARY KEY, mood app.mood NOT NULL, main app.feeling, moods app.mood[], n int NOT NULL DEFAULT app.one(),
    number int NOT NULL DEFAULT nextval('app.numbers'), region int REFERENCES app.regions, stock int CHECK (positive(stock)));
  CREATE TABLE orders (id int PRIMARY KEY, day int REFERENCES days, note text);
  CREATE INDEX days_mood ON days (mood);
  CREATE VIEW named AS SELECT d.id, d.n, o.note FROM days d JOIN orders o ON o.day = d.id;
  CREATE VIEW over_named AS SELECT id FROM named;
  CREATE MATERIALIZED VIEW kept AS SELECT id, note FROM orders;
  CREATE VIEW over_kept AS SELECT note FROM kept;
  INSERT INTO app.regions VALUES (1, 'x');
  INSERT INTO days VALUES (1, 'a', 'b', '{a}', 1, 1, 1, 5);
  INSERT INTO orders VALUES (1, 1, 'x');`

/** What CASCADE takes along, and which names are free afterwards. */
export const cascades = chainsOver('cascades', setup, [
  [
    'a schema with a type',
    'DROP SCHEMA app CASCADE; ALTER TABLE days ADD COLUMN mood int, ADD COLUMN moods int, ADD COLUMN main int',
  ],
  [
    'a schema with a function in a default',
    'DROP SCHEMA app CASCADE; INSERT INTO days (id, number) VALUES (2, 2)',
  ],
  [
    'a schema with a sequence in a default',
    'DROP SCHEMA app CASCADE; INSERT INTO days (id, n) VALUES (2, 2)',
  ],
  [
    'a schema with a referenced table',
    'DROP SCHEMA app CASCADE; INSERT INTO days (id, n, number, region) VALUES (2, 1, 1, 99)',
  ],
  [
    'a schema whose name is free again',
    "DROP SCHEMA app CASCADE; CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('z'); CREATE TABLE app.regions (z int)",
  ],
  ['a schema without CASCADE', 'DROP SCHEMA app'],
  [
    'a column that a view joins by',
    'ALTER TABLE orders DROP COLUMN day CASCADE; CREATE VIEW named AS SELECT 1 AS id; CREATE VIEW over_named AS SELECT 2 AS id',
  ],
  [
    'a column that only a view over a view leads to',
    'ALTER TABLE days DROP COLUMN id CASCADE; CREATE VIEW over_named AS SELECT 1 AS id; CREATE TABLE named (id int)',
  ],
  [
    'a column of a materialized view',
    'ALTER TABLE orders DROP COLUMN note CASCADE; CREATE VIEW over_kept AS SELECT 1 AS one; CREATE TABLE kept (id int)',
  ],
  ['a column without CASCADE that a view reads', 'ALTER TABLE orders DROP COLUMN note'],
  [
    'a primary key with a foreign key on it',
    'ALTER TABLE days DROP CONSTRAINT days_pkey CASCADE; INSERT INTO orders VALUES (2, 99, NULL)',
  ],
  [
    'a primary key, and the name of the foreign key',
    'ALTER TABLE days DROP CONSTRAINT days_pkey CASCADE; ALTER TABLE orders ADD CONSTRAINT orders_day_fkey CHECK (day < 100)',
  ],
  [
    'a primary key that is dropped with its column',
    'ALTER TABLE days DROP COLUMN id CASCADE; INSERT INTO orders VALUES (2, 99, NULL)',
  ],
  ['a primary key without CASCADE', 'ALTER TABLE days DROP CONSTRAINT days_pkey'],
  [
    'a unique key with a foreign key on it',
    "ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES app.regions (name); ALTER TABLE app.regions DROP CONSTRAINT regions_name_key CASCADE; UPDATE orders SET note = 'none'",
  ],
  ['a view with a view on it', 'DROP VIEW named CASCADE; CREATE VIEW over_named AS SELECT 1 AS one'],
  ['a view without CASCADE', 'DROP VIEW named'],
  [
    'a materialized view with a view on it',
    'DROP MATERIALIZED VIEW kept CASCADE; CREATE TABLE over_kept (id int)',
  ],
  [
    'a table with views and keys on it',
    'DROP TABLE days CASCADE; CREATE VIEW named AS SELECT 1 AS one; INSERT INTO orders VALUES (2, 99, NULL)',
  ],
  [
    'an enum that an array and a domain rest on',
    'DROP TYPE app.mood CASCADE; ALTER TABLE days ADD COLUMN mood int, ADD COLUMN moods int, ADD COLUMN main int',
  ],
  ['an enum whose domain is free again', 'DROP TYPE app.mood CASCADE; CREATE DOMAIN app.feeling AS text'],
  ['a domain', 'DROP DOMAIN app.feeling CASCADE; ALTER TABLE days ADD COLUMN main int'],
  [
    'a function that is a default',
    "DROP FUNCTION app.one() CASCADE; INSERT INTO days (id, mood) VALUES (2, 'a')",
  ],
  ['a function that a check calls', 'DROP FUNCTION positive(int) CASCADE; UPDATE days SET stock = -1'],
  [
    'a sequence that is a default',
    "DROP SEQUENCE app.numbers CASCADE; INSERT INTO days (id, mood) VALUES (2, 'a')",
  ],
  ['a sequence without CASCADE', 'DROP SEQUENCE app.numbers'],
  ['an index with its column', 'ALTER TABLE days DROP COLUMN mood; CREATE INDEX days_mood ON days (n)'],
  [
    'a trigger with its function',
    `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER touching BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch(); DROP FUNCTION touch() CASCADE; INSERT INTO orders VALUES (2, 1, 'y'); CREATE UNIQUE INDEX ON orders (day)`,
  ],
  [
    'a rule and a policy with the column',
    'CREATE POLICY own ON orders USING (note IS NOT NULL); ALTER TABLE orders DROP COLUMN note CASCADE; CREATE POLICY own ON orders USING (true)',
  ],
  [
    'a generated column with its source',
    'ALTER TABLE orders ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED; ALTER TABLE orders DROP COLUMN id CASCADE; ALTER TABLE orders ADD COLUMN twice int',
  ],
  [
    'an extension with its type',
    'CREATE EXTENSION citext; ALTER TABLE orders ADD COLUMN c citext; DROP EXTENSION citext CASCADE; ALTER TABLE orders ADD COLUMN c int',
  ],
  [
    'a composite type with its column and typed table',
    'CREATE TYPE place AS (x int); CREATE TABLE places OF place; ALTER TABLE orders ADD COLUMN at place; DROP TYPE place CASCADE; CREATE TABLE places (x int); ALTER TABLE orders ADD COLUMN at int',
  ],
  ['an owned sequence with its table', 'CREATE TABLE s (id serial); DROP TABLE s; CREATE SEQUENCE s_id_seq'],
  [
    'TRUNCATE',
    'TRUNCATE days CASCADE; INSERT INTO orders VALUES (2, NULL, NULL); CREATE UNIQUE INDEX ON orders ((1))',
  ],
])
