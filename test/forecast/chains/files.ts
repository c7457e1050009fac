import { over } from './chain.js'

const shop = `
  CREATE TABLE users (id int PRIMARY KEY, email text, age int);
  INSERT INTO users VALUES (1, 'a@x', 30), (2, 'A@x', 20), (3, NULL, 40);`

export const files = over(shop, [
  [
    'a chain of files',
    [
      'ALTER TABLE users RENAME email TO mail',
      `UPDATE users SET mail = 'n' || id WHERE mail IS NULL`,
      'ALTER TABLE users ALTER mail SET NOT NULL; CREATE UNIQUE INDEX ON users (mail)',
      'CREATE UNIQUE INDEX lower_mail ON users (lower(mail))',
    ],
    { fails: ['4.1', '23505', 1] },
  ],
  [
    'a file with COMMIT',
    'ALTER TABLE users ADD COLUMN z int DEFAULT 1; COMMIT; UPDATE users SET z = id; ALTER TABLE users ADD UNIQUE (z)',
  ],
  [
    'a file wrapped in BEGIN and COMMIT',
    'BEGIN; UPDATE users SET age = 0; CREATE INDEX i ON users ((100 / (age + 1))); COMMIT',
  ],
  [
    'a block of its own in a file',
    'CREATE INDEX by_age ON users (age); BEGIN; UPDATE users SET age = 0 WHERE id = 1; COMMIT; BEGIN; UPDATE users SET age = age + 1; CREATE INDEX i ON users ((100 / age)); COMMIT',
    { fails: ['1.7', '22012'] },
  ],
  ['CREATE INDEX CONCURRENTLY', 'CREATE UNIQUE INDEX CONCURRENTLY u ON users (email)'],
  [
    'CREATE INDEX CONCURRENTLY over duplicates',
    'CREATE UNIQUE INDEX CONCURRENTLY u ON users (lower(email))',
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'CREATE INDEX CONCURRENTLY after an update in the file',
    'UPDATE users SET age = age - 20 WHERE id = 2; UPDATE users SET age = 1 WHERE age = 0; CREATE INDEX CONCURRENTLY i ON users ((100 / age))',
  ],
  [
    'DROP INDEX CONCURRENTLY',
    ['CREATE INDEX i ON users (age)', 'DROP INDEX CONCURRENTLY i', 'CREATE TABLE i (id int)'],
  ],
  ['a savepoint', 'SAVEPOINT a; UPDATE users SET age = 0; RELEASE SAVEPOINT a'],
  [
    'a file that takes a step back',
    'SAVEPOINT a; UPDATE users SET age = NULL; ROLLBACK TO SAVEPOINT a; ALTER TABLE users ALTER age SET NOT NULL',
  ],
  [
    'comments and empty files',
    ['-- nothing\n', '/* nothing */ ;', `-- a ; comment\nUPDATE users SET age = 1 /* ; */ WHERE id = 1;`],
  ],
  [
    'statements that change nothing',
    `COMMENT ON TABLE users IS 'x'; GRANT SELECT ON users TO PUBLIC; ALTER TABLE users OWNER TO CURRENT_USER; SET lock_timeout = '5s'; ALTER TABLE users SET (fillfactor = 70); ANALYZE users; ALTER TABLE users ALTER age SET STATISTICS 50; LOCK TABLE users; ALTER TABLE users REPLICA IDENTITY FULL; SELECT 1`,
  ],
  [
    'a failing file leaves the ones before',
    ['UPDATE users SET age = 0', 'ALTER TABLE users ALTER email SET NOT NULL'],
    { fails: ['2.1', '23502', 1] },
  ],
  [
    'a table dropped and made again',
    'DROP TABLE users; CREATE TABLE users (id int PRIMARY KEY, must int NOT NULL); INSERT INTO users VALUES (1, 2)',
  ],
  [
    'DROP IF EXISTS of nothing',
    'DROP TABLE IF EXISTS nothing; DROP INDEX IF EXISTS nothing; ALTER TABLE IF EXISTS nothing ADD COLUMN x int; DROP TYPE IF EXISTS nothing; DROP VIEW IF EXISTS nothing; ALTER TABLE users DROP COLUMN IF EXISTS nothing, DROP CONSTRAINT IF EXISTS nothing',
  ],
  [
    'CREATE IF NOT EXISTS of what is there',
    'CREATE TABLE IF NOT EXISTS users (z int); CREATE UNIQUE INDEX IF NOT EXISTS users_pkey ON users (age); CREATE SCHEMA IF NOT EXISTS public; CREATE SEQUENCE IF NOT EXISTS s; CREATE SEQUENCE IF NOT EXISTS s',
  ],
])
