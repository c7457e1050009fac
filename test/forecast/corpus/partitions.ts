export const setup = `
  CREATE TABLE events (id int, at date NOT NULL, kind text, amount int CHECK (amount > 0), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
  CREATE TABLE events_2025_a PARTITION OF events_2025 FOR VALUES IN (3, 10);
  CREATE TABLE events_2025_rest PARTITION OF events_2025 DEFAULT;
  INSERT INTO events VALUES (1, '2024-03-01', 'a', 5), (2, '2024-05-01', NULL, 6), (3, '2025-01-01', 'a', 7), (4, '2025-05-01', 'z', 8), (5, '2025-06-01', NULL, 9);
  CREATE TABLE kinds (id int, kind text) PARTITION BY LIST (kind);
  CREATE TABLE kinds_a PARTITION OF kinds FOR VALUES IN ('a', 'b');
  CREATE TABLE kinds_none PARTITION OF kinds FOR VALUES IN (NULL, '');
  INSERT INTO kinds VALUES (1, 'a'), (2, 'b'), (3, NULL), (4, '');
  CREATE TABLE notes (event int, at date, FOREIGN KEY (event, at) REFERENCES events ON DELETE CASCADE);
  INSERT INTO notes VALUES (1, '2024-03-01'), (3, '2025-01-01');
  CREATE TABLE hashed (id int PRIMARY KEY, n int) PARTITION BY HASH (id);
  CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO hashed SELECT i, i FROM generate_series(1, 9) i;
  CREATE TABLE loose (id int NOT NULL, at date NOT NULL, kind text, amount int, CONSTRAINT events_amount_check CHECK (amount > 0));
  CREATE TABLE looser (id int NOT NULL, at date, kind text, amount int); CREATE TABLE loosest (id int NOT NULL, at date NOT NULL, kind text, amount int);
  INSERT INTO loose VALUES (8, '2023-05-01', 'x', 3), (9, '2023-07-01', 'y', 4);
  CREATE TABLE animals (id int PRIMARY KEY, name text);
  CREATE TABLE dogs (breed text) INHERITS (animals);
  INSERT INTO animals VALUES (1, 'cat'); INSERT INTO dogs VALUES (1, 'rex', 'collie');`

export const cases: Record<
  string,
  { migration: string; state?: string; doubts?: number; unknown?: string[] }
> = {
  'UPDATE of the whole, where rows move between parts': {
    migration: `UPDATE events SET at = at + 365, amount = amount + 1 WHERE id = 2; UPDATE events SET kind = 'b' WHERE kind IS NULL`,
  },
  'UPDATE of listed keys, and NULL among them': {
    migration: `UPDATE kinds SET kind = NULL WHERE id = 1; UPDATE kinds SET kind = 'b' WHERE id = 4; DELETE FROM kinds_none WHERE id = 3`,
  },
  'a key that no list has': { migration: `UPDATE kinds SET kind = 'c' WHERE id = 1`, state: '23514' },
  'UPDATE of the whole, where a row belongs nowhere': {
    migration: `UPDATE events SET at = at + 700 WHERE id = 4`,
    state: '23514',
  },
  'UPDATE of a part': { migration: `UPDATE events_2025 SET amount = 70, kind = 'q' WHERE id = 3` },
  'UPDATE of a part beyond its bounds': {
    migration: `UPDATE events_2024 SET at = '2025-02-02'`,
    state: '23514',
  },
  'INSERT into the whole': {
    migration: `INSERT INTO events VALUES (10, '2024-12-31', 'n', 1), (10, '2025-02-02', 'n', 1), (11, '2025-12-31', NULL, 1), (12, '2025-02-03', 'zz', 1)`,
  },
  'INSERT that belongs nowhere': {
    migration: `INSERT INTO events VALUES (10, '2026-01-01', 'n', 1)`,
    state: '23514',
  },
  'INSERT into a part': { migration: `INSERT INTO events_2025_rest VALUES (12, '2025-12-31', 'n', 1)` },
  'INSERT into the wrong part': {
    migration: `INSERT INTO events_2025_a VALUES (11, '2025-12-31', 'c', 1)`,
    state: '23514',
  },
  'a key of another part': {
    migration: `INSERT INTO events_2024 VALUES (1, '2024-03-01', 'n', 1)`,
    state: '23505',
  },
  'DELETE from the whole, and what refers to it': { migration: `DELETE FROM events WHERE kind = 'a'` },
  'DELETE from a part': { migration: `DELETE FROM events_2024 WHERE id = 2; DELETE FROM hashed_1` },
  'UPDATE of hashed keys': { migration: `UPDATE hashed SET id = id + 21, n = 0 WHERE id < 4` },
  'a part that the migration makes': {
    migration: `CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
      INSERT INTO events VALUES (10, '2027-01-01', 'n', 1); UPDATE events_2026 SET amount = 2; UPDATE events SET at = at + 400 WHERE id = 4`,
  },
  'a part that the migration makes, and a constraint of the whole': {
    migration: `CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      INSERT INTO events_2026 VALUES (10, '2026-01-01', 'n', 0)`,
    state: '23514',
  },
  'a part with a default of its own': {
    migration: `CREATE TABLE events_2026 PARTITION OF events (kind DEFAULT 'new', amount WITH OPTIONS NOT NULL) FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      INSERT INTO events_2026 (id, at, amount) VALUES (10, '2026-02-02', 1); INSERT INTO events (id, at, amount) VALUES (11, '2026-02-03', 2)`,
  },
  'a second default part': {
    migration: `CREATE TABLE events_2025_more PARTITION OF events_2025 DEFAULT; UPDATE events SET amount = 3`,
    state: '42P17',
  },
  'a part with a key of its own that a row has twice': {
    migration: `CREATE TABLE kinds_c PARTITION OF kinds (id WITH OPTIONS PRIMARY KEY) FOR VALUES IN ('c');
      INSERT INTO kinds_c VALUES (1, 'c'), (1, 'c')`,
    state: '23505',
  },
  'a part beside a default one that has its rows': {
    migration: `CREATE TABLE events_2025_z PARTITION OF events_2025 FOR VALUES IN (4, 44)`,
    state: '23514',
  },
  'ATTACH of a table whose rows are within the bounds': {
    migration: `ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM ('2023-01-01') TO ('2024-01-01'); UPDATE events SET amount = 1`,
  },
  'ATTACH of a table with a row beyond the bounds': {
    migration: `ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM ('2023-06-01') TO ('2024-01-01')`,
    state: '23514',
  },
  'ATTACH of a table with two rows of one key': {
    migration: `UPDATE loose SET id = 8, at = '2023-05-01'; ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')`,
    state: '23505',
  },
  'DETACH of rows that others refer to': {
    migration: `ALTER TABLE events DETACH PARTITION events_2024`,
    state: '23503',
  },
  'ATTACH of a table that may hold NULL': {
    migration: `ALTER TABLE events ATTACH PARTITION looser DEFAULT`,
    state: '42804',
  },
  'ATTACH of a table without the CHECK': {
    migration: `ALTER TABLE events ATTACH PARTITION loosest DEFAULT`,
    state: '42804',
  },
  'DETACH, DROP and TRUNCATE of parts': {
    migration: `DROP TABLE notes; ALTER TABLE events DETACH PARTITION events_2024; UPDATE events_2024 SET at = '1999-01-01'; DROP TABLE events_2025_a; TRUNCATE kinds_none;
      UPDATE events SET amount = amount + 1`,
  },
  'the type of a column of the whole': {
    migration: `ALTER TABLE events ALTER amount TYPE bigint; ALTER TABLE events ALTER kind SET DEFAULT 'x'; UPDATE events_2024 SET amount = 8000000000`,
  },
  'rows put into parts that the migration makes': {
    migration: `CREATE TABLE orders (id int, region text, n int) PARTITION BY RANGE (region, n);
      CREATE TABLE orders_a PARTITION OF orders FOR VALUES FROM (MINVALUE, MINVALUE) TO ('f', 5); CREATE TABLE orders_b PARTITION OF orders FOR VALUES FROM ('f', 5) TO ('z', MAXVALUE);
      INSERT INTO orders VALUES (1, 'a', 9), (2, 'f', 4), (3, 'f', 5), (4, 'z', 100)`,
  },
  'a key of a table that others inherit from is its own': {
    migration: `ALTER TABLE animals DROP CONSTRAINT animals_pkey; CREATE UNIQUE INDEX ON animals (id)`,
  },
}
