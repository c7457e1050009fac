import { over } from './chain.js'

const roles = `
  CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN', 'OWNER');
  CREATE TABLE "User" (id int PRIMARY KEY, role "Role" NOT NULL DEFAULT 'USER', roles "Role"[] NOT NULL DEFAULT '{}', kind text, old "Role");
  INSERT INTO "User" VALUES (1, 'USER', '{USER,ADMIN}', 'USER', NULL), (2, 'ADMIN', '{}', 'ADMIN', 'OWNER'), (3, 'ADMIN', '{ADMIN}', 'USER', 'USER'), (4, 'USER', '{NULL,USER}', NULL, 'ADMIN');`

/** How Prisma takes a value out of an enum. */
const dance = (
  values: string,
  columns = 'ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new")',
) => `
  CREATE TYPE "Role_new" AS ENUM (${values});
  ALTER TABLE "User" ALTER COLUMN "role" DROP DEFAULT;
  ${columns};
  ALTER TYPE "Role" RENAME TO "Role_old";
  ALTER TYPE "Role_new" RENAME TO "Role";
  DROP TYPE "Role_old" CASCADE;
  ALTER TABLE "User" ALTER COLUMN "role" SET DEFAULT 'USER'`

const enums = over(roles, [
  ['an enum made again without an unused value', dance(`'USER', 'ADMIN'`)],
  ['an enum made again without a used value', dance(`'USER', 'OWNER'`), { fails: ['1.3', '22P02'] }],
  [
    'an enum made again after a repair',
    `UPDATE "User" SET role = 'USER' WHERE role = 'ADMIN'; ${dance(`'USER', 'OWNER'`)}; UPDATE "User" SET role = 'OWNER' WHERE id = 1`,
  ],
  [
    'an enum made again with its lists',
    `ALTER TABLE "User" DROP COLUMN old; ${dance(`'USER', 'ADMIN'`, `ALTER TABLE "User" ALTER role TYPE "Role_new" USING (role::text::"Role_new"), ALTER roles DROP DEFAULT, ALTER roles TYPE "Role_new"[] USING (roles::text::"Role_new"[])`)}`,
  ],
  [
    'an enum made again, a list holds what goes',
    `ALTER TABLE "User" ALTER roles DROP DEFAULT; CREATE TYPE r2 AS ENUM ('USER'); ALTER TABLE "User" ALTER roles TYPE r2[] USING (roles::text::r2[])`,
    { fails: ['1.3', '22P02'] },
  ],
  ['text becomes an enum', 'ALTER TABLE "User" ALTER kind TYPE "Role" USING kind::"Role"'],
  [
    'text becomes a new enum',
    `CREATE TYPE kind AS ENUM ('USER', 'ADMIN'); ALTER TABLE "User" ALTER kind TYPE kind USING kind::kind; ALTER TABLE "User" ALTER kind SET DEFAULT 'USER'; INSERT INTO "User" (id) VALUES (9)`,
  ],
  [
    'text becomes a new enum that lacks a value',
    `CREATE TYPE kind AS ENUM ('USER'); ALTER TABLE "User" ALTER kind TYPE kind USING kind::kind`,
    { fails: ['1.2', '22P02'] },
  ],
  [
    'text becomes a new enum by CASE',
    `CREATE TYPE kind AS ENUM ('u', 'a'); ALTER TABLE "User" ALTER kind TYPE kind USING (CASE kind WHEN 'USER' THEN 'u' WHEN 'ADMIN' THEN 'a' END)::kind`,
  ],
  [
    'an enum becomes text',
    'ALTER TABLE "User" ALTER role DROP DEFAULT, ALTER role TYPE text USING role::text; UPDATE "User" SET role = lower(role)',
  ],
  [
    'an enum of one column becomes another',
    `CREATE TYPE r2 AS ENUM ('USER', 'ADMIN'); ALTER TABLE "User" ADD COLUMN r r2; UPDATE "User" SET r = role::text::r2; ALTER TABLE "User" ALTER r SET NOT NULL; CREATE INDEX ON "User" (r)`,
  ],
  [
    'a column of a new enum with a default',
    `CREATE TYPE s AS ENUM ('A', 'B'); ALTER TABLE "User" ADD COLUMN s s NOT NULL DEFAULT 'A', ADD COLUMN ss s[] DEFAULT ARRAY['B']::s[]; UPDATE "User" SET s = 'B', ss = array_append(ss, 'A'::s) WHERE id > 2; UPDATE "User" SET s = CASE WHEN id = 1 THEN 'B'::s ELSE s END`,
  ],
  [
    'a new enum compared with a literal',
    `CREATE TYPE s AS ENUM ('A', 'B'); ALTER TABLE "User" ADD COLUMN s s NOT NULL DEFAULT 'A'; UPDATE "User" SET s = 'B' WHERE id = 2; DELETE FROM "User" WHERE s = 'B'; CREATE UNIQUE INDEX one ON "User" (role) WHERE s = 'B'`,
  ],
  [
    'a new enum is given a value it has not',
    `CREATE TYPE s AS ENUM ('A', 'B'); ALTER TABLE "User" ADD COLUMN s s; UPDATE "User" SET s = kind::s`,
    { fails: ['1.3', '22P02'] },
  ],
  [
    'a new enum in order',
    `CREATE TYPE s AS ENUM ('Z', 'A'); ALTER TABLE "User" ADD COLUMN s s DEFAULT 'Z'; UPDATE "User" SET s = 'A' WHERE id = 2; CREATE TABLE ordered AS SELECT id, row_number() OVER (ORDER BY s, id) AS n FROM "User"`,
  ],
  [
    'ADD VALUE',
    `ALTER TYPE "Role" ADD VALUE 'GUEST' BEFORE 'ADMIN'; ALTER TYPE "Role" ADD VALUE IF NOT EXISTS 'USER'`,
  ],
  [
    'ADD VALUE, used in the next file',
    [
      `ALTER TYPE "Role" ADD VALUE 'GUEST'`,
      `UPDATE "User" SET role = 'GUEST' WHERE id = 1; INSERT INTO "User" (id, role) VALUES (9, 'GUEST'); UPDATE "User" SET kind = 'g' WHERE role = 'GUEST'`,
    ],
  ],
  [
    'ADD VALUE, in lists of the next file',
    [
      `ALTER TYPE "Role" ADD VALUE 'GUEST'`,
      `UPDATE "User" SET roles = array_append(roles, 'GUEST'); DELETE FROM "User" WHERE 'ADMIN' = ANY(roles)`,
    ],
  ],
  [
    'ADD VALUE with COMMIT',
    `ALTER TYPE "Role" ADD VALUE 'GUEST'; COMMIT; UPDATE "User" SET role = 'GUEST' WHERE role = 'ADMIN' AND id > 2`,
  ],
  [
    'RENAME VALUE',
    `ALTER TYPE "Role" RENAME VALUE 'ADMIN' TO 'BOSS'; UPDATE "User" SET kind = 'x' WHERE role = 'BOSS'; UPDATE "User" SET role = 'BOSS' WHERE id = 1; INSERT INTO "User" (id, role) VALUES (9, 'BOSS')`,
  ],
  [
    'RENAME VALUE of the default',
    `ALTER TYPE "Role" RENAME VALUE 'USER' TO 'MEMBER'; INSERT INTO "User" (id) VALUES (9)`,
  ],
  [
    'RENAME TYPE',
    `ALTER TYPE "Role" RENAME TO "UserRole"; ALTER TABLE "User" ADD COLUMN again "UserRole" DEFAULT 'ADMIN'; UPDATE "User" SET again = role`,
  ],
  [
    'types change their names',
    `CREATE TYPE a AS ENUM ('x'); CREATE TYPE b AS ENUM ('y'); ALTER TYPE a RENAME TO c; ALTER TYPE b RENAME TO a; ALTER TYPE c RENAME TO b; ALTER TABLE "User" ADD COLUMN a a DEFAULT 'y', ADD COLUMN b b DEFAULT 'x'`,
  ],
  [
    'DROP TYPE CASCADE takes columns',
    `DROP TYPE "Role" CASCADE; CREATE TYPE "Role" AS ENUM ('A'); ALTER TABLE "User" ADD COLUMN role "Role" NOT NULL DEFAULT 'A'`,
  ],
  [
    'a check on an enum',
    `ALTER TABLE "User" ADD CHECK (role <> 'OWNER'); ALTER TABLE "User" ADD CHECK (role IN ('USER', 'OWNER'))`,
    { fails: ['1.2', '23514', 2] },
  ],
  [
    'a partial index on an enum',
    `CREATE UNIQUE INDEX one_admin ON "User" (role) WHERE role = 'ADMIN'`,
    { fails: ['1.1', '23505', 1] },
  ],
  [
    'enums by order',
    `DELETE FROM "User" WHERE role < 'ADMIN'; UPDATE "User" SET old = greatest(old, 'USER')`,
  ],
])

const domains = over(
  `CREATE DOMAIN positive AS int CHECK (VALUE > 0);
   CREATE DOMAIN name AS varchar(10) NOT NULL;
   CREATE TYPE point2 AS (x int, y int);
   CREATE TABLE t (id int PRIMARY KEY, n int, s text, p positive, at point2);
   INSERT INTO t VALUES (1, 5, 'abc', 1, (1, 2)), (2, -5, 'defghijklmnop', 2, NULL), (3, NULL, NULL, NULL, (3, NULL));`,
  [
    ['a domain that is there', 'ALTER TABLE t ALTER n TYPE positive', { fails: ['1.1', '23514'] }],
    [
      'a domain that is there, after a repair',
      'UPDATE t SET n = abs(n); ALTER TABLE t ALTER n TYPE positive',
    ],
    [
      'a domain of the migration',
      'CREATE DOMAIN small AS int; ALTER TABLE t ALTER n TYPE small; ALTER TABLE t ADD COLUMN m small DEFAULT 3',
    ],
    [
      'a domain of the migration with a check',
      'CREATE DOMAIN nonneg AS int CHECK (VALUE >= 0); ALTER TABLE t ALTER n TYPE nonneg',
      { fails: ['1.2', '23514'] },
    ],
    [
      'a domain of the migration with a check that holds',
      'CREATE DOMAIN nonneg AS int CHECK (VALUE >= -10); ALTER TABLE t ALTER n TYPE nonneg; ALTER TABLE t ADD COLUMN z nonneg DEFAULT 1; UPDATE t SET z = id',
    ],
    [
      'a domain of the migration that is never NULL',
      'CREATE DOMAIN must AS int NOT NULL; ALTER TABLE t ALTER n TYPE must',
      { fails: ['1.2', '23502'] },
    ],
    [
      'a domain with a length',
      `CREATE DOMAIN short AS varchar(4); ALTER TABLE t ALTER s TYPE short`,
      { fails: ['1.2', '22001'] },
    ],
    [
      'a composite that is there',
      'UPDATE t SET n = (at).x; ALTER TABLE t ADD COLUMN b point2; UPDATE t SET b = ROW(id, n)::point2',
    ],
    [
      'a composite of the migration',
      'CREATE TYPE pair AS (a int, b text); ALTER TABLE t ADD COLUMN p2 pair; UPDATE t SET n = 1',
    ],
    ['a domain value inserted', 'INSERT INTO t (id, p) VALUES (9, 0)', { fails: ['1.1', '23514'] }],
    ['a domain value set', 'UPDATE t SET p = p - 1', { fails: ['1.1', '23514'] }],
  ],
)

export const types = [...enums, ...domains]
