export const setup = `
  CREATE TABLE clients (id int PRIMARY KEY, name text NOT NULL, fax text, prefs json);
  INSERT INTO clients SELECT g, 'c' || g, CASE WHEN g < 6 THEN '044 ' || g END, '{"a": 1}' FROM generate_series(1, 8) AS g;
  CREATE TABLE contacts (id int PRIMARY KEY, client_id int, fax text);
  INSERT INTO contacts SELECT g + 100, g, NULL FROM generate_series(1, 8) AS g;
  CREATE TABLE notes (what text, at date);
  INSERT INTO notes SELECT 'n' || g % 2, '2026-01-01' FROM generate_series(1, 6) AS g;
  CREATE SCHEMA old;
  CREATE TABLE logs (id int, what text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
  CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10);
  CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (10) TO (20);
  INSERT INTO logs SELECT g, 'w' || g FROM generate_series(5, 14) AS g`

export const keptEverywhere: Readonly<Record<string, string>> = {
  'CREATE TABLE AS of key and column':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax',
  'columns under other names and in another order':
    'CREATE TABLE kept (note, who) AS SELECT c.fax, c.id FROM clients c; ALTER TABLE clients DROP fax',
  'SELECT INTO': 'SELECT id, fax INTO kept FROM clients; ALTER TABLE clients DROP fax',
  'INSERT … SELECT into a table of its own':
    'CREATE TABLE kept (client int, fax text); INSERT INTO kept (fax, client) SELECT fax, id FROM clients WHERE fax IS NOT NULL; ALTER TABLE clients DROP fax',
  'a table of another type of text':
    'CREATE TABLE kept (client bigint, fax varchar(50)); INSERT INTO kept SELECT id, fax FROM clients; ALTER TABLE clients DROP fax',
  'UPDATE of another table through its reference':
    'UPDATE contacts SET fax = c.fax FROM clients c WHERE c.id = contacts.client_id; ALTER TABLE clients DROP fax',
  'UPDATE with a subquery':
    'UPDATE contacts t SET fax = (SELECT fax FROM clients WHERE clients.id = t.client_id); ALTER TABLE clients DROP fax',
  'INSERT … ON CONFLICT DO UPDATE':
    'INSERT INTO contacts (id, client_id, fax) SELECT id, id, fax FROM clients ON CONFLICT (id) DO UPDATE SET fax = excluded.fax; ALTER TABLE clients DROP fax',
  MERGE:
    'MERGE INTO contacts t USING clients c ON t.client_id = c.id WHEN MATCHED THEN UPDATE SET fax = c.fax; ALTER TABLE clients DROP fax',
  'a query with a WITH':
    'CREATE TABLE kept AS WITH w AS (SELECT id, fax FROM clients) SELECT * FROM w; ALTER TABLE clients DROP fax',
  'a subquery in FROM':
    'CREATE TABLE kept AS SELECT s.a, s.b FROM (SELECT id AS a, fax AS b FROM clients) s; ALTER TABLE clients DROP fax',
  'a join':
    'CREATE TABLE kept AS SELECT c.id, c.fax, k.id AS contact FROM clients c JOIN contacts k ON k.client_id = c.id; ALTER TABLE clients DROP fax',
  'two halves in two tables':
    'CREATE TABLE a AS SELECT id, fax FROM clients WHERE id < 4; CREATE TABLE b AS SELECT id, fax FROM clients WHERE id >= 4; ALTER TABLE clients DROP fax',
  'UNION ALL of two halves':
    'CREATE TABLE kept AS SELECT id, fax FROM clients WHERE id < 4 UNION ALL SELECT id, fax FROM clients WHERE id >= 4; ALTER TABLE clients DROP fax',
  'a copy that is renamed and moved':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE kept RENAME fax TO f; ALTER TABLE kept RENAME TO k2; ALTER TABLE k2 SET SCHEMA old; ALTER TABLE clients DROP fax',
  'a column that is written after the copy':
    "CREATE TABLE kept AS SELECT id, fax FROM clients; UPDATE clients SET fax = 'x' WHERE id < 3; ALTER TABLE clients DROP fax",
  'a column whose type changes after the copy':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients ALTER fax TYPE varchar(40); ALTER TABLE clients DROP fax',
  'a column that is renamed after the copy':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients RENAME fax TO telefax; ALTER TABLE clients DROP telefax',
  'values without equality':
    'CREATE TABLE kept AS SELECT id, prefs FROM clients; ALTER TABLE clients DROP prefs',
  'a table without a key, whole rows':
    'CREATE TABLE kept AS SELECT * FROM notes; ALTER TABLE notes DROP what',
  'all rows before TRUNCATE': 'CREATE TABLE kept AS SELECT * FROM clients; TRUNCATE clients',
  'all rows before DELETE': 'CREATE TABLE kept AS TABLE clients; DELETE FROM clients',
  'all rows before DROP': 'CREATE TABLE kept AS SELECT * FROM clients; DROP TABLE clients',
  'all rows of a table without a key': 'CREATE TABLE kept AS SELECT * FROM notes; DROP TABLE notes',
  'the way to make a table anew':
    'CREATE TABLE new_clients (id int PRIMARY KEY, name text NOT NULL, fax text, prefs json); INSERT INTO new_clients (id, name, fax, prefs) SELECT id, name, fax, prefs FROM clients; DROP TABLE clients; ALTER TABLE new_clients RENAME TO clients',
  'the other way to make it anew':
    'ALTER TABLE clients RENAME TO old_clients; CREATE TABLE clients (LIKE old_clients); INSERT INTO clients SELECT * FROM old_clients; DROP TABLE old_clients',
  'an archive filled by DELETE … RETURNING':
    'CREATE TABLE kept (LIKE clients); WITH gone AS (DELETE FROM clients WHERE id > 1 RETURNING *) INSERT INTO kept SELECT * FROM gone',
  'a partition, out of its parent':
    'CREATE TABLE kept AS SELECT * FROM logs WHERE id < 10; DROP TABLE logs_1',
  'a partitioned table': 'CREATE TABLE kept AS SELECT * FROM logs; DROP TABLE logs',
  'old values before an UPDATE':
    'CREATE TABLE kept AS SELECT id, name FROM clients; UPDATE clients SET name = upper(name)',
  'old values in another column before an UPDATE':
    'ALTER TABLE clients ADD name_before text; UPDATE clients SET name_before = name; UPDATE clients SET name = upper(name)',
  'values before a narrower type':
    'CREATE TABLE kept AS SELECT id, name FROM clients; ALTER TABLE clients ALTER name TYPE varchar(1) USING left(name, 1)',
  'a schema that goes after its table was copied':
    'CREATE TABLE old.t AS SELECT id, fax FROM clients; CREATE TABLE kept AS SELECT * FROM old.t; DROP SCHEMA old CASCADE; ALTER TABLE clients RENAME fax TO f',
}

export const notKept: Readonly<Record<string, string>> = {
  'only some values':
    "CREATE TABLE kept AS SELECT id, fax FROM clients WHERE fax LIKE '%1'; ALTER TABLE clients DROP fax",
  'a temporary table': 'CREATE TEMP TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax',
  'a table that a crash empties':
    'CREATE UNLOGGED TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax',
  'values without the key': 'CREATE TABLE kept AS SELECT fax FROM clients; ALTER TABLE clients DROP fax',
  'a copy made after part of it was changed':
    "UPDATE clients SET fax = 'x' WHERE id < 5; CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax",
  'a copy that is dropped again':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax; DROP TABLE kept',
  'a copy that is emptied again':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax; TRUNCATE kept',
  'a copy whose column is dropped again':
    'CREATE TABLE kept AS SELECT id, fax FROM clients; ALTER TABLE clients DROP fax; ALTER TABLE kept DROP fax',
  'a copy WITH NO DATA':
    'CREATE TABLE kept AS SELECT id, fax FROM clients WITH NO DATA; ALTER TABLE clients DROP fax',
  'a copy that changes the values':
    'CREATE TABLE kept AS SELECT id, left(fax, 3) AS fax FROM clients; ALTER TABLE clients DROP fax',
  'a copy with another key':
    'CREATE TABLE kept AS SELECT id + 1 AS id, fax FROM clients; ALTER TABLE clients DROP fax',
  'a column that a condition reads and nothing copies':
    'CREATE TABLE kept AS SELECT id, name FROM clients WHERE fax IS NOT NULL; ALTER TABLE clients DROP fax',
  'rows without one of their columns':
    'CREATE TABLE kept AS SELECT id, name, fax FROM clients; DROP TABLE clients',
  'all rows but one': 'CREATE TABLE kept AS SELECT * FROM clients WHERE id <> 3; TRUNCATE clients',
  'equal rows kept once': 'CREATE TABLE kept AS SELECT DISTINCT * FROM notes; TRUNCATE notes',
  'a materialized view of part of it':
    'CREATE MATERIALIZED VIEW kept AS SELECT id, name FROM clients; TRUNCATE clients',
}
