import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'

// What is foretold is then done: the server must refuse it, and for the very reason that was named.

type Row = readonly [before: string, statement: string]

/** By the SQLSTATE that the server answers with. */
const refusals: Record<string, readonly Row[]> = {
  // raise_exception
  P0001: [
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$; CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION et()",
      'CREATE TABLE u(a int)',
    ],
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$; CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION et()",
      'CREATE INDEX ON t (a)',
    ],
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION et()",
      'DROP TABLE t',
    ],
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION et()",
      'ALTER TABLE t DROP COLUMN b',
    ],
  ],
  // invalid_function_definition
  '42P13': [
    [
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
    ],
    [
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'",
    ],
    [
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
    ],
    [
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
    ],
    [
      "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
    ],
    [
      "CREATE FUNCTION f() RETURNS TABLE (x int, z int) LANGUAGE sql AS 'SELECT 1, 1'",
      "CREATE OR REPLACE FUNCTION f() RETURNS TABLE (x int, y int) LANGUAGE sql AS 'SELECT 2, 3'",
    ],
    [
      "CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE FUNCTION f(a int, OUT b text) LANGUAGE sql AS $$SELECT 'x'$$",
    ],
    [
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN END'",
    ],
    [
      "CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE PROCEDURE f(b int) LANGUAGE sql AS 'SELECT 2'",
    ],
    [
      "CREATE PROCEDURE f(INOUT a int) LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 2'",
    ],
  ],
  // feature_not_supported
  '0A000': [
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'CREATE UNIQUE INDEX i ON p (id)',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'CREATE UNIQUE INDEX i ON ONLY p (id) INCLUDE (at)',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p ADD UNIQUE (id)',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p ADD PRIMARY KEY (id)',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p ADD COLUMN k int UNIQUE',
    ],
    ['', 'CREATE TABLE p(id int PRIMARY KEY, at int) PARTITION BY RANGE (at)'],
    ['', 'CREATE TABLE p(id int, at int, UNIQUE (id, at)) PARTITION BY RANGE ((at + 1))'],
    [
      'CREATE TABLE s(a int, b int) PARTITION BY LIST (a); CREATE TABLE s1 PARTITION OF s FOR VALUES IN (1) PARTITION BY LIST (b)',
      'CREATE UNIQUE INDEX ON s (a)',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE UNIQUE INDEX i ON p (id, at)',
      'ALTER TABLE p ADD CONSTRAINT c UNIQUE USING INDEX i',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p ADD EXCLUDE USING btree (id WITH =)',
    ],
    [
      'CREATE TABLE t(a int primary key, b int); CREATE PUBLICATION pub FOR TABLE t (a, b)',
      'ALTER TABLE t ALTER b TYPE bigint',
    ],
    [
      'CREATE TABLE t(a int primary key, b int); CREATE PUBLICATION pub FOR TABLE t WHERE (a > 0)',
      'ALTER TABLE t ALTER a TYPE bigint',
    ],
    ['', 'CREATE EXTENSION nosuch'],
    ['', 'CREATE EXTENSION IF NOT EXISTS nosuch'],
    ['CREATE TABLE t(a int, b int generated always as (a+1) stored)', 'ALTER TABLE t ALTER a TYPE bigint'],
    ['CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT a FROM t', 'ALTER TABLE t ALTER a TYPE text'],
    ['CREATE TABLE t(a int, b int); CREATE POLICY p ON t USING (a > 0)', 'ALTER TABLE t ALTER a TYPE text'],
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()",
      'ALTER TABLE t ALTER a TYPE text',
    ],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a SET DEFAULT b'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD b int DEFAULT a'],
    ['CREATE TABLE t(a int primary key); CREATE TABLE u(a int references t)', 'TRUNCATE t'],
    ['CREATE ROLE r; SET LOCAL ROLE r', 'CREATE EXTENSION nosuch'],
  ],
  // invalid_parameter_value
  '22023': [
    ["CREATE TYPE e AS ENUM('a')", "ALTER TYPE e ADD VALUE 'b' BEFORE 'c'"],
    ["CREATE TYPE e AS ENUM('a')", "ALTER TYPE e RENAME VALUE 'b' TO 'c'"],
    ['', 'CREATE TABLE t(a text generated by default as identity)'],
  ],
  // invalid_text_representation
  '22P02': [
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(x e)", "ALTER TABLE t ALTER x SET DEFAULT 'z'"],
    ['CREATE TABLE t(a int)', "ALTER TABLE t ALTER a SET DEFAULT 'x'"],
    ['CREATE TABLE t(a int)', "ALTER TABLE t ADD b text[] DEFAULT '[]'"],
    ['CREATE TABLE t(a int)', "ALTER TABLE t ADD b jsonb DEFAULT '[x'"],
    ['CREATE TABLE t(a int, b int)', "UPDATE t SET a = 'x'"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "SELECT * FROM t WHERE a IN ('a','z')"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "SELECT CASE WHEN a = 'z' THEN 1 END FROM t"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "SELECT COALESCE(a, 'z') FROM t"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "INSERT INTO t VALUES ('z')"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "INSERT INTO t VALUES ('a'),('z')"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "INSERT INTO t SELECT 'z' WHERE false"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[], b text)", "INSERT INTO t VALUES ('{z}')"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[], b text)", "SELECT 'z' = ANY(a) FROM t"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e)", "CREATE INDEX i ON t(a) WHERE a = 'z'"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e)", "ALTER TABLE t ADD CHECK (a <> 'z')"],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TYPE f AS ENUM ('a'); CREATE TABLE t(x e default 'a')",
      "ALTER TABLE t ALTER x TYPE f USING 'q'",
    ],
    ['', "SELECT '1'::uuid LIKE 'x'"],
    ['', "SELECT COALESCE(1, 'x')"],
    ['', "SELECT 1 = ANY('{a}')"],
    ['', "SELECT 1 IN ('x')"],
    ['', "SELECT 1 IN ('1','x')"],
    ['', "SELECT true IN ('x')"],
  ],
  // active_sql_transaction
  '25001': [
    ['CREATE TABLE t(a int, b int) PARTITION BY LIST(a)', 'CREATE INDEX CONCURRENTLY ON t(b)'],
    ['CREATE TABLE t(a int)', 'VACUUM t'],
    ['CREATE ROLE r; SET LOCAL ROLE r', "ALTER SYSTEM SET work_mem = '1MB'"],
  ],
  // dependent_objects_still_exist
  '2BP01': [
    [
      'CREATE EXTENSION pgcrypto; CREATE TABLE t(b bytea DEFAULT gen_random_bytes(8))',
      'DROP EXTENSION pgcrypto',
    ],
    [
      'CREATE EXTENSION pg_trgm; CREATE TABLE t(a text); CREATE INDEX i ON t USING gin (a gin_trgm_ops)',
      'DROP EXTENSION pg_trgm',
    ],
    ['CREATE EXTENSION cube; CREATE EXTENSION earthdistance', 'DROP EXTENSION cube'],
    ["CREATE EXTENSION citext; CREATE VIEW v AS SELECT 'a'::citext AS x", 'DROP EXTENSION citext'],
    [
      "CREATE EXTENSION citext; CREATE FUNCTION f(citext) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'DROP EXTENSION citext',
    ],
    ['CREATE TABLE t(a int)', 'DROP TYPE t'],
    ['CREATE TABLE t(a int unique)', 'DROP INDEX t_a_key'],
    ['CREATE TABLE t(a int unique)', 'DROP INDEX t_a_key CASCADE'],
    [
      'CREATE TABLE t(a int unique); CREATE TABLE u(a int references t(a))',
      'ALTER TABLE t DROP CONSTRAINT t_a_key',
    ],
    [
      'CREATE TABLE t(a int); CREATE UNIQUE INDEX i ON t(a); CREATE TABLE u(a int references t(a))',
      'DROP INDEX i',
    ],
    ['CREATE TABLE t(a int unique); CREATE TABLE u(a int references t(a))', 'DROP TABLE t'],
    ['CREATE TABLE t(a int unique); CREATE TABLE u(a int references t(a))', 'ALTER TABLE t DROP COLUMN a'],
    ['CREATE TABLE t(a int, b int generated always as (a+1) stored)', 'ALTER TABLE t DROP COLUMN a'],
    ['CREATE TABLE t(a int); CREATE VIEW v AS SELECT a FROM t', 'ALTER TABLE t DROP COLUMN a'],
    ['CREATE TABLE t(a int, b int); CREATE POLICY p ON t USING (a > 0)', 'ALTER TABLE t DROP a'],
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()",
      'ALTER TABLE t DROP a',
    ],
    [
      "CREATE TABLE t(a int, b int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()",
      'DROP FUNCTION f()',
    ],
    ['CREATE SCHEMA s; CREATE TABLE s.t(a int)', 'DROP SCHEMA s'],
    ["CREATE SCHEMA s; CREATE TYPE s.t AS ENUM('a')", 'DROP SCHEMA s'],
    [
      "CREATE SCHEMA s; CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'DROP SCHEMA s RESTRICT',
    ],
    ["CREATE SEQUENCE s; CREATE TABLE t(a int default nextval('s'))", 'DROP SEQUENCE s'],
    ['CREATE TABLE t(a serial)', 'DROP SEQUENCE t_a_seq'],
    ['CREATE TABLE t(a int generated always as identity)', 'DROP SEQUENCE t_a_seq'],
    ['CREATE TABLE t(a int primary key, b int references t(a))', 'ALTER TABLE t DROP COLUMN a'],
    ['CREATE TABLE t(a int primary key, b int references t(a))', 'ALTER TABLE t DROP CONSTRAINT t_pkey'],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e)", 'DROP TYPE e'],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[])", 'DROP TYPE e'],
    ["CREATE TYPE e AS ENUM('a'); CREATE VIEW v AS SELECT 'a'::e AS x", 'DROP TYPE e'],
    [
      "CREATE TYPE e AS ENUM('a'); CREATE FUNCTION f(e) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'DROP TYPE e',
    ],
    ["CREATE TYPE e AS ENUM('a'); CREATE DOMAIN d AS e", 'DROP TYPE e'],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a text CHECK (a::e = 'a'))", 'DROP TYPE e'],
    ["CREATE TABLE t(a int); CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1'", 'DROP TABLE t'],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t'",
      'DROP TABLE t',
    ],
    ['CREATE TABLE t(a int); CREATE TABLE c() INHERITS (t)', 'DROP TABLE t'],
  ],
  // invalid_schema_name
  '3F000': [
    ['', 'ALTER TYPE nos.e RENAME TO f'],
    ['', 'DROP TYPE nos.e'],
    ['', 'DROP TABLE nos.e'],
    ['', 'DROP VIEW nos.e'],
    ['', 'DROP INDEX nos.e'],
    ['', 'DROP SEQUENCE nos.e'],
    ['', 'DROP FUNCTION nos.e()'],
    ['', 'DROP SCHEMA e'],
    ['', 'DROP TRIGGER x ON nos.t'],
    ['', 'CREATE TABLE nos.t(a int)'],
    ['', 'CREATE INDEX i ON nos.t(a)'],
    ['', 'ALTER TABLE nos.t ADD a int'],
    ['', 'CREATE VIEW nos.v AS SELECT 1'],
    ['', 'CREATE TYPE nos.v AS ENUM ()'],
    ['', "CREATE FUNCTION nos.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ['', 'CREATE SEQUENCE nos.s'],
    ['', 'SELECT nos.f()'],
    ['', 'SELECT 1::nos.t'],
    ['', 'CREATE TABLE t(a nos.e)'],
    ['', 'TRUNCATE nos.t'],
    ['', "COMMENT ON SCHEMA i IS 'x'"],
    ['', 'GRANT USAGE ON SCHEMA nos TO public'],
    ['', 'GRANT SELECT ON ALL TABLES IN SCHEMA nos TO public'],
    ['', 'ALTER DEFAULT PRIVILEGES IN SCHEMA nos GRANT SELECT ON TABLES TO public'],
    ['', 'ALTER SCHEMA nos OWNER TO postgres'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t SET SCHEMA nos'],
    ['', 'CREATE EXTENSION pgcrypto SCHEMA nosuch'],
    ['', "SELECT 'nos.t'::regclass"],
  ],
  // syntax_error
  '42601': [
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t VALUES (1,2,3)'],
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a,b) VALUES (1)'],
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a,b) SELECT 1'],
    ['', 'CREATE TABLE t(a int default 1 default 2)'],
    ['', 'CREATE TABLE t(a serial default 2)'],
    ['', 'CREATE TABLE t(a int generated by default as identity default 3)'],
    ['CREATE TABLE t(a int generated by default as identity)', 'ALTER TABLE t ALTER a SET DEFAULT 3'],
    ['CREATE TABLE t(a int generated by default as identity)', 'ALTER TABLE t ALTER a DROP DEFAULT'],
    ['CREATE TABLE t(a int generated by default as identity)', 'ALTER TABLE t ALTER a DROP NOT NULL'],
    ['CREATE TABLE t(a int generated always as (1) stored)', 'ALTER TABLE t ALTER a SET DEFAULT 3'],
    ['CREATE TABLE t(a int generated always as (1) stored)', 'ALTER TABLE t ALTER a DROP DEFAULT'],
  ],
  // duplicate_column
  '42701': [
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a,a) VALUES (1,2)'],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t RENAME a TO b'],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t RENAME a TO a'],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t RENAME a TO ctid'],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t ADD ctid int'],
    ['', 'CREATE TABLE t(a int, a int)'],
    ['', 'CREATE TABLE t(a int, unique (a, a))'],
    ['', 'CREATE TABLE t(a int, primary key (a, a))'],
  ],
  // ambiguous_column
  '42702': [
    [
      'CREATE TABLE t(a int unique, b int)',
      'INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = b + 1',
    ],
    ['CREATE TABLE t(a int, b int)', 'SELECT a FROM t, t u'],
    ['CREATE TABLE t(a int, b int)', 'SELECT b FROM t JOIN t u USING (a)'],
  ],
  // undefined_column
  '42703': [
    [
      'CREATE TABLE t(a int) PARTITION BY LIST (a)',
      'CREATE TABLE c PARTITION OF t (b DEFAULT 1) FOR VALUES IN (1)',
    ],
    ['CREATE TABLE t(a int)', 'CREATE INDEX IF NOT EXISTS i ON t(b)'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'CREATE INDEX IF NOT EXISTS i ON t(b)'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'CREATE INDEX i ON t(b)'],
    ['CREATE TABLE t(a int)', 'CREATE TABLE t(a int, primary key (b))'],
    ['', 'CREATE TABLE t(a int, check (b > 1))'],
    ['CREATE TABLE t(a int)', 'CREATE TABLE u(a int, foreign key (b) references t(a))'],
    ['CREATE TABLE t(a int)', 'CREATE TABLE u(a int, foreign key (a) references t(b))'],
    ['CREATE TABLE t(a int primary key)', 'ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (b)'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD PRIMARY KEY (b)'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD UNIQUE (b)'],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t (lower(b))'],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t (a) INCLUDE (b)'],
    ['CREATE VIEW v AS SELECT 1 a', 'ALTER VIEW v RENAME COLUMN b TO c'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER b TYPE bool'],
    ['CREATE TABLE t(a int)', "COMMENT ON COLUMN t.b IS 'x'"],
    ['CREATE TABLE t(a int); CREATE POLICY p ON t', 'CREATE POLICY p ON t USING (b > 1)'],
    ['CREATE TABLE t(a int)', 'CREATE POLICY p ON t USING (b > 1)'],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      'CREATE TRIGGER g BEFORE UPDATE OF b ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.b > 1) EXECUTE FUNCTION f()',
    ],
    ['CREATE TABLE t(a int)', 'CREATE SEQUENCE s OWNED BY t.b'],
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a,c) VALUES (1,nosuch)'],
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a) VALUES (1) ON CONFLICT (c) DO NOTHING'],
    ['CREATE TABLE t(a int, b int)', 'UPDATE t SET c = 1'],
    ['CREATE TABLE t(a int, b int)', 'UPDATE t SET a = c'],
    ['CREATE TABLE t(a int, b int)', 'UPDATE t SET a = true WHERE nosuch'],
    ['CREATE TABLE t(a int)', 'SELECT t.a FROM t ORDER BY q'],
    ['CREATE TABLE t(a int)', 'SELECT a AS q FROM t WHERE q = 1'],
    ['CREATE TABLE t(a int)', 'SELECT t.ctid FROM (SELECT * FROM t) t'],
    ['CREATE TABLE t(a int, b int)', 'SELECT 1 FROM t JOIN t u USING (c)'],
    ['CREATE TABLE t AS SELECT 1 a', 'CREATE TABLE t AS SELECT nosuch'],
    ['CREATE TABLE t AS SELECT 1 a', 'CREATE TABLE IF NOT EXISTS t AS SELECT nosuch'],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t RENAME c TO b'],
    ['', 'CREATE TABLE t(a int generated always as (b) stored)'],
    ['CREATE TABLE t(a int primary key)', 'ALTER TABLE t ALTER b DROP NOT NULL'],
    ['CREATE TABLE t(a int)', 'COPY t(b) FROM stdin'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'SELECT b FROM t'],
  ],
  // undefined_object
  '42704': [
    ['', 'DROP EXTENSION nosuch'],
    ['', 'ALTER EXTENSION nosuch UPDATE'],
    ['CREATE TABLE t(a int)', 'CREATE TABLE t(a nosuch)'],
    ['CREATE TABLE t(a int)', 'CREATE TABLE u(a int, foreign key (a) references t)'],
    ['CREATE TABLE t(a json)', 'ALTER TABLE t ADD UNIQUE (a)'],
    ['CREATE TABLE t(a json)', 'CREATE INDEX ON t (a)'],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t USING gin (a)'],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t USING gin (a gin_trgm_ops)'],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t USING nosuch (a)'],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t USING nosuch (b)'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a TYPE nosuch'],
    ['', "ALTER TYPE e ADD VALUE 'a'"],
    ['', 'ALTER TYPE e RENAME TO f'],
    ['', 'DROP TYPE e'],
    ['', 'DROP INDEX e'],
    ['CREATE TABLE t(a int)', 'DROP TRIGGER x ON t'],
    ['CREATE TABLE t(a int)', 'DROP POLICY x ON t'],
    ['', 'DROP PUBLICATION e'],
    ['', 'DROP ROLE e'],
    ['', 'DROP DOMAIN e'],
    ['', 'DROP FUNCTION f(nosuch)'],
    ['', 'SELECT 1::nosuch'],
    ['', "COMMENT ON TYPE e IS 'x'"],
    ['', "COMMENT ON EXTENSION i IS 'x'"],
    ['CREATE TABLE t(a int)', "COMMENT ON CONSTRAINT c ON t IS 'x'"],
    ['CREATE TABLE t(a int)', 'GRANT SELECT ON t TO nosuchrole'],
    ['', 'GRANT USAGE ON TYPE nos TO public'],
    ['', 'GRANT nosuch TO postgres'],
    ['', 'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO nobodyatall'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t OWNER TO nosuchrole'],
    ['', 'ALTER FUNCTION f() OWNER TO nosuchrole'],
    ['', 'ALTER TYPE nos OWNER TO postgres'],
    ['CREATE TABLE t(a int)', 'CREATE POLICY p ON t TO nosuchrole USING (b > 1)'],
    ['CREATE TABLE t(a int)', 'ALTER POLICY p ON t USING (true)'],
    ['CREATE TABLE t(a int)', 'ALTER POLICY p ON t RENAME TO q'],
    ['', 'ALTER PUBLICATION p ADD TABLE t'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t DISABLE TRIGGER nosuch'],
    ['CREATE TABLE t(a int)', 'ALTER TRIGGER x ON t RENAME TO y'],
    ['', "CREATE FUNCTION f(a int) RETURNS int LANGUAGE nosuch AS 'SELECT 1'"],
    ['', "CREATE FUNCTION f(a nosuch) RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ['', "CREATE FUNCTION f(a int) RETURNS nosuch LANGUAGE sql AS 'SELECT 1'"],
    ['', "CREATE FUNCTION f(a int) RETURNS SETOF nosuch LANGUAGE plpgsql AS 'BEGIN END'"],
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a) VALUES (1) ON CONFLICT ON CONSTRAINT c DO NOTHING'],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t RENAME CONSTRAINT c TO b'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t DROP CONSTRAINT x'],
    ['CREATE TABLE t(a int unique)', 'ALTER TABLE t VALIDATE CONSTRAINT x'],
    ['CREATE TABLE t(a int unique)', 'ALTER TABLE t ALTER CONSTRAINT x DEFERRABLE'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t CLUSTER ON x'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t REPLICA IDENTITY USING INDEX x'],
    ['CREATE TABLE t(a int unique)', 'ALTER TABLE t ADD UNIQUE USING INDEX nosuch'],
    ['CREATE TABLE t(a int)', 'CLUSTER t USING x'],
    ['', 'CREATE DOMAIN d AS nosuch'],
    ['', 'CREATE TYPE c AS (a nosuch)'],
    ['CREATE TABLE t(x text); CREATE INDEX i ON t(x)', 'ALTER TABLE t ALTER x TYPE json USING null'],
    ['', 'CREATE EXTENSION earthdistance'],
  ],
  // duplicate_object
  '42710': [
    ["CREATE TYPE t AS ENUM('a')", 'CREATE TABLE t(a int)'],
    ['CREATE TABLE t(a int)', "CREATE TYPE t AS ENUM('a')"],
    [
      'CREATE TABLE t(a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a>0)',
      'ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES nosuch(a)',
    ],
    [
      'CREATE TABLE t(a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a>0)',
      'ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)',
    ],
    [
      'CREATE TABLE t(a int); ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)',
      'ALTER TABLE t ADD CONSTRAINT c CHECK (a>0)',
    ],
    ["CREATE TYPE e AS ENUM('a')", "ALTER TYPE e ADD VALUE 'a'"],
    ["CREATE TYPE e AS ENUM('a','b')", "ALTER TYPE e RENAME VALUE 'b' TO 'a'"],
    ['CREATE TABLE t(a int); CREATE POLICY p ON t', 'CREATE POLICY p ON t USING (true)'],
    ['CREATE PUBLICATION p', 'CREATE PUBLICATION p'],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
      'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    ['CREATE TABLE t(a int); CREATE TYPE u AS ENUM()', 'ALTER TABLE t RENAME TO u'],
    ['CREATE TABLE t(a int); CREATE TYPE u AS ENUM()', 'ALTER TYPE u RENAME TO t'],
    [
      'CREATE TABLE t(a int, b int, constraint c check (a>0), constraint d check (a>1))',
      'ALTER TABLE t RENAME CONSTRAINT c TO d',
    ],
    [
      'CREATE TABLE t(a int constraint c unique, b int constraint d check (b>0))',
      'ALTER INDEX c RENAME TO d',
    ],
    ['', 'CREATE TABLE t(a int constraint c check (a>0), b int constraint c check (b>0))'],
    ['CREATE EXTENSION pgcrypto', 'CREATE EXTENSION pgcrypto'],
    ['CREATE DOMAIN d AS int', 'CREATE DOMAIN d AS int'],
    ['CREATE TYPE c AS (a int)', 'CREATE TYPE c AS (a int)'],
  ],
  // duplicate_alias
  '42712': [['CREATE TABLE t(a int, b int)', 'SELECT 1 FROM t JOIN t USING (a)']],
  // duplicate_function
  '42723': [
    [
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
  ],
  // datatype_mismatch
  '42804': [
    ['CREATE TABLE t(a int primary key)', 'CREATE TABLE u(a text references t)'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a TYPE boolean'],
    ['CREATE TABLE t(a int default 0)', 'ALTER TABLE t ALTER a TYPE boolean USING a > 0'],
    ["CREATE TABLE t(a text default 'x')", 'ALTER TABLE t ALTER a TYPE int USING 1'],
    [
      "CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a text default 'x'); CREATE VIEW v AS SELECT a FROM t",
      'ALTER TABLE t ALTER a TYPE e USING a::e',
    ],
    ['CREATE TABLE t(a int); CREATE VIEW v AS SELECT a FROM t', 'ALTER TABLE t ALTER a TYPE bool'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a SET DEFAULT true'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD b boolean DEFAULT 0'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD b int[] DEFAULT ARRAY[]::text[]'],
    ['CREATE TABLE t(a int)', 'CREATE POLICY p ON t USING (a)'],
    ['CREATE TABLE t(a int, b int)', "UPDATE t SET a = 'x'::text"],
    ['CREATE TABLE t(a int, b int)', 'UPDATE t SET a = 1 WHERE a'],
    ['CREATE TABLE t(a uuid, b text)', 'UPDATE t SET a = b'],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", 'UPDATE t SET a = b'],
    [
      "CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)",
      "INSERT INTO t SELECT CASE WHEN true THEN 'a' ELSE 'z' END",
    ],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[], b text)", "INSERT INTO t VALUES (ARRAY['z'])"],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[], b text)", "INSERT INTO t VALUES (ARRAY['z'::text])"],
    [
      "CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[], b text)",
      "ALTER TABLE t ALTER a SET DEFAULT ARRAY['a']",
    ],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TYPE f AS ENUM ('a'); CREATE TABLE t(x e)",
      'ALTER TABLE t ALTER x TYPE f',
    ],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TYPE f AS ENUM ('a'); CREATE TABLE t(x e)",
      'ALTER TABLE t ALTER x TYPE f USING x',
    ],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TYPE f AS ENUM ('a'); CREATE TABLE t(x e)",
      'ALTER TABLE t ALTER x TYPE f USING x::text',
    ],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TYPE f AS ENUM ('a'); CREATE TABLE t(x e default 'a')",
      'ALTER TABLE t ALTER x TYPE f USING x::text::f',
    ],
    [
      'CREATE TABLE t(x int primary key); CREATE TABLE u(x int references t)',
      'ALTER TABLE t ALTER x TYPE text',
    ],
    [
      'CREATE TABLE t(x text primary key); CREATE TABLE u(x text references t)',
      'ALTER TABLE u ALTER x TYPE uuid USING x::uuid',
    ],
    ['', 'SELECT 1 WHERE 1'],
    ['', 'SELECT CASE WHEN 1 THEN 2 END'],
    ['', 'SELECT COALESCE(1, true)'],
    ['', 'SELECT 1 WHERE NOT 1'],
    ['', 'SELECT 1 WHERE 1 AND true'],
  ],
  // wrong_object_type
  '42809': [
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE r(id int PRIMARY KEY)',
      'ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES r NOT VALID',
    ],
    [
      "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE OR REPLACE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 2'",
    ],
    ['CREATE VIEW v AS SELECT 1 a', 'CREATE TABLE u(a int references v(a))'],
    ['CREATE VIEW v AS SELECT 1 a', 'CREATE INDEX ON v(a)'],
    ['CREATE VIEW v AS SELECT 1 a', 'CREATE INDEX ON v(b)'],
    ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v ADD COLUMN b int'],
    ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v DROP COLUMN b'],
    ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v ADD CONSTRAINT c CHECK (a>0)'],
    ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v ALTER COLUMN a TYPE text'],
    ['CREATE VIEW v AS SELECT 1 a', 'ALTER TABLE v ALTER COLUMN a SET NOT NULL'],
    ['CREATE TABLE t(a int)', 'ALTER VIEW t RENAME TO u'],
    ['CREATE TABLE t(a int)', 'ALTER SEQUENCE t RENAME TO u'],
    ['CREATE TABLE t(a int)', 'ALTER SEQUENCE t RESTART'],
    ['CREATE TABLE t(a int)', 'DROP VIEW t'],
    ['CREATE TABLE t(a int)', 'DROP VIEW IF EXISTS t'],
    ['CREATE TABLE t(a int)', 'DROP INDEX t'],
    ['CREATE TABLE t(a int)', 'DROP SEQUENCE t'],
    ['CREATE TABLE t(a int)', 'DROP MATERIALIZED VIEW t'],
    ['CREATE VIEW v AS SELECT 1 a', 'DROP TABLE v'],
    ['CREATE VIEW v AS SELECT 1 a', 'DROP MATERIALIZED VIEW v'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'DROP TABLE i'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'ALTER TABLE i ADD COLUMN b int'],
    ['CREATE TABLE e(a int)', "ALTER TYPE e ADD VALUE 'a'"],
    ['CREATE DOMAIN e AS int', "ALTER TYPE e ADD VALUE 'a'"],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      'CREATE TRIGGER g INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    [
      "CREATE VIEW t AS SELECT 1 a; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    [
      "CREATE MATERIALIZED VIEW t AS SELECT 1 a; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    ['CREATE VIEW v AS SELECT 1', 'TRUNCATE v'],
    ['CREATE MATERIALIZED VIEW v AS SELECT 1 a', 'INSERT INTO v VALUES (1)'],
    ['CREATE SEQUENCE v', 'INSERT INTO v VALUES (1)'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'SELECT * FROM i'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'INSERT INTO i VALUES (1)'],
    ['CREATE TABLE t(a int)', 'CREATE OR REPLACE VIEW t AS SELECT 1 a'],
    ['CREATE VIEW v AS SELECT 1', 'REFRESH MATERIALIZED VIEW v'],
    ['CREATE TABLE t(a int unique)', 'ALTER TABLE t VALIDATE CONSTRAINT t_a_key'],
    ['CREATE TABLE t(a int unique)', 'ALTER TABLE t ALTER CONSTRAINT t_a_key DEFERRABLE'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'ALTER TABLE t REPLICA IDENTITY USING INDEX i'],
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'ALTER TABLE t ADD UNIQUE USING INDEX i'],
    [
      'CREATE TABLE t(a int); CREATE UNIQUE INDEX i ON t(a) WHERE a > 0',
      'ALTER TABLE t ADD UNIQUE USING INDEX i',
    ],
    ['CREATE TABLE t(a int); CREATE UNIQUE INDEX i ON t((a+1))', 'ALTER TABLE t ADD UNIQUE USING INDEX i'],
    ['CREATE TABLE t(a int unique); CREATE TABLE u(a int)', 'ALTER TABLE u ADD UNIQUE USING INDEX t'],
    ['CREATE TABLE t(a int)', 'REINDEX INDEX t'],
    ['CREATE TABLE t(a int); CREATE ROLE r; SET LOCAL ROLE r', 'DROP VIEW t'],
  ],
  // invalid_foreign_key
  '42830': [
    ['CREATE TABLE t(a int)', 'CREATE TABLE u(a int, foreign key (a) references t(a))'],
    [
      'CREATE TABLE t(a int, b int, unique (a,b))',
      'CREATE TABLE u(a int, foreign key (a) references t(a,b))',
    ],
    [
      'CREATE TABLE t(a int, b int, unique (a,b))',
      'CREATE TABLE u(a int, foreign key (a,a) references t(a,a))',
    ],
    [
      'CREATE TABLE t(a int); CREATE UNIQUE INDEX i ON t(a) WHERE a > 0',
      'CREATE TABLE u(a int references t(a))',
    ],
  ],
  // cannot_coerce
  '42846': [
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TYPE f AS ENUM ('a'); CREATE TABLE t(x e)",
      'ALTER TABLE t ALTER x TYPE f USING x::f',
    ],
    ['', 'SELECT 1::uuid'],
    ['', 'SELECT 1::int::uuid'],
  ],
  // undefined_function
  '42883': [
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t (nosuch(a))'],
    ['', 'DROP FUNCTION e'],
    ['', 'DROP FUNCTION e()'],
    ['', 'DROP PROCEDURE e'],
    ['', 'SELECT f()'],
    ['', "COMMENT ON FUNCTION f() IS 'x'"],
    ['', 'GRANT EXECUTE ON FUNCTION f() TO public'],
    ['CREATE TABLE t(a int)', 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()'],
    ['CREATE TABLE t(a int)', 'CREATE TRIGGER g BEFORE UPDATE OF b ON t FOR EACH ROW EXECUTE FUNCTION f()'],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    ['', 'ALTER FUNCTION f(int) RENAME TO g'],
    ['CREATE TABLE t(a int, b text)', 'UPDATE t SET a = 1 WHERE a = b'],
    ['CREATE TABLE t(a uuid, b text)', 'SELECT * FROM t WHERE a = b'],
    ['CREATE TABLE t(a jsonb, b text)', 'SELECT * FROM t WHERE a = b'],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", 'SELECT * FROM t WHERE a = b'],
    [
      "CREATE TYPE e AS ENUM('a'); CREATE TYPE f AS ENUM('a'); CREATE TABLE t(a e, b f)",
      'SELECT * FROM t WHERE a = b',
    ],
    ["CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e, b text)", "SELECT * FROM t WHERE a = 'z'::text"],
    ['', 'CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION nosuch()'],
    ['', 'CALL nosuch()'],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t(x e default 'a' check (x <> 'a'))",
      'ALTER TABLE t ALTER x TYPE text',
    ],
    [
      "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t(x e default 'a'); CREATE INDEX i ON t(x) WHERE x = 'a'",
      'ALTER TABLE t ALTER x TYPE text',
    ],
    [
      "CREATE TABLE t(x text default 'a' check (x <> 'a'))",
      'ALTER TABLE t ALTER x TYPE int USING 1, ALTER x DROP DEFAULT',
    ],
    ["CREATE TABLE t(x text check (x <> 'a'))", 'ALTER TABLE t ALTER x TYPE int USING 1'],
    ['CREATE TABLE t(x text); CREATE INDEX i ON t(lower(x))', 'ALTER TABLE t ALTER x TYPE int USING 1'],
    ['', 'SELECT true = 1'],
    ['', 'SELECT now() = 1'],
    ['', "SELECT 1 LIKE 'x'"],
    ['', "SELECT ARRAY[1,2] = ARRAY['a']"],
    ['', 'SELECT 1 = ARRAY[1]'],
    ['', "SELECT 1 = ANY(ARRAY['a'])"],
    ['', "SELECT 1 = ANY(ARRAY['a'::text])"],
    ['', "SELECT 1 IN ('x'::text)"],
    ['', "SELECT 1 IN ('x'::text, 'y'::text)"],
    ['', "SELECT 1 IN (SELECT 'x'::text)"],
    ['', "SELECT '{}'::json = '{}'::json"],
    ['', "SELECT '{}'::json = '{}'"],
    ['', 'SELECT lower(1)'],
  ],
  // generated_always
  '428C9': [
    ['CREATE TABLE t(a int generated always as identity, b int)', 'INSERT INTO t(a,b) VALUES (1,2)'],
    [
      'CREATE TABLE t(a int generated always as identity, b int)',
      'INSERT INTO t(a,b) VALUES (DEFAULT,2),(1,2)',
    ],
    ['CREATE TABLE t(a int generated always as identity, b int)', 'INSERT INTO t VALUES (1,2)'],
    ['CREATE TABLE t(a int generated always as identity, b int)', 'INSERT INTO t SELECT 1,2'],
    ['CREATE TABLE t(a int generated always as identity, b int)', 'INSERT INTO t SELECT 1,2 WHERE false'],
    ['CREATE TABLE t(a int generated always as identity, b int)', 'UPDATE t SET a = 1'],
    ['CREATE TABLE t(a int generated always as (1) stored, b int)', 'UPDATE t SET a = 1'],
    ['CREATE TABLE t(a int generated always as (1) stored, b int)', 'INSERT INTO t VALUES (1,2)'],
    [
      'CREATE TABLE t(a int generated always as (1) stored, b int)',
      'INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1,2)',
    ],
  ],
  // reserved_name
  '42939': [['', 'CREATE SCHEMA pg_x']],
  // undefined_table
  '42P01': [
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE x(id int, at int)',
      'ALTER TABLE p DETACH PARTITION x',
    ],
    ['CREATE TABLE t(a int)', 'CREATE TABLE u(a int, foreign key (b) references nosuch(a))'],
    ['', 'DROP SEQUENCE e'],
    ['', 'DROP VIEW e'],
    ['', 'DROP MATERIALIZED VIEW e'],
    ['', 'DROP TRIGGER x ON e'],
    ['', 'DROP POLICY x ON e'],
    ['', 'SELECT * FROM nos.t'],
    ['', 'INSERT INTO nos.t VALUES (1)'],
    ['', "COMMENT ON TABLE nosuch IS 'x'"],
    ['', "COMMENT ON COLUMN nosuch.a IS 'x'"],
    ['', "COMMENT ON INDEX i IS 'x'"],
    ['', 'GRANT SELECT ON nosuch TO public'],
    ['', 'GRANT SELECT ON nosuch TO nobody'],
    ['', 'GRANT USAGE ON SEQUENCE nos TO public'],
    ['', 'ALTER TABLE t OWNER TO nobody'],
    ['', 'CREATE POLICY p ON nosuch USING (true)'],
    ['CREATE PUBLICATION p', 'ALTER PUBLICATION p ADD TABLE t'],
    ['', 'CREATE PUBLICATION p FOR TABLE nosuch'],
    ['', 'CREATE TRIGGER g BEFORE INSERT ON nosuch FOR EACH ROW EXECUTE FUNCTION f()'],
    ['', "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a FROM nosuch'"],
    ['', 'ALTER SEQUENCE s RESTART'],
    ['', 'CREATE SEQUENCE s OWNED BY nosuch.a'],
    ['', "CREATE TABLE t(a int default nextval('nosuch'))"],
    ['', "CREATE TABLE t(a int default nextval('nosuch'::regclass))"],
    ['', "SELECT nextval('nosuch')"],
    ['', "SELECT setval('nosuch', 1)"],
    ['', `SELECT setval('"No"', 1)`],
    ['CREATE TABLE t(a int)', 'TRUNCATE t, nosuch'],
    [
      'CREATE TABLE t(a int unique, b int)',
      'INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = t.b + 1',
    ],
    ['CREATE TABLE t(a int, b int)', 'UPDATE t SET a = u.c'],
    ['CREATE TABLE t(a int, b int)', 'UPDATE t x SET a = t.b'],
    ['CREATE TABLE t(a int)', 'WITH x AS (SELECT 1 q) UPDATE t SET a = x.q'],
    ['', 'REFRESH MATERIALIZED VIEW nosuch'],
    ['', 'ALTER INDEX nosuch RENAME TO x'],
    ['', 'ALTER TABLE nosuch RENAME CONSTRAINT a TO b'],
    ['CREATE TABLE t(a int, b int)', 'CREATE TABLE c PARTITION OF nosuch DEFAULT'],
    ['CREATE TABLE t(a int, b int)', 'CREATE TABLE c (LIKE nosuch)'],
    ['CREATE TABLE t(a int, b int)', 'CREATE TABLE c () INHERITS (nosuch)'],
    ['', 'CLUSTER x'],
    ['', 'ANALYZE nosuch'],
    ['', 'REINDEX TABLE nosuch'],
    ['', 'REINDEX INDEX nosuch'],
    ['', 'LOCK TABLE nosuch'],
    ['CREATE TABLE t(a int)', 'CREATE RULE r AS ON INSERT TO nosuch DO NOTHING'],
    ['', "SELECT 'nosuch'::regclass"],
  ],
  // duplicate_schema
  '42P06': [['CREATE SCHEMA s', 'CREATE SCHEMA s']],
  // duplicate_table
  '42P07': [
    ['CREATE TABLE t(a int); CREATE INDEX i ON t(a)', 'CREATE INDEX i ON t(a)'],
    ['CREATE TABLE t(a int)', 'CREATE TABLE t(a int default nosuch())'],
    [
      'CREATE TABLE t(a int); ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)',
      'ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)',
    ],
    ['CREATE SEQUENCE s', 'CREATE SEQUENCE s'],
    ['CREATE SEQUENCE s', 'CREATE TABLE s(a int)'],
    ['CREATE VIEW v AS SELECT 1', 'CREATE VIEW v AS SELECT 1'],
    ['CREATE VIEW v AS SELECT 1', 'CREATE MATERIALIZED VIEW v AS SELECT 1'],
    ['CREATE TABLE t AS SELECT 1 a', 'SELECT 1 INTO t'],
    ['CREATE TABLE t AS SELECT 1 a', 'CREATE TABLE t AS SELECT 1 a'],
    ['CREATE SCHEMA s; CREATE TABLE t(a int); CREATE TABLE s.t(a int)', 'ALTER TABLE t SET SCHEMA s'],
    ['CREATE TABLE t(a int); CREATE TABLE u(b int)', 'ALTER TABLE t RENAME TO u'],
    ['CREATE TABLE t(a int); CREATE INDEX u ON t(a)', 'ALTER TABLE t RENAME TO u'],
    [
      'CREATE TABLE t(a int constraint c unique, b int constraint d unique)',
      'ALTER TABLE t RENAME CONSTRAINT c TO d',
    ],
    ['CREATE TABLE t(a int constraint c unique, b int constraint d unique)', 'ALTER INDEX c RENAME TO d'],
    [
      'CREATE TABLE t(a int constraint c unique); CREATE TABLE x(b int)',
      'ALTER TABLE t RENAME CONSTRAINT c TO x',
    ],
    ['CREATE TABLE t(a int, b int)', 'ALTER TABLE t RENAME TO t'],
    ['', 'CREATE TABLE t(a int constraint c unique, b int constraint c unique)'],
    [
      'CREATE TABLE t(a int); CREATE UNIQUE INDEX i ON t(a); CREATE TABLE j(a int)',
      'ALTER TABLE t ADD CONSTRAINT j UNIQUE USING INDEX i',
    ],
    ['CREATE TYPE c AS (a int)', 'CREATE TABLE c(a int)'],
  ],
  // invalid_column_reference
  '42P10': [
    ['CREATE TABLE t(a int, b int)', 'INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO NOTHING'],
    [
      'CREATE TABLE t(a int, b int); CREATE UNIQUE INDEX i ON t(a) WHERE b > 0',
      'INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO NOTHING',
    ],
    [
      'CREATE TABLE t(a int, b int, UNIQUE(a,b))',
      'INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1',
    ],
  ],
  // invalid_table_definition
  '42P16': [
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p ALTER at TYPE bigint',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p DROP COLUMN at',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE ONLY p ADD COLUMN x int',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE ONLY p DROP COLUMN id',
    ],
    ['CREATE TABLE t(a int primary key)', 'ALTER TABLE t ADD PRIMARY KEY (a)'],
    ['CREATE TABLE t(a int primary key)', 'ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (a)'],
    [
      'CREATE TABLE t(a int); CREATE VIEW v AS SELECT a FROM t',
      'CREATE OR REPLACE VIEW v AS SELECT a AS b FROM t',
    ],
    [
      'CREATE TABLE t(a int); CREATE VIEW v AS SELECT a FROM t',
      'CREATE OR REPLACE VIEW v AS SELECT 1 AS b, a FROM t',
    ],
    [
      'CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT a, b FROM t',
      'CREATE OR REPLACE VIEW v AS SELECT a FROM t',
    ],
    [
      'CREATE TABLE t(a int); CREATE VIEW v AS SELECT a FROM t',
      'CREATE OR REPLACE VIEW v AS SELECT a::text FROM t',
    ],
    [
      'CREATE TABLE t(a int) PARTITION BY LIST(a); CREATE TABLE c PARTITION OF t DEFAULT',
      'ALTER TABLE c DROP COLUMN a',
    ],
    [
      'CREATE TABLE t(a int, b int) PARTITION BY LIST(a); CREATE TABLE c PARTITION OF t DEFAULT',
      'ALTER TABLE c DROP COLUMN b',
    ],
    [
      'CREATE TABLE t(a int, b int) PARTITION BY LIST(a); CREATE TABLE c PARTITION OF t DEFAULT',
      'ALTER TABLE c ALTER COLUMN b TYPE text',
    ],
    ['', 'CREATE TABLE t(a int, primary key (a), b int primary key)'],
    ['', 'CREATE TABLE t(a int primary key, b int primary key)'],
    ['CREATE TABLE t(a int primary key)', 'ALTER TABLE t ALTER a DROP NOT NULL'],
    [
      'CREATE TABLE t(a int primary key, b int); CREATE UNIQUE INDEX i ON t(b)',
      'ALTER TABLE t ADD PRIMARY KEY USING INDEX i',
    ],
  ],
  // invalid_object_definition
  '42P17': [
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
      'ALTER TABLE p1 DETACH PARTITION p',
    ],
    [
      'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE x(id int, at int)',
      'ALTER TABLE x ATTACH PARTITION p1 DEFAULT',
    ],
    ['CREATE TABLE t(a text)', "CREATE INDEX ON t (a) WHERE now() > '2020-01-01'"],
    ['CREATE TABLE t(a text)', 'CREATE INDEX ON t ((random()))'],
    [
      "CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    ['CREATE TABLE t(a int, b int)', 'CREATE TABLE c PARTITION OF t DEFAULT'],
    [
      'CREATE TABLE t(a int) PARTITION BY LIST (a); CREATE TABLE d PARTITION OF t DEFAULT',
      'CREATE TABLE c PARTITION OF t DEFAULT',
    ],
    [
      'CREATE TABLE t(a int) PARTITION BY LIST (a); CREATE TABLE d PARTITION OF t DEFAULT; CREATE TABLE c(a int)',
      'ALTER TABLE t ATTACH PARTITION c DEFAULT',
    ],
    ['', 'CREATE TABLE t(a int, b int generated always as (a) stored, c int generated always as (b) stored)'],
    ['', 'CREATE TABLE t(a int, b text generated always as (now()) stored)'],
  ],
  // indeterminate_datatype
  '42P18': [
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ADD b int[] DEFAULT ARRAY[]'],
    [
      "CREATE TYPE e AS ENUM('a'); CREATE TABLE t(a e[], b text)",
      'ALTER TABLE t ALTER a SET DEFAULT ARRAY[]',
    ],
  ],
  // object_not_in_prerequisite_state
  '55000': [
    ['CREATE TABLE t(a int primary key deferrable)', 'CREATE TABLE u(a int references t)'],
    ['CREATE MATERIALIZED VIEW v AS SELECT 1 a', 'REFRESH MATERIALIZED VIEW CONCURRENTLY v'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY'],
    [
      'CREATE TABLE t(a int not null default 1)',
      'ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY',
    ],
    [
      'CREATE TABLE t(a int generated by default as identity)',
      'ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY',
    ],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a DROP IDENTITY'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a DROP EXPRESSION'],
    ['CREATE TABLE t(a int)', 'ALTER TABLE t ALTER a SET GENERATED ALWAYS'],
    ['CREATE TABLE t(a int unique)', 'ALTER TABLE t ADD UNIQUE USING INDEX t_a_key'],
    ['CREATE TABLE t(a int unique); CREATE TABLE u(a int)', 'ALTER TABLE u ADD UNIQUE USING INDEX t_a_key'],
  ],
}

describe.each(Object.keys(refusals))('%s', (sqlstate) => {
  let client: pg.Client

  beforeAll(async () => {
    client = await (await createTestDatabase()).client()
  })

  test.each(refusals[sqlstate] ?? [])('%s → %s', async (before, statement) => {
    const { foretold, happened } = await tryStatement(client, before, statement)
    expect(happened).toBe(sqlstate)
    expect(foretold).toMatchObject({ sqlstate, isCertain: true })
  })
})
