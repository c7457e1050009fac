import { over } from './chain.js'

const shop = `
  CREATE TABLE users (id int PRIMARY KEY, email text, age int, team_id int);
  CREATE TABLE teams (id int PRIMARY KEY, name text);
  INSERT INTO users VALUES (1, 'a@x', 30, 1), (2, 'b@x', 20, 1), (3, NULL, 40, 2);
  INSERT INTO teams VALUES (1, 'red'), (2, 'blue');
  CREATE VIEW adults AS SELECT id, email FROM users WHERE age > 25;
  CREATE VIEW of_teams AS SELECT t.name, count(u.*) AS n, max(u.age) AS oldest FROM teams t LEFT JOIN users u ON u.team_id = t.id GROUP BY t.name;
  CREATE VIEW of_views AS SELECT a.*, o.n FROM adults a, of_teams o;
  CREATE VIEW all_users AS SELECT * FROM users;
  CREATE MATERIALIZED VIEW kept AS SELECT id, age FROM users;
  CREATE FUNCTION team_name(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM teams WHERE id = i';
  CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';`

export const queries = over(shop, [
  [
    'a view follows its table',
    `UPDATE users SET age = 10 WHERE id = 1; INSERT INTO users VALUES (9, 'z', 99, 2)`,
  ],
  [
    'a view follows a renamed table',
    'ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME email TO mail; UPDATE people SET mail = upper(mail)',
  ],
  [
    'a view is read by the migration',
    'UPDATE users SET age = age + 10; CREATE TABLE snapshot AS SELECT * FROM adults; ALTER TABLE snapshot ALTER email SET NOT NULL',
    { fails: ['1.3', '23502', 1] },
  ],
  [
    'a view of views is read',
    `DELETE FROM users WHERE id = 1; CREATE TABLE snapshot AS SELECT * FROM of_views`,
  ],
  [
    'a renamed view',
    'ALTER VIEW adults RENAME TO grown; ALTER VIEW grown RENAME COLUMN email TO mail; CREATE TABLE c AS SELECT mail FROM grown',
  ],
  [
    'a view made by the migration',
    `CREATE VIEW v AS SELECT id, upper(email) AS mail FROM users; INSERT INTO users VALUES (9, 'z', 1, 1); CREATE TABLE c AS SELECT * FROM v`,
  ],
  [
    'a view with names for its columns',
    `CREATE VIEW v (a, b) AS SELECT id, email FROM users; CREATE TABLE c AS SELECT b, a FROM v`,
  ],
  [
    'CREATE OR REPLACE VIEW',
    `CREATE OR REPLACE VIEW adults AS SELECT id, email, age FROM users WHERE age > 35; CREATE TABLE c AS SELECT * FROM adults`,
  ],
  [
    'a view dropped and its table changed',
    'DROP VIEW of_views, adults, all_users; ALTER TABLE users ALTER email TYPE varchar(3)',
  ],
  ['a materialized view stays as it was', 'DELETE FROM users'],
  [
    'REFRESH',
    'DELETE FROM users WHERE id = 1; REFRESH MATERIALIZED VIEW kept; CREATE TABLE c AS SELECT * FROM kept',
  ],
  [
    'a new materialized view',
    `CREATE MATERIALIZED VIEW m AS SELECT team_id, count(*) AS n FROM users GROUP BY 1; CREATE UNIQUE INDEX ON m (n)`,
    {},
  ],
  [
    'a new materialized view with duplicates',
    `CREATE MATERIALIZED VIEW m AS SELECT team_id FROM users; CREATE UNIQUE INDEX ON m (team_id)`,
    { fails: ['1.2', '23505', 1] },
  ],
  [
    'CREATE TABLE AS',
    `CREATE TABLE c AS SELECT id, email, age * 1.5 AS older, ARRAY[id] AS ids, now()::date - now()::date AS zero FROM users WHERE age > 20; ALTER TABLE c ADD PRIMARY KEY (id)`,
  ],
  [
    'CREATE TABLE AS with names',
    `CREATE TABLE c (a, b) AS SELECT id, email FROM users; UPDATE c SET b = 'x'`,
  ],
  [
    'CREATE TABLE AS WITH NO DATA',
    `CREATE TABLE c AS SELECT * FROM users WITH NO DATA; ALTER TABLE c ADD COLUMN must int NOT NULL; INSERT INTO c SELECT *, 1 FROM users`,
  ],
  [
    'CREATE TABLE AS keeps the length',
    `CREATE TABLE l (name varchar(4)); CREATE TABLE c AS SELECT name FROM l; INSERT INTO c VALUES ('green')`,
    { fails: ['1.3', '22001'] },
  ],
  [
    'CREATE TEMPORARY TABLE AS',
    `CREATE TEMP TABLE tmp AS SELECT id, email FROM users WHERE age > 25; DELETE FROM users USING tmp WHERE tmp.id = users.id; DROP TABLE tmp`,
  ],
  [
    'SELECT INTO',
    `SELECT id, email INTO c FROM users WHERE id > 1; ALTER TABLE c ALTER email SET NOT NULL`,
    { fails: ['1.2', '23502', 1] },
  ],
  [
    'CREATE TABLE LIKE',
    `CREATE TABLE c (LIKE users); INSERT INTO c SELECT * FROM users; ALTER TABLE c ADD UNIQUE (team_id)`,
    { fails: ['1.3', '23505', 1] },
  ],
  [
    'CREATE TABLE LIKE INCLUDING ALL',
    `ALTER TABLE users ADD COLUMN d int NOT NULL DEFAULT 7; CREATE TABLE c (LIKE users INCLUDING ALL); INSERT INTO c (id) VALUES (1); INSERT INTO c (id) VALUES (1)`,
    { fails: ['1.4', '23505', 1] },
  ],
  [
    'a function that reads an unchanged table',
    `CREATE TABLE c AS SELECT team_name(team_id) AS t FROM users; UPDATE users SET email = team_name(2)`,
  ],
  [
    'a function that reads a changed table',
    `UPDATE teams SET name = upper(name); UPDATE users SET email = team_name(team_id)`,
  ],
  [
    'a function that reads a changed table, and then it matters',
    `UPDATE teams SET name = upper(name); UPDATE users SET email = team_name(team_id); ALTER TABLE users ALTER email SET NOT NULL`,
    { undecided: /team_name/ },
  ],
  [
    'a function that computes',
    'UPDATE users SET age = twice(age); ALTER TABLE users ADD CHECK (twice(age) < 1000)',
  ],
  [
    'a function of the migration',
    `CREATE FUNCTION thrice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 3'; UPDATE users SET age = thrice(age)`,
  ],
  [
    'a whole row',
    `CREATE TABLE c AS SELECT users::text AS r, row_to_json(users)::text AS j FROM users; ALTER TABLE users RENAME age TO years; CREATE TABLE d AS SELECT to_jsonb(u) ->> 'years' AS y FROM users u`,
  ],
  [
    'JSON functions',
    `ALTER TABLE users ADD COLUMN doc jsonb NOT NULL DEFAULT '{}'; UPDATE users SET doc = jsonb_build_object('mail', email, 'tags', jsonb_build_array(age, NULL)); UPDATE users SET email = doc #>> '{tags,0}' WHERE doc -> 'mail' = 'null'::jsonb; CREATE TABLE kv AS SELECT id, key, value FROM users, jsonb_each_text(doc)`,
  ],
  [
    'aggregates and HAVING',
    `CREATE TABLE c AS SELECT team_id, string_agg(email, ',' ORDER BY id) AS mails, count(*) FILTER (WHERE age > 25) AS n FROM users GROUP BY team_id HAVING count(*) > 0`,
  ],
  [
    'grouping by position and name',
    `CREATE TABLE c AS SELECT age / 10 AS decade, count(*) FROM users GROUP BY decade ORDER BY 1`,
  ],
  [
    'set operations',
    `CREATE TABLE c AS (SELECT id FROM users EXCEPT SELECT id FROM teams) UNION ALL SELECT 100 INTERSECT SELECT 100`,
  ],
  [
    'NATURAL JOIN and USING',
    `CREATE TABLE c AS SELECT * FROM (SELECT id AS team_id, name FROM teams) t JOIN users USING (team_id)`,
  ],
  [
    'a subquery named like a table',
    `UPDATE users SET email = 'q' WHERE id IN (SELECT teams.id FROM (SELECT 3 AS id) AS teams)`,
  ],
  [
    'TABLE and VALUES',
    `CREATE TABLE c AS TABLE teams; INSERT INTO c TABLE teams; INSERT INTO c VALUES (7, 'x') ; CREATE TABLE d AS VALUES (1, 'a'), (2, 'b')`,
  ],
  [
    'a check with IS DISTINCT and BETWEEN',
    `ALTER TABLE users ADD CHECK (age BETWEEN 0 AND 100 AND email IS DISTINCT FROM 'q' AND id = ANY (ARRAY[1,2,3]) AND email NOT LIKE '%!%' AND (age, id) > (1, 0))`,
  ],
  [
    'dates and intervals',
    `ALTER TABLE users ADD COLUMN at timestamptz DEFAULT '2020-01-01 00:00+00'; UPDATE users SET at = at + age * interval '1 day'; CREATE TABLE c AS SELECT date_trunc('month', at) AS m, extract(doy FROM at) AS d FROM users`,
  ],
  [
    'special functions',
    `CREATE TABLE c AS SELECT coalesce(email, 'n') AS a, nullif(age, 20) AS b, greatest(age, 25) AS g, trim(both 'a' from email) AS t, substring(email from 1 for 2) AS s, position('@' in email) AS p, overlay(email placing 'Z' from 1) AS o, CAST(age AS text) AS x FROM users`,
  ],
])
