import { over } from './chain.js'

const shop = `
  CREATE TABLE customers (id int PRIMARY KEY, email text, tenant int, code text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int, tenant int, code text, total int, prev int);
  INSERT INTO customers VALUES (1, 'a@x', 1, 'A'), (2, 'A@X', 1, 'B'), (3, NULL, 2, 'A'), (4, NULL, 2, NULL);
  INSERT INTO orders VALUES (1, 1, 1, 'A', 5, NULL), (2, 2, 1, 'B', 7, 1), (3, NULL, 2, 'A', NULL, 2), (4, 3, 2, NULL, 0, 4);`

const keys = over(shop, [
  [
    'a primary key',
    'ALTER TABLE customers DROP CONSTRAINT customers_pkey; ALTER TABLE customers ADD PRIMARY KEY (id)',
  ],
  [
    'a primary key over NULLs',
    'ALTER TABLE customers DROP CONSTRAINT customers_pkey, ADD PRIMARY KEY (email)',
    { fails: ['1.1', '23502', 2] },
  ],
  [
    'a primary key over duplicates',
    'ALTER TABLE customers DROP CONSTRAINT customers_pkey, ADD PRIMARY KEY (tenant)',
    { fails: ['1.1', '23505', 2] },
  ],
  [
    'a primary key of two columns',
    'ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD CONSTRAINT pk PRIMARY KEY (tenant, id)',
  ],
  ['a unique key with NULLs', 'ALTER TABLE customers ADD UNIQUE (email)'],
  [
    'a unique key with duplicates',
    'ALTER TABLE customers ADD CONSTRAINT c UNIQUE (tenant)',
    { fails: ['1.1', '23505', 2] },
  ],
  [
    'a unique key NULLS NOT DISTINCT',
    'ALTER TABLE customers ADD UNIQUE NULLS NOT DISTINCT (email)',
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'a unique index NULLS NOT DISTINCT that holds',
    'CREATE UNIQUE INDEX u ON customers (email, id) NULLS NOT DISTINCT',
  ],
  ['a composite unique key', 'ALTER TABLE customers ADD UNIQUE (tenant, code)'],
  [
    'a composite unique key with duplicates',
    "UPDATE customers SET code = 'A' WHERE id = 2; ALTER TABLE customers ADD UNIQUE (tenant, code)",
    { fails: ['1.2', '23505', 1] },
  ],
  ['an expression index that holds', 'CREATE UNIQUE INDEX u ON customers (lower(code), tenant)'],
  [
    'an expression index with duplicates',
    'CREATE UNIQUE INDEX u ON customers (lower(email))',
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'an expression index repaired',
    'DELETE FROM customers WHERE id = 2; CREATE UNIQUE INDEX u ON customers (lower(email))',
  ],
  ['an index on a constant', 'CREATE UNIQUE INDEX u ON customers ((1))', { fails: ['1.1', '23505', 1] }],
  ['a partial index that holds', 'CREATE UNIQUE INDEX u ON customers (code) WHERE tenant = 1'],
  [
    'a partial index with duplicates',
    `CREATE UNIQUE INDEX u ON customers (tenant) WHERE code = 'A' OR code = 'B'`,
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'a row comes under a partial index',
    `CREATE UNIQUE INDEX u ON customers (code) WHERE tenant = 1; UPDATE customers SET tenant = 1 WHERE id = 3`,
    { fails: ['1.2', '23505', 1] },
  ],
  [
    'a collated index',
    `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  ],
  [
    'a collated index with duplicates',
    [
      `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
      'CREATE UNIQUE INDEX u ON customers (email COLLATE ci)',
    ],
    { fails: ['2.1', '23505'], undecided: /collat/ },
  ],
  ['a plain index', 'CREATE INDEX i ON customers (email, tenant DESC) INCLUDE (code)'],
  [
    'a gin index',
    'ALTER TABLE customers ADD COLUMN tags text[]; CREATE INDEX g ON customers USING gin (tags)',
  ],
  ['a unique index with INCLUDE', 'CREATE UNIQUE INDEX u ON customers (id) INCLUDE (tenant)'],
  [
    'a key USING INDEX',
    'CREATE UNIQUE INDEX u ON customers (email); ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE USING INDEX u',
  ],
  [
    'a primary key USING INDEX over NULLs',
    'CREATE UNIQUE INDEX u ON customers (email); ALTER TABLE customers DROP CONSTRAINT customers_pkey, ADD CONSTRAINT pk PRIMARY KEY USING INDEX u',
    { fails: ['1.2', '23502', 2] },
  ],
  [
    'a deferrable key',
    "ALTER TABLE customers ADD CONSTRAINT u UNIQUE (code, tenant) DEFERRABLE INITIALLY DEFERRED; UPDATE customers SET code = 'B' WHERE id = 1; UPDATE customers SET code = 'A' WHERE id = 2",
  ],
  [
    'a deferrable key is moved along',
    'ALTER TABLE customers ADD CONSTRAINT u UNIQUE (id) DEFERRABLE; UPDATE customers SET id = id + 0',
  ],
  [
    'a deferred key broken',
    "ALTER TABLE customers ADD CONSTRAINT u UNIQUE (code, tenant) DEFERRABLE INITIALLY DEFERRED; UPDATE customers SET code = 'B' WHERE id = 1",
    { fails: ['1', '23505'] },
  ],
  [
    'an index dropped and made again',
    'CREATE INDEX i ON customers (email); DROP INDEX i; CREATE UNIQUE INDEX i ON customers (email)',
  ],
  [
    'DROP CONSTRAINT frees its name',
    'ALTER TABLE customers ADD CONSTRAINT u UNIQUE (email); ALTER TABLE customers DROP CONSTRAINT u; CREATE INDEX u ON customers (email)',
  ],

  // Expression indexes meet rows that the transaction has replaced.
  [
    'an index expression meets a dead row',
    'CREATE INDEX t ON orders (total); UPDATE orders SET total = total + 1; CREATE INDEX i ON orders ((100 / total))',
    { fails: ['1.3', '22012'] },
  ],
  [
    'an index expression meets a dead row only where the page is full',
    'UPDATE orders SET total = total + 1; CREATE INDEX i ON orders ((100 / total))',
    { undecided: /no room/ },
  ],
  [
    'an index expression in a file of its own',
    ['UPDATE orders SET total = total + 1', 'CREATE INDEX i ON orders ((100 / total))'],
  ],
  [
    'an index expression after a rewrite',
    'UPDATE orders SET total = total + 1; ALTER TABLE orders ALTER total TYPE bigint; CREATE INDEX i ON orders ((100 / total))',
  ],
  [
    'an index expression meets a deleted row',
    'DELETE FROM orders WHERE total = 0; CREATE INDEX i ON orders ((100 / total))',
    { fails: ['1.2', '22012'] },
  ],
  [
    'a plain unique index does not meet dead rows',
    'UPDATE customers SET tenant = id; CREATE UNIQUE INDEX i ON customers (tenant)',
  ],

  // Foreign keys
  [
    'a foreign key',
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id)',
  ],
  [
    'a foreign key with orphans',
    'DELETE FROM customers WHERE id IN (1, 3); ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers',
    { fails: ['1.2', '23503', 2] },
  ],
  [
    'a foreign key after a repair',
    'DELETE FROM customers WHERE id = 3; UPDATE orders o SET customer_id = NULL WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id); ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers',
  ],
  [
    'a foreign key to a new empty table',
    'CREATE TABLE shops (id int PRIMARY KEY); ALTER TABLE orders ADD COLUMN shop_id int REFERENCES shops; ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES shops',
    { fails: ['1.3', '23503', 3] },
  ],
  ['a self-reference', 'ALTER TABLE orders ADD FOREIGN KEY (prev) REFERENCES orders'],
  [
    'a self-reference with an orphan',
    'ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES orders',
    { fails: ['1.1', '23503', 3] },
  ],
  [
    'a composite foreign key',
    'ALTER TABLE customers ADD UNIQUE (tenant, code); ALTER TABLE orders ADD FOREIGN KEY (tenant, code) REFERENCES customers (tenant, code)',
  ],
  [
    'a composite foreign key with orphans',
    `ALTER TABLE customers ADD UNIQUE (tenant, code); UPDATE customers SET code = 'Z' WHERE id = 1; ALTER TABLE orders ADD FOREIGN KEY (tenant, code) REFERENCES customers (tenant, code)`,
    { fails: ['1.3', '23503', 1] },
  ],
  [
    'MATCH FULL with a half key',
    'ALTER TABLE customers ADD UNIQUE (tenant, code); ALTER TABLE orders ADD FOREIGN KEY (tenant, code) REFERENCES customers (tenant, code) MATCH FULL',
    { fails: ['1.2', '23503', 1] },
  ],
  [
    'MATCH FULL that holds',
    'ALTER TABLE customers ADD UNIQUE (tenant, code); UPDATE orders SET tenant = NULL WHERE code IS NULL; ALTER TABLE orders ADD FOREIGN KEY (tenant, code) REFERENCES customers (tenant, code) MATCH FULL',
  ],
  [
    'a foreign key of the columns in another order',
    'ALTER TABLE customers ADD UNIQUE (tenant, code); ALTER TABLE orders ADD FOREIGN KEY (code, tenant) REFERENCES customers (code, tenant)',
  ],
  [
    'NOT VALID, then VALIDATE',
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT fk',
  ],
  [
    'NOT VALID, then VALIDATE with orphans',
    'DELETE FROM customers WHERE id = 2; ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT fk',
    { fails: ['1.3', '23503', 1] },
  ],
  [
    'NOT VALID refuses new rows',
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (total) REFERENCES customers (id) NOT VALID; INSERT INTO orders (id, total) VALUES (9, 1), (10, 99)',
    { fails: ['1.2', '23503', 1] },
  ],
  [
    'NOT VALID leaves old rows alone',
    "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (total) REFERENCES customers (id) NOT VALID; UPDATE orders SET code = 'Q'; UPDATE orders SET total = 1 WHERE total = 5",
  ],
  [
    'a NOT VALID check and a changed row',
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID; UPDATE orders SET code = 'x' WHERE id = 4",
    { fails: ['1.2', '23514', 1] },
  ],
  [
    'a NOT VALID check and a row left alone',
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID; UPDATE orders SET code = 'x' WHERE id = 1",
  ],
  [
    'a deferrable foreign key',
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers DEFERRABLE INITIALLY DEFERRED; INSERT INTO orders (id, customer_id) VALUES (7, 70); INSERT INTO customers (id) VALUES (70)',
  ],
  [
    'a deferred foreign key broken',
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers DEFERRABLE INITIALLY DEFERRED; INSERT INTO orders (id, customer_id) VALUES (7, 70)',
    { fails: ['1', '23503'] },
  ],
  [
    'SET CONSTRAINTS asks at once',
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers DEFERRABLE INITIALLY DEFERRED; INSERT INTO orders (id, customer_id) VALUES (7, 70); SET CONSTRAINTS ALL IMMEDIATE',
    { fails: ['1.3', '23503'] },
  ],

  // Checks
  ['a check that holds', 'ALTER TABLE orders ADD CHECK (total >= 0)'],
  [
    'a check that does not',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)',
    { fails: ['1.1', '23514', 1] },
  ],
  ['a check of two columns', 'ALTER TABLE orders ADD CHECK (prev IS NULL OR prev <= id)'],
  [
    'a check of two columns that does not hold',
    'ALTER TABLE orders ADD CHECK (prev IS NULL OR prev < id)',
    { fails: ['1.1', '23514', 1] },
  ],
  [
    'a check validated',
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID; UPDATE orders SET total = 1 WHERE total = 0; ALTER TABLE orders VALIDATE CONSTRAINT c',
  ],
  [
    'a check validated in vain',
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c',
    { fails: ['1.2', '23514', 1] },
  ],
  [
    'a check survives a rename',
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (total >= 0); ALTER TABLE orders RENAME total TO amount; UPDATE orders SET amount = -1 WHERE id = 1',
    { fails: ['1.3', '23514', 1] },
  ],
  ['a check that raises', `ALTER TABLE orders ADD CHECK (100 / total > 1)`, { fails: ['1.1', '22012'] }],
])

const family = `
  CREATE TABLE company (id int PRIMARY KEY, name text);
  CREATE TABLE customers (id int PRIMARY KEY, company_id int REFERENCES company ON DELETE CASCADE ON UPDATE CASCADE);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE);
  CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE SET NULL, company_id int DEFAULT 1 REFERENCES company ON DELETE SET DEFAULT);
  CREATE TABLE notes (id int PRIMARY KEY, item_id int REFERENCES items);
  CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE CASCADE ON UPDATE CASCADE);
  INSERT INTO company VALUES (1, 'a'), (2, 'b'), (3, 'c');
  INSERT INTO customers VALUES (1, 1), (2, 2), (3, 2), (4, NULL);
  INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, NULL);
  INSERT INTO items VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, NULL, NULL);
  INSERT INTO notes VALUES (1, 1), (2, NULL);
  INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, NULL), (6, 5);`

const actions = over(family, [
  ['ON DELETE CASCADE over three tables', `DELETE FROM company WHERE name = 'b'`],
  [
    'ON DELETE CASCADE, then what is left',
    `DELETE FROM company WHERE name = 'b'; ALTER TABLE items ALTER order_id SET NOT NULL`,
    { fails: ['1.2', '23502', 3] },
  ],
  ['ON DELETE SET DEFAULT', 'DELETE FROM company WHERE id = 3'],
  [
    'ON DELETE SET DEFAULT to what is gone',
    'DELETE FROM company WHERE id = 1',
    { fails: ['1.1', '23503', 1] },
  ],
  [
    'ON DELETE of a parent nobody has',
    `INSERT INTO company VALUES (9, 'z'); DELETE FROM company WHERE id = 9`,
  ],
  ['NO ACTION refuses', 'DELETE FROM items WHERE id < 3', { fails: ['1.1', '23503', 1] }],
  ['NO ACTION with nothing in the way', 'DELETE FROM items WHERE id > 1'],
  ['ON UPDATE CASCADE', 'UPDATE company SET id = id * 10 WHERE id > 1', { fails: ['1.1', '23503', 2] }],
  [
    'ON UPDATE CASCADE over a changed default',
    'UPDATE items SET company_id = NULL; UPDATE company SET id = id * 10',
  ],
  ['a self-reference cascades', 'DELETE FROM tree WHERE id = 2'],
  ['a self-reference cascades from the root', 'DELETE FROM tree WHERE id IN (1, 6)'],
  ['a self-reference is renumbered', 'UPDATE tree SET id = 50 WHERE id = 5'],
  ['TRUNCATE CASCADE', 'TRUNCATE company CASCADE; ALTER TABLE notes ADD COLUMN must int NOT NULL'],
  ['TRUNCATE of several', 'TRUNCATE notes, items; ALTER TABLE items ADD COLUMN must int NOT NULL'],
  [
    'the parent is renamed',
    `ALTER TABLE company RENAME TO firms; ALTER TABLE firms RENAME id TO firm_id; DELETE FROM firms WHERE firm_id = 2`,
  ],
  ['DROP TABLE CASCADE takes the foreign keys', 'DROP TABLE orders CASCADE; UPDATE items SET order_id = 99'],
  [
    'DROP TABLE and its indexes',
    'CREATE INDEX i ON notes (item_id); DROP TABLE notes; CREATE INDEX i ON items (id); DELETE FROM items',
  ],
  [
    'a changed action',
    'ALTER TABLE notes DROP CONSTRAINT notes_item_id_fkey; ALTER TABLE notes ADD CONSTRAINT notes_item_id_fkey FOREIGN KEY (item_id) REFERENCES items ON DELETE CASCADE; DELETE FROM items',
  ],
])

export const constraints = [...keys, ...actions]
