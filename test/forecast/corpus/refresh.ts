export const setup = `
  CREATE TABLE sales (id int PRIMARY KEY, region text, amount int, by int);
  INSERT INTO sales VALUES (1, 'n', 5, 1), (2, 's', 7, 1), (3, 'n', 9, 2);
  CREATE MATERIALIZED VIEW totals AS SELECT region, sum(amount) AS total FROM sales GROUP BY region;
  CREATE UNIQUE INDEX ON totals (region);
  CREATE MATERIALIZED VIEW names (kind, n) AS SELECT region, 10 / amount FROM sales;
  CREATE MATERIALIZED VIEW firsts AS SELECT region, amount FROM sales WHERE by = 1;
  CREATE UNIQUE INDEX ON firsts (region);`

export const cases: Record<string, { migration: string; state?: string; unknown?: string[] }> = {
  'what its query gives by then': {
    migration: `UPDATE sales SET amount = amount + 1, region = 'x' WHERE id < 3; REFRESH MATERIALIZED VIEW totals; REFRESH MATERIALIZED VIEW names`,
  },
  'not refreshed, it stays as it was': { migration: `DELETE FROM sales` },
  'a key that is there twice by then': {
    migration: `UPDATE sales SET by = 1; REFRESH MATERIALIZED VIEW firsts`,
    state: '23505',
  },
  'concurrently, two rows alike': {
    migration: `INSERT INTO sales VALUES (4, 'n', 5, 1); REFRESH MATERIALIZED VIEW CONCURRENTLY firsts`,
    state: '21000',
  },
  'a value that cannot be computed': {
    migration: `UPDATE sales SET amount = 0 WHERE id = 2; REFRESH MATERIALIZED VIEW names`,
    state: '22012',
  },
  'one that the migration makes': {
    migration: `CREATE MATERIALIZED VIEW best AS SELECT max(amount) AS amount FROM sales; UPDATE sales SET amount = 99 WHERE id = 1; REFRESH MATERIALIZED VIEW best`,
  },
  'over a table that has another name by then': {
    migration: `ALTER TABLE sales RENAME TO deals; REFRESH MATERIALIZED VIEW totals`,
  },
}
