export const parted =
  'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)'

export const f = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'"

export const published =
  'CREATE TABLE t(a int PRIMARY KEY, b int, c int); CREATE PUBLICATION pub FOR TABLE t (a, b)'

export const veto = (on: string) =>
  `CREATE TABLE t(a int, b int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$; CREATE EVENT TRIGGER e ON ${on} EXECUTE FUNCTION et()`

export const notifying = `CREATE TABLE t(a int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'x'; NOTIFY reload; END$$; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION et()`

export const passing: [before: string, statement: string][] = [
  [parted, 'CREATE UNIQUE INDEX i ON p (id, at)'],
  [parted, 'CREATE UNIQUE INDEX i ON p1 (id)'],
  [parted, 'CREATE INDEX i ON p (id)'],
  [parted, 'ALTER TABLE p ADD PRIMARY KEY (at, id)'],
  [parted, 'ALTER TABLE p1 ADD PRIMARY KEY (id)'],
  [parted, 'ALTER TABLE p DETACH PARTITION p1'],
  [parted, 'ALTER TABLE p ALTER id TYPE bigint'],
  [parted, 'ALTER TABLE p DROP COLUMN id'],
  [parted, 'ALTER TABLE p RENAME at TO day'],
  [
    `${parted}; CREATE TABLE r(id int PRIMARY KEY)`,
    'ALTER TABLE p1 ADD FOREIGN KEY (id) REFERENCES r NOT VALID',
  ],
  [f, "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END'"],
  [f, "CREATE OR REPLACE FUNCTION f(a int DEFAULT 5) RETURNS int LANGUAGE sql AS 'SELECT 2'"],
  [f, "CREATE OR REPLACE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT a'"],
  [
    "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION f(named int) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
  ],
  [
    "CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION f(a int, OUT c int) LANGUAGE sql AS 'SELECT 1'",
  ],
  [
    "CREATE FUNCTION f(a varchar(5)) RETURNS varchar LANGUAGE sql AS $$SELECT 'x'::varchar$$",
    "CREATE OR REPLACE FUNCTION f(a varchar) RETURNS character varying(9) LANGUAGE sql AS $$SELECT 'x'::varchar$$",
  ],
  [
    'CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$SELECT * FROM t$$',
    'CREATE OR REPLACE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$SELECT * FROM t LIMIT 1$$',
  ],
  [published, 'ALTER TABLE t ALTER c TYPE bigint'],
  [published, 'ALTER TABLE t DROP COLUMN c'],
  ['CREATE EXTENSION citext; CREATE TABLE t(a text)', 'DROP EXTENSION citext'],
  ['CREATE EXTENSION citext; CREATE TABLE t(a citext)', 'DROP EXTENSION citext CASCADE'],
  ['CREATE EXTENSION pgcrypto; CREATE TABLE t(a uuid DEFAULT gen_random_uuid())', 'DROP EXTENSION pgcrypto'],
  ['CREATE EXTENSION cube; CREATE EXTENSION earthdistance', 'DROP EXTENSION earthdistance'],
  ['CREATE EXTENSION cube; CREATE EXTENSION earthdistance', 'DROP EXTENSION cube, earthdistance'],
  [veto('sql_drop'), 'CREATE TABLE u(a int)'],
  [veto('sql_drop'), 'UPDATE t SET a = 1'],
  [veto("sql_drop WHEN TAG IN ('DROP TABLE')"), 'ALTER TABLE t DROP COLUMN b'],
  [`${veto('sql_drop')}; ALTER EVENT TRIGGER e DISABLE`, 'DROP TABLE t'],
  [veto('ddl_command_start'), 'DROP EVENT TRIGGER e'],
  [notifying, 'CREATE TABLE u(a int)'],
]
