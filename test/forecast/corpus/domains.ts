export const setup = `
  CREATE DOMAIN price AS numeric(8,2) DEFAULT 1 CHECK (VALUE >= 0);
  CREATE TABLE items (id int PRIMARY KEY, name text, cost price, size int);
  INSERT INTO items VALUES (1, 'a', 5, 1), (2, 'bb', 0, -2), (3, NULL, NULL, 3);`

export const cases: Record<string, { migration: string; state?: string }> = {
  'a default of its own': { migration: `INSERT INTO items (id) VALUES (9)` },
  'a value that a live domain refuses': {
    migration: `UPDATE items SET cost = cost - 1`,
    state: '23514',
  },
  'a new domain that takes every value': {
    migration: `CREATE DOMAIN word AS varchar(3) CHECK (VALUE <> 'no') CHECK (length(VALUE) > 0);
      ALTER TABLE items ALTER name TYPE word; INSERT INTO items VALUES (9, 'yes'); UPDATE items SET name = lower('ABC') WHERE id = 1`,
  },
  'a new domain that refuses a value that is there': {
    migration: `CREATE DOMAIN positive AS int CHECK (VALUE > 0); ALTER TABLE items ALTER size TYPE positive`,
    state: '23514',
  },
  'a new domain that refuses NULL': {
    migration: `CREATE DOMAIN word AS text NOT NULL; ALTER TABLE items ALTER name TYPE word`,
    state: '23502',
  },
  'a value too long for its base': {
    migration: `CREATE DOMAIN word AS varchar(3); ALTER TABLE items ALTER name TYPE word; UPDATE items SET name = 'four'`,
    state: '22001',
  },
  'a new column of a new domain': {
    migration: `CREATE DOMAIN grade AS int DEFAULT 3 CHECK (VALUE BETWEEN 1 AND 5); ALTER TABLE items ADD grade grade; UPDATE items SET grade = 5 WHERE id = 1`,
  },
  'a new column of a new domain with a default that it refuses': {
    migration: `CREATE DOMAIN grade AS int CHECK (VALUE BETWEEN 1 AND 5); ALTER TABLE items ADD grade grade DEFAULT 7`,
    state: '23514',
  },
  'a cast to a new domain': {
    migration: `CREATE DOMAIN positive AS int CHECK (VALUE > 0); UPDATE items SET cost = size::positive WHERE size > 0`,
  },
  'a cast to a new domain that refuses': {
    migration: `CREATE DOMAIN positive AS int CHECK (VALUE > 0); UPDATE items SET cost = abs(size::positive)`,
    state: '23514',
  },
  'a constraint that every column satisfies, and then a value that does not': {
    migration: `ALTER DOMAIN price ADD CONSTRAINT small CHECK (VALUE < 10); UPDATE items SET cost = cost + 9 WHERE id = 2; UPDATE items SET cost = 12 WHERE id = 1`,
    state: '23514',
  },
  'a constraint that a column breaks': {
    migration: `ALTER DOMAIN price ADD CONSTRAINT small CHECK (VALUE < 5)`,
    state: '23514',
  },
  'a constraint NOT VALID, validated once it is true': {
    migration: `ALTER DOMAIN price ADD CONSTRAINT small CHECK (VALUE < 5) NOT VALID; UPDATE items SET cost = 4 WHERE id = 1; ALTER DOMAIN price VALIDATE CONSTRAINT small`,
  },
  'a constraint NOT VALID, validated while it is not': {
    migration: `ALTER DOMAIN price ADD CONSTRAINT small CHECK (VALUE < 5) NOT VALID; ALTER DOMAIN price VALIDATE CONSTRAINT small`,
    state: '23514',
  },
  'SET NOT NULL of a domain with a NULL': { migration: `ALTER DOMAIN price SET NOT NULL`, state: '23502' },
  'SET NOT NULL of a domain without one': {
    migration: `UPDATE items SET cost = 2 WHERE cost IS NULL; ALTER DOMAIN price SET NOT NULL; ALTER DOMAIN price DROP NOT NULL; UPDATE items SET cost = NULL`,
  },
  'a constraint that goes, and what it refused': {
    migration: `ALTER DOMAIN price DROP CONSTRAINT price_check; UPDATE items SET cost = -5; ALTER DOMAIN price SET DEFAULT 8; INSERT INTO items (id) VALUES (9)`,
  },
}
