import { over } from './chain.js'

const people = `
  CREATE TABLE people (id int PRIMARY KEY, name text, age int, email varchar(40), born date);
  INSERT INTO people VALUES (1, 'Ann', 30, 'ann@x', '1990-01-01'), (2, 'Bob', NULL, 'BOB@x', NULL),
                            (3, NULL, 17, 'cy@x', '2000-02-29'), (4, 'Dee', 30, NULL, '1970-12-31');`

const empty = 'CREATE TABLE people (id int PRIMARY KEY, name text, age int);'

export const columns = [
  ...over(people, [
    ['SET NOT NULL where there is no NULL', 'ALTER TABLE people ALTER id SET NOT NULL'],
    [
      'SET NOT NULL where there are NULLs',
      'ALTER TABLE people ALTER name SET NOT NULL',
      { fails: ['1.1', '23502', 1] },
    ],
    [
      'SET NOT NULL after a repair',
      `UPDATE people SET name = 'nobody' WHERE name IS NULL; ALTER TABLE people ALTER name SET NOT NULL`,
    ],
    [
      'SET NOT NULL after a repair that forgets some',
      `UPDATE people SET age = 0 WHERE age IS NULL AND id > 2; ALTER TABLE people ALTER age SET NOT NULL`,
      { fails: ['1.2', '23502', 1] },
    ],
    [
      'DROP NOT NULL, then a NULL',
      `ALTER TABLE people DROP CONSTRAINT people_pkey, ALTER id DROP NOT NULL; UPDATE people SET id = NULL WHERE id = 2`,
    ],
    ['ADD COLUMN', 'ALTER TABLE people ADD COLUMN phone text'],
    ['ADD COLUMN with a default', `ALTER TABLE people ADD COLUMN role text NOT NULL DEFAULT 'user'`],
    [
      'ADD COLUMN with a cut default',
      `ALTER TABLE people ADD COLUMN code varchar(3) DEFAULT 'abcdef'`,
      { fails: ['1.1', '22001'] },
    ],
    [
      'ADD COLUMN with a default of now()',
      'ALTER TABLE people ADD COLUMN at timestamptz NOT NULL DEFAULT now()',
      { random: ['public.people.at'] },
    ],
    [
      'ADD COLUMN with a random default',
      'ALTER TABLE people ADD COLUMN uid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()',
      { random: ['public.people.uid'] },
    ],
    [
      'ADD COLUMN NOT NULL without default',
      'ALTER TABLE people ADD COLUMN phone text NOT NULL',
      { fails: ['1.1', '23502', 4] },
    ],
    [
      'ADD COLUMN, fill it, SET NOT NULL',
      `ALTER TABLE people ADD COLUMN slug text; UPDATE people SET slug = 'p-' || id; ALTER TABLE people ALTER slug SET NOT NULL; CREATE UNIQUE INDEX ON people (slug)`,
    ],
    [
      'ADD COLUMN, fill it with duplicates',
      `ALTER TABLE people ADD COLUMN slug text; UPDATE people SET slug = lower(split_part(email, '@', 2)); ALTER TABLE people ADD UNIQUE (slug)`,
      { fails: ['1.3', '23505', 1] },
    ],
    ['ADD COLUMN IF NOT EXISTS that is there', 'ALTER TABLE people ADD COLUMN IF NOT EXISTS age text'],
    ['ADD COLUMN with a check that holds', 'ALTER TABLE people ADD COLUMN n int DEFAULT 3 CHECK (n > 0)'],
    [
      'ADD COLUMN with a check that does not',
      'ALTER TABLE people ADD COLUMN n int DEFAULT -3 CHECK (n > 0)',
      { fails: ['1.1', '23514', 4] },
    ],
    [
      'ADD COLUMN with a default that raises',
      'ALTER TABLE people ADD COLUMN n int DEFAULT 1/0',
      { fails: ['1.1', '22012'] },
    ],
    ['a serial column', 'ALTER TABLE people ADD COLUMN no serial; ALTER TABLE people ADD UNIQUE (no)'],
    ['an identity column', 'ALTER TABLE people ADD COLUMN no int GENERATED ALWAYS AS IDENTITY'],
    [
      'a generated column',
      `ALTER TABLE people ADD COLUMN label text GENERATED ALWAYS AS (coalesce(name, '?') || ' ' || id) STORED`,
    ],
    [
      'a generated column that may not be NULL',
      'ALTER TABLE people ADD COLUMN double int GENERATED ALWAYS AS (age * 2) STORED NOT NULL',
      { fails: ['1.1', '23502', 1] },
    ],
    [
      'a generated column follows an update',
      `ALTER TABLE people ADD COLUMN double int GENERATED ALWAYS AS (age * 2) STORED; UPDATE people SET age = id; ALTER TABLE people ALTER double SET NOT NULL; ALTER TABLE people ALTER double DROP EXPRESSION; UPDATE people SET age = 0`,
    ],
    [
      'DROP COLUMN and what depends on it',
      'CREATE INDEX by_age ON people (age); ALTER TABLE people ADD CHECK (age < 200); ALTER TABLE people DROP COLUMN age; CREATE TABLE by_age (id int)',
    ],
    ['DROP and ADD again', 'ALTER TABLE people DROP COLUMN name, ADD COLUMN name text'],
    [
      'drop and re-add NOT NULL',
      'ALTER TABLE people DROP COLUMN name, ADD COLUMN name text NOT NULL',
      { fails: ['1.1', '23502', 4] },
    ],
    [
      'a renamed column',
      `ALTER TABLE people RENAME COLUMN name TO "fullName"; UPDATE people SET "fullName" = upper("fullName"); CREATE UNIQUE INDEX names ON people ("fullName")`,
    ],
    [
      'two columns change their names',
      'ALTER TABLE people RENAME name TO n; ALTER TABLE people RENAME email TO name; ALTER TABLE people RENAME n TO email; ALTER TABLE people ALTER name SET NOT NULL',
      { fails: ['1.4', '23502', 1] },
    ],
    [
      'a renamed table',
      'ALTER TABLE people RENAME TO persons; ALTER TABLE persons RENAME CONSTRAINT people_pkey TO persons_pkey; ALTER TABLE persons ALTER age SET NOT NULL',
      { fails: ['1.3', '23502', 1] },
    ],
    [
      'two tables change their names',
      'CREATE TABLE other AS SELECT id + 10 AS id FROM people; ALTER TABLE people RENAME TO tmp; ALTER TABLE other RENAME TO people; ALTER TABLE tmp RENAME TO other; UPDATE people SET id = id * 2; ALTER TABLE other ADD COLUMN z int DEFAULT 1',
    ],
    [
      'a default set and dropped',
      `ALTER TABLE people ALTER name SET DEFAULT 'x'; INSERT INTO people (id) VALUES (10); ALTER TABLE people ALTER name DROP DEFAULT; INSERT INTO people (id) VALUES (11)`,
    ],
    [
      'several commands in passes',
      `ALTER TABLE people ADD CONSTRAINT adult CHECK (age > 10), ADD COLUMN z int DEFAULT 4, ALTER born TYPE timestamp, DROP COLUMN email, ALTER z SET NOT NULL`,
    ],

    // ALTER TYPE
    ['a wider type', 'ALTER TABLE people ALTER age TYPE bigint, ALTER email TYPE text'],
    ['a narrower varchar that fits', 'ALTER TABLE people ALTER email TYPE varchar(5)'],
    [
      'a narrower varchar that does not fit',
      'ALTER TABLE people ALTER email TYPE varchar(4)',
      { fails: ['1.1', '22001'] },
    ],
    [
      'a narrower varchar with an explicit cast',
      'ALTER TABLE people ALTER email TYPE varchar(4) USING email::varchar(4)',
    ],
    [
      'a narrower integer',
      'UPDATE people SET age = age * 10000 WHERE id = 3; ALTER TABLE people ALTER age TYPE smallint',
      { fails: ['1.2', '22003'] },
    ],
    [
      'text to integer that casts',
      `ALTER TABLE people ADD COLUMN n text; UPDATE people SET n = id::text; ALTER TABLE people ALTER n TYPE int USING n::int`,
    ],
    [
      'text to integer that does not cast',
      'ALTER TABLE people ALTER name TYPE int USING name::int',
      { fails: ['1.1', '22P02'] },
    ],
    [
      'text to integer after a repair',
      `UPDATE people SET name = NULL WHERE name !~ '^\\d+$'; ALTER TABLE people ALTER name TYPE int USING name::int`,
    ],
    ['USING another column', `ALTER TABLE people ALTER name TYPE int USING coalesce(length(name), age)`],
    [
      'two types change, each seeing the row as it was',
      'ALTER TABLE people ALTER id TYPE bigint USING age * 10 + id, ALTER age TYPE text USING id::text',
      { fails: ['1.1', '23502', 1] },
    ],
    [
      'a type changes under a unique index',
      'ALTER TABLE people ADD UNIQUE (email); ALTER TABLE people ALTER email TYPE text USING lower(substr(email, 3))',
      {},
    ],
    [
      'a type changes into duplicates',
      "ALTER TABLE people ADD UNIQUE (email); ALTER TABLE people ALTER email TYPE text USING substr(email, strpos(email, '@'))",
      { fails: ['1.2', '23505', 1] },
    ],
    [
      'a type changes into NULLs',
      `ALTER TABLE people ALTER id TYPE int USING nullif(id, 2)`,
      { fails: ['1.1', '23502', 1] },
    ],
    [
      'a type changes under a check',
      `ALTER TABLE people ADD CHECK (id > 0); ALTER TABLE people ALTER id TYPE int USING id - 2`,
      { fails: ['1.2', '23514', 2] },
    ],
    [
      'numeric of fewer digits',
      `ALTER TABLE people ADD COLUMN price numeric DEFAULT 123.456; ALTER TABLE people ALTER price TYPE numeric(6,2)`,
    ],
    [
      'numeric of too few digits',
      `ALTER TABLE people ADD COLUMN price numeric DEFAULT 123.456; ALTER TABLE people ALTER price TYPE numeric(4,2)`,
      { fails: ['1.2', '22003'] },
    ],
    [
      'timestamp of less precision',
      `ALTER TABLE people ADD COLUMN at timestamp DEFAULT '2020-01-01 10:11:12.987654'; ALTER TABLE people ALTER at TYPE timestamp(0)`,
    ],
    [
      'date to text and back',
      'ALTER TABLE people ALTER born TYPE text; ALTER TABLE people ALTER born TYPE date USING born::date',
    ],
    [
      'text to jsonb',
      `ALTER TABLE people ADD COLUMN meta text DEFAULT '{"a": [1, 2]}'; ALTER TABLE people ALTER meta DROP DEFAULT; ALTER TABLE people ALTER meta TYPE jsonb USING meta::jsonb; UPDATE people SET meta = jsonb_set(meta, '{b}', to_jsonb(name)) WHERE name IS NOT NULL; ALTER TABLE people ADD CHECK (meta ->> 'a' IS NOT NULL)`,
    ],
    [
      'text to jsonb that is none',
      'ALTER TABLE people ALTER name TYPE jsonb USING name::jsonb',
      { fails: ['1.1', '22P02'] },
    ],
    [
      'text to a list',
      `ALTER TABLE people ALTER name TYPE text[] USING CASE WHEN name IS NULL THEN '{}' ELSE ARRAY[name] END`,
    ],
    ['char pads', 'ALTER TABLE people ALTER name TYPE char(5)'],
    [
      'bool from int',
      'ALTER TABLE people ALTER age TYPE boolean USING age > 18; UPDATE people SET age = NOT age',
    ],
    [
      'spaces beyond the length are cut',
      `UPDATE people SET name = name || '   '; ALTER TABLE people ALTER name TYPE varchar(4)`,
    ],
    ['a constant key', `UPDATE people SET id = 1`, { fails: ['1.1', '23505', 1] }],
  ]),
  ...over(empty, [
    [
      'everything may be NOT NULL in an empty table',
      'ALTER TABLE people ALTER name SET NOT NULL, ADD COLUMN z int NOT NULL, ALTER age TYPE boolean USING age::boolean; CREATE UNIQUE INDEX ON people (z)',
    ],
    [
      'a row comes into an empty table',
      `ALTER TABLE people ADD COLUMN z int NOT NULL; INSERT INTO people VALUES (1, 'a', 2, 3); ALTER TABLE people ADD COLUMN y int NOT NULL`,
      { fails: ['1.3', '23502', 1] },
    ],
    [
      'a default that raises meets no row',
      'ALTER TABLE people ADD COLUMN z int DEFAULT 1/0',
      { fails: ['1.1', '22012'] },
    ],
  ]),
]
