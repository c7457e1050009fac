export const setup = `
  CREATE TABLE customers (id int PRIMARY KEY, name text, email text, company_id int);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON UPDATE CASCADE ON DELETE SET NULL);
  CREATE TABLE untouched (id int);
  CREATE TABLE events (id int, at date, note text, loud text GENERATED ALWAYS AS (upper(note)) STORED) PARTITION BY RANGE (at);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE ((id + 0));
  CREATE TABLE events_2a PARTITION OF events_2 DEFAULT;
  INSERT INTO events VALUES (1, '2025-02-02', 'a'), (2, '2026-02-02', 'b');
  INSERT INTO customers VALUES (1, 'Ann', 'a', NULL), (2, 'Bob', 'b', 7);
  INSERT INTO orders VALUES (10, 1), (11, 2);`

export const cases: [what: string, files: string[], lineage: string[]][] = [
  ['nothing', ['SELECT 1'], []],
  [
    'renames over two files',
    ['ALTER TABLE customers RENAME TO contacts', '\nALTER TABLE contacts RENAME email TO mail;'],
    ['customers → contacts', 'customers.email → mail'],
  ],
  [
    'an update, and the same column again',
    [
      'UPDATE customers SET company_id = 1 WHERE company_id IS NULL;\nUPDATE customers SET company_id = company_id + 1',
    ],
    ['customers', 'customers.company_id @1:1 @1:2'],
  ],
  [
    'an update under the new name',
    ['ALTER TABLE customers RENAME TO c;\nUPDATE c SET name = upper(name)'],
    ['customers → c', 'customers.name @1:2'],
  ],
  [
    'a new type',
    ['ALTER TABLE customers ALTER company_id TYPE bigint'],
    ['customers', 'customers.company_id @1:1'],
  ],
  [
    'a dropped column',
    ['ALTER TABLE customers ADD x int;\nALTER TABLE customers DROP email'],
    ['customers', 'customers.email gone @1:2'],
  ],
  [
    'a column dropped and made again is another one',
    ['ALTER TABLE customers DROP email, ADD email text'],
    ['customers', 'customers.email gone @1:1'],
  ],
  ['a dropped table', ['\n\nDROP TABLE orders'], ['orders gone @1:3']],
  [
    'rows that come and go',
    ['INSERT INTO orders VALUES (12, 1);\nDELETE FROM orders WHERE id = 10'],
    ['orders @1:1 @1:2'],
  ],
  ['truncation', ['TRUNCATE orders'], ['orders @1:1']],
  [
    'what a foreign key carries on',
    ['UPDATE customers SET id = id + 10;\nDELETE FROM customers WHERE id = 11'],
    ['customers @1:2', 'customers.id @1:1', 'orders', 'orders.customer_id @1:1 @1:2'],
  ],
  [
    'other values in rows of a partitioned table are those of its partitions',
    ["UPDATE events SET note = 'x'"],
    ['events', 'events_1', 'events_2', 'events_2a'].flatMap((name) => [
      name,
      `${name}.note @1:1`,
      `${name}.loud @1:1`,
    ]),
  ],
  [
    'by another key, rows move from partition to partition',
    ['UPDATE events SET at = at + 1'],
    ['events', 'events.at @1:1', 'events_1 @1:1', 'events_2 @1:1', 'events_2a @1:1'],
  ],
  [
    'by another key of a partition, rows move within it',
    ['UPDATE events SET id = id + 1'],
    [
      'events',
      'events.id @1:1',
      'events_1',
      'events_1.id @1:1',
      'events_2',
      'events_2.id @1:1',
      'events_2a @1:1',
    ],
  ],
  [
    'rows that go from a partitioned table go from its partitions',
    ['DELETE FROM events WHERE id = 1'],
    ['events @1:1', 'events_1 @1:1', 'events_2 @1:1', 'events_2a @1:1'],
  ],
  [
    'a partition that comes or goes leaves the others as they are',
    ['ALTER TABLE events DETACH PARTITION events_1;\nDROP TABLE events_1'],
    ['events @1:1', 'events_1 gone @1:2'],
  ],
  [
    'additions leave the rest as it is',
    ['ALTER TABLE customers ADD x int DEFAULT 1, ALTER name SET NOT NULL;\nCREATE INDEX ON customers (name)'],
    [],
  ],
]
