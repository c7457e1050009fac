export const setup = `
  CREATE TABLE boards (id int PRIMARY KEY); INSERT INTO boards VALUES (1), (2);
  CREATE TABLE tasks (id int PRIMARY KEY, board int NOT NULL REFERENCES boards, label text NOT NULL, effort int CHECK (effort > 0));
  INSERT INTO tasks VALUES (1, 1, 'a', 1), (2, 2, 'b', 2); CREATE UNIQUE INDEX ON tasks (board, label);`

export const cases: Record<string, { migration: string; state: string }> = {
  'INSERT: a key before a reference': {
    migration: `INSERT INTO tasks VALUES (1, 7, 'c', 1)`,
    state: '23505',
  },
  'INSERT … SELECT: a key before a reference': {
    migration: `CREATE TABLE old (id int, board int); INSERT INTO old VALUES (3, 7), (1, 1);
      INSERT INTO tasks SELECT id, board, 'x', 1 FROM old`,
    state: '23505',
  },
  'INSERT of rows: a CHECK of the first before a NULL of the second': {
    migration: `INSERT INTO tasks VALUES (5, 1, 'c', 0), (6, 1, NULL, 1), (1, 1, 'd', 1)`,
    state: '23514',
  },
  'INSERT of rows: a key that is there before a CHECK of the next': {
    migration: `INSERT INTO tasks VALUES (5, 1, 'c', 1), (1, 1, 'd', 1), (6, 1, 'e', 0), (7, 1, NULL, 0)`,
    state: '23505',
  },
  'INSERT of rows: a key that two of them have before a NULL of the last': {
    migration: `INSERT INTO tasks VALUES (5, 1, 'c', 1), (5, 1, 'd', 1), (6, 1, NULL, 1)`,
    state: '23505',
  },
  'INSERT of rows: a NULL before a key that two of them have': {
    migration: `INSERT INTO tasks VALUES (5, 1, 'c', 1), (6, 1, NULL, 1), (5, 1, 'd', 1)`,
    state: '23502',
  },
  'INSERT … SELECT: a CHECK of the first row before a key of the second': {
    migration: `INSERT INTO tasks SELECT 3 - i, 1, 'x' || i, i FROM generate_series(0, 2) AS i`,
    state: '23514',
  },
  'INSERT of rows: a reference of the first after a CHECK of the last': {
    migration: `INSERT INTO tasks VALUES (5, 9, 'c', 1), (6, 1, 'd', 0)`,
    state: '23514',
  },
  'INSERT: NULL before a CHECK': { migration: `INSERT INTO tasks VALUES (1, 7, NULL, 0)`, state: '23502' },
  'INSERT: a CHECK before a key': { migration: `INSERT INTO tasks VALUES (1, 7, 'c', 0)`, state: '23514' },
  'INSERT: a reference alone': { migration: `INSERT INTO tasks VALUES (9, 7, 'c', 1)`, state: '23503' },
  'UPDATE: a key before a reference': {
    migration: `UPDATE tasks SET board = 7, label = 'z'`,
    state: '23505',
  },
  'UPDATE: a CHECK before a reference': {
    migration: `UPDATE tasks SET board = 7, effort = 0 WHERE id = 1`,
    state: '23514',
  },
  'ON CONFLICT DO NOTHING: a reference': {
    migration: `INSERT INTO tasks VALUES (1, 7, 'c', 1), (8, 8, 'd', 1) ON CONFLICT DO NOTHING`,
    state: '23503',
  },
}
