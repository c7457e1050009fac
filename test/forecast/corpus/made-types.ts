/** To today's server a type that the migration makes is text: what it says of a query's columns is then not the truth. */
export const made = `CREATE TYPE kind AS ENUM ('SPAN', 'EVENT');
  CREATE TABLE made (id int, kind kind NOT NULL, name text);`

export const replaced = [
  ['replaced', 'CREATE OR REPLACE VIEW v AS SELECT made.*, id AS n FROM made', 'passes'],
  [
    'replaced under an alias',
    'CREATE OR REPLACE VIEW v AS SELECT id, kind, name, kind AS k FROM made',
    'passes',
  ],
  ['with another type', 'CREATE OR REPLACE VIEW v AS SELECT id::bigint, kind, name FROM made', '42P16'],
]

export const withoutRows = [
  [
    'a view',
    'CREATE VIEW made_view AS SELECT *, slug(name) FROM made; CREATE OR REPLACE VIEW made_view AS SELECT *, slug(name), 1 AS one FROM made',
  ],
  [
    'a view of a view',
    'CREATE VIEW v AS SELECT id, slug(name) AS s FROM made; CREATE VIEW w AS SELECT s FROM v; INSERT INTO made SELECT 1, kind, s FROM w, made',
  ],
  [
    'a temporary table',
    `SELECT id, slug(name) AS s INTO TEMP TABLE problems FROM made WHERE slug(name) <> name; UPDATE made SET name = s FROM problems p WHERE p.id = made.id; CREATE UNIQUE INDEX ON made (name)`,
  ],
  [
    'a table',
    'CREATE TABLE copied AS SELECT id, slug(name) AS s FROM made; ALTER TABLE copied ADD PRIMARY KEY (id); CREATE UNIQUE INDEX ON copied (s)',
  ],
  [
    'a materialized view',
    'CREATE MATERIALIZED VIEW m AS SELECT id, slug(name) AS s FROM made; CREATE UNIQUE INDEX ON m (id); REFRESH MATERIALIZED VIEW m',
  ],
  [
    'all labels of an enum',
    'INSERT INTO made SELECT row_number() OVER (), k FROM (SELECT unnest(enum_range(NULL::kind)) AS k) e; CREATE UNIQUE INDEX ON made (kind)',
  ],
  [
    'a query that groups by a primary key',
    'CREATE TABLE keyed (id int PRIMARY KEY, name text); CREATE VIEW g AS SELECT keyed.id, keyed.name, count(made.id) FROM keyed LEFT JOIN made ON made.id = keyed.id GROUP BY keyed.id; CREATE OR REPLACE VIEW g AS SELECT keyed.id, keyed.name, count(made.id), 1 AS one FROM keyed LEFT JOIN made ON made.id = keyed.id GROUP BY keyed.id',
  ],
]

export const withRows = [
  [
    'rows of another table',
    `INSERT INTO made VALUES (1, 'SPAN', 'A'), (2, 'SPAN', 'a'); CREATE TABLE copied AS SELECT slug(name) AS s FROM made; CREATE UNIQUE INDEX ON copied (s)`,
  ],
  [
    'an aggregate',
    `CREATE TABLE copied AS SELECT slug(max(name)) AS s FROM made; ALTER TABLE copied ALTER s SET NOT NULL`,
  ],
]

export const slug = `CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';`
