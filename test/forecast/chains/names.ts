import { over } from './chain.js'

const long = 'a'.repeat(40)

export const names = [
  ...over(
    `CREATE TABLE "User" ("id" int PRIMARY KEY, "first.name" text, "say ""hi""" text, "größe" int, "select" text, "~1 User" int);
     INSERT INTO "User" VALUES (1, 'a', 'b', 3, 'c', 1), (2, NULL, 'b', 3, 'c', 2);
     CREATE TABLE "order" ("user" int, "User" int); INSERT INTO "order" VALUES (1, 2), (2, 9);
     CREATE TABLE "~1 User" (id int); INSERT INTO "~1 User" VALUES (1), (2);
     CREATE TABLE "日本語 テーブル" (id int PRIMARY KEY, "名前" text); INSERT INTO "日本語 テーブル" VALUES (1, 'x');`,
    [
      [
        'quotes and dots',
        `UPDATE "User" SET "first.name" = "say ""hi""" WHERE "first.name" IS NULL; ALTER TABLE "User" ALTER "first.name" SET NOT NULL; ALTER TABLE "User" ADD UNIQUE ("say ""hi""")`,
        { fails: ['1.3', '23505', 1] },
      ],
      [
        'unicode',
        `ALTER TABLE "User" RENAME "größe" TO "Ωmega"; UPDATE "User" SET "Ωmega" = id; CREATE UNIQUE INDEX "ключ" ON "User" ("Ωmega"); UPDATE "日本語 テーブル" SET "名前" = 'ж'; ALTER TABLE "日本語 テーブル" ADD UNIQUE ("名前")`,
      ],
      [
        'keywords',
        `UPDATE "User" SET "select" = 'd' || id; DELETE FROM "order" WHERE "user" = 1; ALTER TABLE "order" ADD FOREIGN KEY ("user") REFERENCES "User"; ALTER TABLE "order" ADD FOREIGN KEY ("User") REFERENCES "User"`,
        { fails: ['1.4', '23503', 1] },
      ],
      [
        'names like our own',
        `UPDATE "~1 User" SET id = id + 1; UPDATE "User" SET "~1 User" = "~1 User" + 1; UPDATE "User" SET "~1 User" = "~1 User".id FROM "~1 User" WHERE "~1 User".id = "User".id;`,
      ],
      [
        'a column named like its table',
        `UPDATE "order" SET "User" = 1; ALTER TABLE "order" ADD FOREIGN KEY ("User") REFERENCES "User" (id)`,
      ],
    ],
  ),
  ...over(
    `CREATE TABLE ${long}_table (id int, ${long}_col int, ${long}_other int); INSERT INTO ${long}_table VALUES (1, 1, 1), (2, 1, 2);`,
    [
      [
        'names of 63 bytes are made up',
        `ALTER TABLE ${long}_table ADD PRIMARY KEY (id); CREATE INDEX ON ${long}_table (${long}_col, ${long}_other); ALTER TABLE ${long}_table ADD UNIQUE (${long}_other); ALTER TABLE ${long}_table ADD CHECK (${long}_other > 0); ALTER TABLE ${long}_table ADD FOREIGN KEY (${long}_col) REFERENCES ${long}_table (id); CREATE INDEX ON ${long}_table (${long}_col, ${long}_other)`,
      ],
      [
        'a name longer than 63 bytes is cut',
        `ALTER TABLE ${long}_table RENAME TO ${long}_${long}; ALTER TABLE ${long}_${long} ADD CONSTRAINT u_${long}_${long} UNIQUE (id); ALTER TABLE ${long}_${long} ALTER id SET NOT NULL`,
      ],
    ],
  ),
  ...over(
    `CREATE SCHEMA app; CREATE SCHEMA "Other";
     CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE app.t (id int PRIMARY KEY, b text); CREATE TABLE app.only (id int);
     CREATE TYPE app.kind AS ENUM ('x', 'y'); ALTER TABLE app.only ADD COLUMN kind app.kind DEFAULT 'x';
     INSERT INTO t VALUES (1, 1), (2, NULL); INSERT INTO app.t VALUES (1, 'q'), (3, NULL); INSERT INTO app.only VALUES (1), (5);`,
    [
      [
        'names with a schema',
        `UPDATE app.t SET b = 'z' WHERE app.t.b IS NULL; ALTER TABLE app.t ALTER b SET NOT NULL; ALTER TABLE public.t ALTER a SET NOT NULL`,
        { fails: ['1.3', '23502', 1] },
      ],
      [
        'a foreign key across schemas',
        `ALTER TABLE app.t ADD FOREIGN KEY (id) REFERENCES public.t (id)`,
        { fails: ['1.1', '23503', 1] },
      ],
      [
        'SET SCHEMA',
        `ALTER TABLE app.only SET SCHEMA public; UPDATE "only" SET id = id + 1; CREATE TABLE app.only (z int)`,
      ],
      [
        'search_path',
        `SET search_path = app, public; UPDATE t SET b = 'z'; CREATE TABLE fresh (id int); INSERT INTO fresh SELECT id FROM "only"; ALTER TABLE t ALTER b SET NOT NULL`,
      ],
      [
        'set_config of search_path',
        `SELECT set_config('search_path', 'app', false); UPDATE t SET b = 'z'; CREATE TABLE fresh (id int)`,
      ],
      [
        'a new schema',
        `CREATE SCHEMA IF NOT EXISTS fresh; CREATE TABLE fresh.t AS SELECT * FROM app.t; ALTER TABLE fresh.t ALTER b SET NOT NULL`,
        { fails: ['1.3', '23502', 1] },
      ],
      [
        'a schema with its tables',
        `CREATE SCHEMA s CREATE TABLE inner_table (id int PRIMARY KEY); INSERT INTO s.inner_table VALUES (1)`,
      ],
      [
        'a renamed schema',
        `ALTER SCHEMA app RENAME TO core; UPDATE core.t SET b = 'z'; ALTER TABLE core.only ALTER kind SET NOT NULL`,
      ],
      [
        'a dropped schema',
        `DROP SCHEMA app CASCADE; CREATE SCHEMA app; CREATE TABLE app.t (must int NOT NULL)`,
      ],
      [
        'types with a schema',
        `UPDATE app.only SET kind = 'y'::app.kind WHERE id = 5; ALTER TYPE app.kind SET SCHEMA public; ALTER TABLE t ADD COLUMN k kind DEFAULT 'y'`,
      ],
      ['a join over schemas', `UPDATE t SET a = length(o.b) FROM app.t o WHERE o.id = t.id AND t.a = 1`],
      [
        'a temporary table hides another',
        `CREATE TEMP TABLE t AS SELECT 7 AS id; UPDATE t SET id = 8; UPDATE public.t SET a = (SELECT id FROM t); DROP TABLE t; UPDATE t SET a = a + 1`,
      ],
    ],
  ),
]
