import { over } from './chain.js'

const shop = `
  CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, name text DEFAULT 'anon', age int, team_id int, UNIQUE (name, age));
  CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL, lead int, size int DEFAULT 0);
  CREATE TABLE log (at int, user_id int, note text);
  INSERT INTO users (email, name, age, team_id) VALUES ('a@x', 'Ann', 30, 1), ('b@x', 'Bob', 20, 1), ('c@x', 'Cy', NULL, 2), (NULL, 'Dee', 40, NULL), ('e@x', NULL, 50, 9);
  INSERT INTO teams VALUES (1, 'red', 1, 2), (2, 'blue', 3, 1), (3, 'green', NULL, 0);
  INSERT INTO log VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z'), (3, 2, 'z'), (4, NULL, NULL);`

const updates = over(shop, [
  ['UPDATE with a condition', `UPDATE users SET name = upper(name), age = age + 1 WHERE age > 20`],
  ['UPDATE of every row', 'UPDATE users SET age = 1, name = email'],
  ['UPDATE sees the row as it was', 'UPDATE teams SET id = size + 10, size = id WHERE id > 0', {}],
  ['UPDATE that raises', 'UPDATE users SET age = 100 / (age - 30)', { fails: ['1.1', '22012'] }],
  [
    'UPDATE that is too long',
    `ALTER TABLE teams ALTER name TYPE varchar(5); UPDATE teams SET name = name || '!' WHERE id = 3`,
    { fails: ['1.2', '22001'] },
  ],
  [
    'UPDATE that is cut',
    `ALTER TABLE teams ALTER name TYPE varchar(5); UPDATE teams SET name = (name || '!')::varchar(5)`,
  ],
  [
    'a later cast meets only what is left',
    `DELETE FROM log WHERE note !~ '^[0-9]+$' OR note IS NULL; ALTER TABLE log ALTER note TYPE int USING note::int`,
  ],
  ['UPDATE into a NULL', 'UPDATE teams SET name = NULL WHERE id = 2', { fails: ['1.1', '23502', 1] }],
  ['UPDATE into a duplicate', `UPDATE users SET email = 'a@x' WHERE id = 2`, { fails: ['1.1', '23505', 1] }],
  [
    'UPDATE into a duplicate of two columns',
    `UPDATE users SET name = 'Ann', age = 30 WHERE id = 2`,
    { fails: ['1.1', '23505', 1] },
  ],
  ['UPDATE with DEFAULT', 'UPDATE users SET name = DEFAULT, age = DEFAULT WHERE id < 3'],
  ['UPDATE of a serial with DEFAULT', 'UPDATE users SET id = DEFAULT WHERE id = 2'],
  [
    'UPDATE with a subquery',
    'UPDATE teams SET size = (SELECT count(*) FROM users u WHERE u.team_id = teams.id)',
  ],
  [
    'UPDATE with a subquery of several rows',
    'UPDATE teams SET lead = (SELECT id FROM users u WHERE u.team_id = teams.id)',
    { fails: ['1.1', '21000'] },
  ],
  ['UPDATE with an alias', 'UPDATE users AS u SET name = u.email WHERE u.id = 1'],
  ['UPDATE FROM by a key', 'UPDATE users SET name = t.name FROM teams t WHERE t.id = users.team_id'],
  [
    'UPDATE FROM by a key, with a condition',
    `UPDATE users u SET name = t.name, age = t.size FROM teams AS t WHERE u.team_id = t.id AND t.name <> 'red'`,
  ],
  [
    'UPDATE FROM by a key of another schema name',
    'UPDATE public.users SET name = public.teams.name FROM public.teams WHERE public.teams.id = public.users.team_id',
  ],
  [
    'UPDATE FROM where several rows fit and agree',
    `UPDATE users SET name = l.note FROM log l WHERE l.user_id = users.id AND l.note = 'z'`,
  ],
  [
    'UPDATE FROM a subquery',
    'UPDATE teams SET size = s.n FROM (SELECT team_id, count(*) AS n FROM users GROUP BY 1) s WHERE s.team_id = teams.id',
  ],
  [
    'UPDATE FROM two tables',
    'UPDATE log SET note = t.name FROM users u JOIN teams t ON t.id = u.team_id WHERE u.id = log.user_id',
  ],
  [
    'UPDATE FROM a list of tables',
    'UPDATE log SET note = t.name FROM users u, teams t WHERE u.id = log.user_id AND t.id = u.team_id',
  ],
  ['UPDATE FROM itself', 'UPDATE users u SET name = o.name FROM users o WHERE o.id = u.id + 1'],
  [
    'UPDATE FROM VALUES',
    `UPDATE users SET name = v.n FROM (VALUES (1, 'one'), (2, 'two')) AS v (i, n) WHERE v.i = users.id`,
  ],
  [
    'UPDATE FROM over a table without key',
    `CREATE TABLE bare (a int, b text); INSERT INTO bare VALUES (1, 'q'), (1, 'r'), (7, 's'); UPDATE bare SET b = t.name FROM teams t WHERE t.id = bare.a`,
  ],
  ['UPDATE FROM without a condition', `UPDATE teams SET size = x.n FROM (SELECT count(*) AS n FROM users) x`],
  [
    'a row is assigned',
    'UPDATE users SET (name, age) = (SELECT t.name, t.size FROM teams t WHERE t.id = users.team_id)',
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'a row is assigned to some',
    'UPDATE users SET (name, age) = (SELECT t.name, t.size FROM teams t WHERE t.id = users.team_id) WHERE id <> 2',
  ],
  ['a row of values is assigned', `UPDATE users SET (name, age) = ('all', id)`],
  ['a row with DEFAULT is assigned', `UPDATE users SET (name, age) = ROW (DEFAULT, id)`],
  [
    'a row of SELECT * is assigned',
    `UPDATE users SET (name, age) = (SELECT * FROM (SELECT t.name, t.size FROM teams t WHERE t.id = users.team_id) q) WHERE id <> 2`,
  ],
  [
    'transient duplicates upwards',
    'UPDATE teams SET id = id + 1',
    { fails: ['1.1', '23505'], undecided: /order of the rows/ },
  ],
  ['no transient duplicates', 'UPDATE teams SET id = id + 100'],
  ['duplicates in the end', 'UPDATE teams SET id = id / 2', { fails: ['1.1', '23505', 1] }],
  [
    'two updates after one another',
    'UPDATE users SET age = 1 WHERE age IS NULL; UPDATE users SET age = age * 2; ALTER TABLE users ALTER age SET NOT NULL',
  ],
  [
    'UPDATE with a window in a subquery',
    'UPDATE users SET age = r.n FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM users) r WHERE r.id = users.id',
  ],
  [
    'UPDATE with random values',
    'UPDATE users SET name = gen_random_uuid()::text; ALTER TABLE users ALTER name SET NOT NULL',
    { random: ['public.users.name'] },
  ],
  [
    'UPDATE of random rows',
    'UPDATE log SET note = NULL WHERE random() < 0.5',
    { random: ['public.log.note'] },
  ],
  [
    'UPDATE of random rows that matters',
    'UPDATE teams SET name = NULL WHERE random() < 0',
    { undecided: /random/ },
  ],
  [
    'UPDATE of a part of an array',
    `ALTER TABLE teams ADD COLUMN tags text[] DEFAULT '{a,b}'; UPDATE teams SET tags[1] = name`,
    { undecided: /a part of/ },
  ],
  [
    'UPDATE with EXISTS and IN',
    `UPDATE users SET age = 0 WHERE EXISTS (SELECT 1 FROM log WHERE user_id = users.id) AND team_id IN (SELECT id FROM teams WHERE lead = 1)`,
  ],
  [
    'UPDATE whose WHERE CURRENT row is whole',
    'UPDATE users SET name = md5(users::text) WHERE id = 1',
    { random: [] },
  ],
  [
    'UPDATE through JSON',
    `ALTER TABLE users ADD COLUMN doc jsonb; UPDATE users SET doc = to_jsonb(users) - 'doc'; UPDATE users SET doc = doc || jsonb_build_object('team', (SELECT row_to_json(t) FROM teams t WHERE t.id = users.team_id))`,
  ],
])

const deletes = over(shop, [
  ['DELETE', 'DELETE FROM log WHERE user_id IS NULL; ALTER TABLE log ALTER user_id SET NOT NULL'],
  [
    'DELETE keeps rows whose condition is NULL',
    `DELETE FROM log WHERE note <> 'x'; ALTER TABLE log ALTER note SET NOT NULL`,
    { fails: ['1.2', '23502', 1] },
  ],
  ['DELETE of everything', 'DELETE FROM log; ALTER TABLE log ADD COLUMN must int NOT NULL'],
  ['DELETE USING', `DELETE FROM users USING teams t WHERE t.id = users.team_id AND t.name = 'red'`],
  [
    'DELETE USING itself keeps the first',
    'DELETE FROM log a USING log b WHERE a.user_id = b.user_id AND a.at > b.at',
  ],
  [
    'DELETE of duplicates by ctid',
    'DELETE FROM log a USING log b WHERE a.ctid > b.ctid AND a.at = b.at; CREATE UNIQUE INDEX u ON log (at)',
  ],
  [
    'DELETE of duplicates by min(ctid)',
    'DELETE FROM log WHERE ctid NOT IN (SELECT min(ctid) FROM log GROUP BY at); CREATE UNIQUE INDEX u ON log (at)',
  ],
  [
    'DELETE of duplicates by row_number',
    `DELETE FROM log WHERE ctid IN (SELECT ctid FROM (SELECT ctid, row_number() OVER (PARTITION BY user_id ORDER BY at) AS n FROM log) q WHERE n > 1)`,
  ],
  [
    'DELETE of duplicates by a window over a key',
    `DELETE FROM users WHERE id NOT IN (SELECT DISTINCT ON (team_id) id FROM users ORDER BY team_id, age DESC NULLS LAST)`,
  ],
  [
    'DELETE of random rows',
    'DELETE FROM log WHERE random() < 2; ALTER TABLE log ADD COLUMN must int NOT NULL',
    { undecided: /random/ },
  ],
  [
    'DELETE whose condition raises',
    'DELETE FROM users WHERE 10 / (age - 30) > 1',
    { fails: ['1.1', '22012'] },
  ],
  ['TRUNCATE', 'TRUNCATE log RESTART IDENTITY; ALTER TABLE log ADD COLUMN must int NOT NULL'],
])

const inserts = over(shop, [
  ['INSERT VALUES', `INSERT INTO teams VALUES (10, 'x', NULL, 4), (11, 'y', 2, DEFAULT)`],
  ['INSERT with columns in another order', `INSERT INTO teams (name, id) VALUES ('x', 10)`],
  ['INSERT fewer values than columns', `INSERT INTO teams VALUES (10, 'x')`],
  [
    'INSERT from a query without columns',
    'INSERT INTO users SELECT FROM generate_series(1, 2)',
    { undecided: /no columns/ },
  ],
  ['INSERT DEFAULT VALUES', 'INSERT INTO users DEFAULT VALUES; INSERT INTO users DEFAULT VALUES'],
  [
    'INSERT from a sequence',
    `INSERT INTO users (email) VALUES ('n1'), ('n2'); INSERT INTO users (email) VALUES ('n3')`,
  ],
  ['INSERT a NULL', 'INSERT INTO teams (id) VALUES (10)', { fails: ['1.1', '23502', 1] }],
  ['INSERT a duplicate', `INSERT INTO teams VALUES (10, 'x'), (3, 'y')`, { fails: ['1.1', '23505', 1] }],
  ['INSERT the same twice', `INSERT INTO teams VALUES (10, 'x'), (10, 'y')`, { fails: ['1.1', '23505', 1] }],
  [
    'a sequence that lags behind',
    `SELECT setval('users_id_seq', 2); INSERT INTO users (email) VALUES ('n1'), ('n2')`,
    { fails: ['1.2', '23505', 2] },
  ],
  [
    'setval to the maximum',
    `INSERT INTO users (id, email) VALUES (20, 'n1'); SELECT setval('users_id_seq', (SELECT max(id) FROM users)); INSERT INTO users (email) VALUES ('n2')`,
  ],
  [
    'setval by pg_get_serial_sequence',
    `INSERT INTO users (id) VALUES (20); SELECT setval(pg_get_serial_sequence('users', 'id'), coalesce(max(id), 1)) FROM users; INSERT INTO users (email) VALUES ('n2')`,
  ],
  ['setval, not called', `SELECT setval('users_id_seq', 30, false); INSERT INTO users (email) VALUES ('n2')`],
  [
    'ALTER SEQUENCE RESTART',
    `ALTER SEQUENCE users_id_seq RESTART WITH 100; INSERT INTO users (email) VALUES ('n2')`,
  ],
  [
    'nextval in a value',
    `INSERT INTO users (id, email) VALUES (nextval('users_id_seq'), 'n2'), (nextval('public.users_id_seq'::regclass), 'n3')`,
  ],
  [
    'a sequence of its own',
    `CREATE SEQUENCE s START 100 INCREMENT 10; ALTER TABLE log ADD COLUMN no int NOT NULL DEFAULT nextval('s'); INSERT INTO log (at) VALUES (9); ALTER SEQUENCE s OWNED BY log.no`,
  ],
  ['INSERT SELECT', 'INSERT INTO log SELECT id, id, name FROM users'],
  ['INSERT SELECT fewer columns', 'INSERT INTO log SELECT id FROM users'],
  [
    'INSERT SELECT *',
    'CREATE TABLE copy (id int, name text, lead int, size int, more int DEFAULT 7); INSERT INTO copy SELECT * FROM teams; INSERT INTO copy SELECT t.*, 8 FROM teams t WHERE id = 1',
  ],
  [
    'INSERT SELECT * of a changed table',
    'ALTER TABLE teams DROP COLUMN lead; CREATE TABLE copy (id int, name text, size int, more int DEFAULT 7); INSERT INTO copy SELECT * FROM teams',
  ],
  [
    'INSERT SELECT with ORDER BY and LIMIT',
    'INSERT INTO log SELECT age, id, email FROM users ORDER BY age DESC NULLS LAST LIMIT 2 OFFSET 1',
  ],
  ['INSERT SELECT DISTINCT', 'INSERT INTO log (at) SELECT DISTINCT team_id FROM users'],
  [
    'INSERT SELECT DISTINCT ON',
    'INSERT INTO log (at, user_id) SELECT DISTINCT ON (team_id) team_id, id FROM users ORDER BY team_id, age DESC',
  ],
  [
    'INSERT SELECT with a window',
    'INSERT INTO log (at, user_id) SELECT rank() OVER (PARTITION BY team_id ORDER BY age), id FROM users',
  ],
  ['INSERT SELECT UNION', 'INSERT INTO log (at) SELECT id FROM users UNION SELECT id FROM teams'],
  [
    'INSERT SELECT with a serial in order',
    'CREATE TABLE ranks (no serial PRIMARY KEY, user_id int); INSERT INTO ranks (user_id) SELECT id FROM users ORDER BY age DESC NULLS LAST',
  ],
  [
    'INSERT SELECT with WITH',
    `WITH big AS (SELECT * FROM users WHERE age > 25) INSERT INTO log (at, user_id) SELECT age, id FROM big`,
  ],
  [
    'INSERT SELECT with WITH inside',
    `INSERT INTO log (at, user_id) WITH big AS (SELECT * FROM users WHERE age > 25) SELECT age, id FROM big`,
  ],
  [
    'INSERT SELECT WITH RECURSIVE',
    `INSERT INTO log (at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT i * 100 FROM n`,
  ],
  [
    'WITH RECURSIVE before INSERT',
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) INSERT INTO log (at) SELECT i * 100 FROM n`,
  ],
  [
    'INSERT SELECT generate_series',
    `INSERT INTO log (at, note) SELECT g, 'n' || g FROM generate_series(1, 3) AS g`,
  ],
  [
    'INSERT SELECT with LATERAL',
    'INSERT INTO log (at, note) SELECT u.id, x.note FROM users u CROSS JOIN LATERAL (SELECT note FROM log l WHERE l.user_id = u.id ORDER BY at LIMIT 1) x',
  ],
  [
    'INSERT a value that does not cast',
    `INSERT INTO log (at) SELECT email::int FROM users`,
    { fails: ['1.1', '22P02'] },
  ],
  ['INSERT values that are strings', `INSERT INTO log (at, note) VALUES ('12', 5), (13, 'x')`, {}],
  [
    'a new table is filled and asked',
    'CREATE TABLE tags (id int PRIMARY KEY, name text NOT NULL UNIQUE); INSERT INTO tags SELECT id, name FROM users WHERE name IS NOT NULL; ALTER TABLE users ADD COLUMN tag_id int; UPDATE users SET tag_id = t.id FROM tags t WHERE t.name = users.name; ALTER TABLE users ADD FOREIGN KEY (tag_id) REFERENCES tags; ALTER TABLE users ALTER tag_id SET NOT NULL',
    { fails: ['1.6', '23502', 1] },
  ],
  [
    'INSERT into generated and identity columns',
    `CREATE TABLE g (id int GENERATED BY DEFAULT AS IDENTITY, a int, b int GENERATED ALWAYS AS (a * 2) STORED UNIQUE); INSERT INTO g (a) VALUES (1), (2); INSERT INTO g (a) SELECT at + 10 FROM log WHERE at < 3; INSERT INTO g VALUES (DEFAULT, 50, DEFAULT); INSERT INTO g (a) VALUES (2)`,
    { fails: ['1.5', '23505', 1] },
  ],
  [
    'INSERT OVERRIDING SYSTEM VALUE',
    `CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY, a int); INSERT INTO g (id, a) OVERRIDING SYSTEM VALUE VALUES (7, 1); INSERT INTO g (a) VALUES (2)`,
  ],

  ['ON CONFLICT DO NOTHING', `INSERT INTO teams VALUES (3, 'x'), (4, 'y'), (4, 'z') ON CONFLICT DO NOTHING`],
  [
    'ON CONFLICT (id) DO NOTHING',
    `INSERT INTO users (id, email) VALUES (1, 'p'), (30, 'q') ON CONFLICT (id) DO NOTHING`,
  ],
  [
    'ON CONFLICT of one key meets another',
    `INSERT INTO users (id, email) VALUES (30, 'a@x') ON CONFLICT (id) DO NOTHING`,
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'ON CONFLICT DO NOTHING with NULLs',
    `INSERT INTO users (email) VALUES (NULL), ('a@x'), ('new') ON CONFLICT (email) DO NOTHING`,
  ],
  [
    'ON CONFLICT ON CONSTRAINT',
    `INSERT INTO users (email, name, age) VALUES ('q', 'Ann', 30) ON CONFLICT ON CONSTRAINT users_name_age_key DO NOTHING`,
  ],
  [
    'ON CONFLICT DO UPDATE',
    `INSERT INTO teams AS t (id, name, size) VALUES (1, 'RED', 1), (8, 'new', 1) ON CONFLICT (id) DO UPDATE SET name = excluded.name, size = t.size + excluded.size`,
  ],
  [
    'ON CONFLICT DO UPDATE WHERE',
    `INSERT INTO teams (id, name) VALUES (1, 'RED'), (2, 'BLUE') ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE teams.size > 1`,
  ],
  [
    'ON CONFLICT DO UPDATE of the same row twice',
    `INSERT INTO teams (id, name) VALUES (1, 'RED'), (1, 'BLUE') ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
    { fails: ['1.1', '21000', 1] },
  ],
  [
    'ON CONFLICT DO UPDATE from a query',
    `INSERT INTO teams (id, name) SELECT id, coalesce(name, '?') FROM users ON CONFLICT (id) DO UPDATE SET name = excluded.name || '!', lead = DEFAULT`,
  ],
  [
    'ON CONFLICT DO UPDATE by two columns',
    `INSERT INTO users (email, name, age) VALUES ('q', 'Ann', 30), ('r', 'New', 1) ON CONFLICT (name, age) DO UPDATE SET (email, team_id) = (excluded.email, 3)`,
  ],
  [
    'ON CONFLICT by a partial index',
    `CREATE UNIQUE INDEX u ON log (at) WHERE note = 'x'; INSERT INTO log VALUES (1, 9, 'x'), (2, 9, 'x') ON CONFLICT (at) WHERE note = 'x' DO NOTHING`,
  ],
  [
    'ON CONFLICT DO UPDATE by a partial index',
    `CREATE UNIQUE INDEX u ON log (at) WHERE note = 'x'; INSERT INTO log VALUES (1, 9, 'x'), (2, 9, 'x'), (1, 9, 'y') ON CONFLICT (at) WHERE note = 'x' DO UPDATE SET user_id = excluded.user_id`,
  ],
  [
    'ON CONFLICT by an expression',
    `CREATE UNIQUE INDEX u ON users (lower(email)); INSERT INTO users (email) VALUES ('A@X'), ('N@x') ON CONFLICT (lower(email)) DO NOTHING`,
  ],
  [
    'ON CONFLICT DO UPDATE by an expression',
    `CREATE UNIQUE INDEX u ON users (lower(email)); INSERT INTO users (email) VALUES ('A@X'), ('N@x') ON CONFLICT (lower(email)) DO UPDATE SET age = 99`,
  ],
  [
    'ON CONFLICT takes from the sequence all the same',
    `INSERT INTO users (email) VALUES ('a@x'), ('new') ON CONFLICT DO NOTHING; INSERT INTO users (email) VALUES ('newer')`,
  ],
])

const withs = over(shop, [
  [
    'WITH DELETE … RETURNING into INSERT',
    `WITH gone AS (DELETE FROM log WHERE at = 3 RETURNING *) INSERT INTO teams (id, name) SELECT DISTINCT at + 100, note FROM gone`,
  ],
  [
    'WITH INSERT … RETURNING into UPDATE',
    `WITH made AS (INSERT INTO teams (id, name) SELECT id + 50, 'of ' || id FROM users WHERE team_id IS NULL RETURNING id, name) UPDATE users SET team_id = made.id FROM made WHERE made.id = users.id + 50`,
  ],
  [
    'WITH UPDATE … RETURNING',
    `WITH up AS (UPDATE users SET age = age + 1 WHERE age > 25 RETURNING id, age) INSERT INTO log (at, user_id) SELECT age, id FROM up`,
  ],
  [
    'all parts see the rows as they were',
    `WITH gone AS (DELETE FROM log RETURNING at) INSERT INTO log (at, note) SELECT (SELECT count(*) FROM log), 'n' FROM gone`,
  ],
  [
    'a WITH item is read by the next',
    `WITH a AS (SELECT id FROM users WHERE age > 20), b AS (DELETE FROM log WHERE user_id IN (SELECT id FROM a) RETURNING user_id) UPDATE users SET name = 'hit' WHERE id IN (SELECT user_id FROM b)`,
  ],
  [
    'a WITH item named like a table',
    `WITH teams AS (SELECT id, 'fake' AS name FROM users) UPDATE users SET name = teams.name FROM teams WHERE teams.id = users.id`,
  ],
  [
    'a WITH item named like a table, with a write',
    `WITH log AS (DELETE FROM log WHERE at = 1 RETURNING at) INSERT INTO teams (id, name) SELECT at + 10, 'x' FROM log`,
  ],
  [
    'SELECT over a WITH that writes',
    `WITH gone AS (DELETE FROM log WHERE at > 2 RETURNING at) SELECT count(*) FROM gone`,
  ],
  [
    'UPDATE with WITH',
    `WITH m AS (SELECT team_id, max(age) AS age FROM users GROUP BY 1) UPDATE teams SET size = m.age FROM m WHERE m.team_id = teams.id`,
  ],
  [
    'DELETE with WITH',
    `WITH d AS (SELECT at FROM log GROUP BY at HAVING count(*) > 1) DELETE FROM log USING d WHERE d.at = log.at`,
  ],
  [
    'WITH RECURSIVE and DELETE',
    `WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2) DELETE FROM log WHERE at IN (SELECT i FROM n)`,
  ],
  [
    'a WITH of VALUES',
    `WITH v (a, b) AS (VALUES (1, 'one'), (2, 'two')) UPDATE teams SET name = v.b FROM v WHERE v.a = teams.id`,
  ],
  [
    'two writes of one statement',
    `WITH a AS (INSERT INTO log (at) VALUES (77)), b AS (UPDATE users SET age = 1 WHERE id = 1) DELETE FROM log WHERE at = 4`,
  ],
])

export const rows = [...updates, ...deletes, ...inserts, ...withs]
