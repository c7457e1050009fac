export const setup = `
  CREATE TABLE stock (id int PRIMARY KEY, amount int CHECK (amount >= 0), note text DEFAULT 'none', at serial);
  INSERT INTO stock (id, amount) VALUES (1, 5), (2, 0), (3, 7);
  CREATE TABLE moves (item int, change int, kind text);
  INSERT INTO moves VALUES (1, 2, 'in'), (2, 1, 'in'), (3, 7, 'out'), (4, 9, 'in'), (5, 0, 'in');
  CREATE TABLE sold (id serial PRIMARY KEY, stock int REFERENCES stock ON DELETE CASCADE);
  INSERT INTO sold (stock) VALUES (1), (3), (3);`

export const cases: Record<string, { migration: string; state?: string }> = {
  'changes, removes and puts in': {
    migration: `MERGE INTO stock AS s USING moves AS m ON s.id = m.item
      WHEN MATCHED AND m.kind = 'out' AND s.amount = m.change THEN DELETE
      WHEN MATCHED AND s.amount > 0 THEN UPDATE SET amount = s.amount + m.change, note = DEFAULT
      WHEN MATCHED THEN UPDATE SET note = m.kind || s.id
      WHEN NOT MATCHED AND m.change = 0 THEN DO NOTHING
      WHEN NOT MATCHED THEN INSERT (id, amount, note) VALUES (m.item, m.change, DEFAULT)`,
  },
  'a query for a source': {
    migration: `WITH w AS (SELECT item, sum(change) AS n FROM moves GROUP BY 1)
      MERGE INTO stock USING (SELECT * FROM w WHERE n > 1) AS q ON id = q.item
      WHEN MATCHED THEN UPDATE SET amount = q.n WHEN NOT MATCHED THEN INSERT VALUES (q.item, q.n)`,
  },
  'a row changed twice': {
    migration: `INSERT INTO moves VALUES (1, 3, 'in');
      MERGE INTO stock s USING moves m ON s.id = m.item WHEN MATCHED THEN UPDATE SET amount = m.change`,
    state: '21000',
  },
  'a row met twice, and nothing done the second time': {
    migration: `INSERT INTO moves VALUES (1, 3, 'odd');
      MERGE INTO stock s USING moves m ON s.id = m.item WHEN MATCHED AND m.kind = 'odd' THEN DO NOTHING
      WHEN MATCHED THEN UPDATE SET amount = m.change`,
  },
  'a constraint that refuses a row': {
    migration: `MERGE INTO stock s USING moves m ON s.id = m.item WHEN MATCHED THEN UPDATE SET amount = s.amount - 6`,
    state: '23514',
  },
  'a key put in twice': {
    migration: `INSERT INTO moves VALUES (4, 3, 'in');
      MERGE INTO stock s USING moves m ON s.id = m.item WHEN NOT MATCHED THEN INSERT (id, amount) VALUES (m.item, 1)`,
    state: '23505',
  },
}
