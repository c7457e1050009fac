import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Client } from 'pg'
import { readSchemaFacts } from '../../src/postgres/schema-facts.js'
import { loadParser } from '../../src/sql/parser.js'
import { readSchemaSteps } from '../../src/sql/schema-differences.js'
import { describeSchemaStep } from '../../src/steps/describe-schema-step.js'
import { linesOf, type SchemaDiff, schemaDiffFindings } from '../../src/steps/schema-diff-findings.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'

const setup = `
  CREATE SCHEMA other; CREATE EXTENSION citext; CREATE TABLE srs (id int); ALTER EXTENSION citext ADD TABLE srs;
  CREATE DOMAIN email AS text; CREATE SEQUENCE s1; CREATE TYPE mood AS ENUM ('a', 'b', 'c');
  CREATE TABLE t (id int PRIMARY KEY, num bigint DEFAULT nextval('s1'), u uuid DEFAULT gen_random_uuid(), mail email,
    gen int GENERATED ALWAYS AS (1 + 1) STORED, plain text DEFAULT 'x', wrong varchar(10), extra text, a int, b int);
  CREATE TABLE other.t (id bigint);
  CREATE INDEX incl ON t (a) INCLUDE (b); CREATE INDEX part ON t (a) WHERE b > 0; CREATE INDEX nulls ON t (a NULLS FIRST);
  CREATE INDEX plain_ab ON t (a, b); CREATE INDEX descending ON t (a DESC);
  CREATE TABLE "_AToB" ("A" int, "B" int); CREATE UNIQUE INDEX "_AToB_AB_unique" ON "_AToB" ("A", "B")`

/** A step of Prisma's script, what is said of it, and whether it is told however well the two agree. */
const cases: readonly (readonly [string, string, ('always' | 'missing')?])[] = [
  ['ALTER TABLE t DROP COLUMN extra', 't.extra: the database has the column, and the schema does not'],
  [
    'ALTER TABLE t ADD COLUMN     "note" TEXT NOT NULL DEFAULT \'a,b\'',
    "t.note: the schema wants the column (TEXT NOT NULL DEFAULT 'a,b'), and the database does not have it",
    'missing',
  ],
  [
    'ALTER TABLE t DROP COLUMN wrong, ADD COLUMN wrong INTEGER',
    't.wrong: the database has the type character varying(10), and the schema wants INTEGER',
  ],
  [
    'ALTER TABLE t ALTER COLUMN wrong SET DATA TYPE TEXT',
    't.wrong: the database has the type character varying(10), and the schema wants TEXT',
  ],
  [
    'ALTER TABLE other.t ALTER COLUMN id SET DATA TYPE INTEGER',
    'other.t.id: the database has the type bigint, and the schema wants INTEGER',
  ],
  [
    'ALTER TABLE t ALTER COLUMN mail SET DATA TYPE email',
    't.mail: the database has the type email, and the schema wants email',
    'always',
  ],
  [
    'ALTER TABLE t ALTER COLUMN num DROP DEFAULT; DROP SEQUENCE s1',
    "t.num: the database has the default nextval('s1'::regclass), and the schema wants none",
    'always',
  ],
  [
    'ALTER TABLE t ALTER COLUMN u SET DEFAULT public.gen_random_uuid()',
    't.u: the database has the default gen_random_uuid(), and the schema wants the default public.gen_random_uuid()',
    'always',
  ],
  [
    "ALTER TABLE t ALTER COLUMN u SET DEFAULT 'x'",
    "t.u: the database has the default gen_random_uuid(), and the schema wants the default 'x'",
  ],
  [
    'ALTER TABLE t ALTER COLUMN plain DROP DEFAULT',
    "t.plain: the database has the default 'x'::text, and the schema wants none",
  ],
  [
    'ALTER TABLE t ALTER COLUMN a SET DEFAULT 1',
    't.a: the database has no default, and the schema wants the default 1',
  ],
  [
    'ALTER TABLE t ALTER COLUMN gen DROP DEFAULT',
    't.gen: the database computes it as (1 + 1), and the schema does not',
    'always',
  ],
  ['ALTER TABLE t ALTER COLUMN a SET NOT NULL', 't.a: the database allows NULL, and the schema does not'],
  ['DROP INDEX incl', 'incl: the database has the index, and the schema does not', 'always'],
  [
    'ALTER INDEX part RENAME TO t_a_idx',
    'part: the database calls it "part", and the schema wants "t_a_idx"',
    'always',
  ],
  ['DROP INDEX nulls', 'nulls: the database has the index, and the schema does not', 'always'],
  ['DROP INDEX plain_ab', 'plain_ab: the database has the index, and the schema does not'],
  ['DROP INDEX descending', 'descending: the database has the index, and the schema does not'],
  [
    'CREATE INDEX t_b_idx ON t (b)',
    't_b_idx: the schema wants the index on (b), and the database does not have it',
  ],
  [
    'ALTER TABLE "_AToB" ADD CONSTRAINT "_AToB_AB_pkey" PRIMARY KEY ("A", "B")',
    '_AToB._AToB_AB_pkey: the schema wants the constraint on (A, B), and the database does not have it',
    'always',
  ],
  [
    'DROP INDEX "_AToB_AB_unique"',
    '_AToB_AB_unique: the database has the index, and the schema does not',
    'always',
  ],
  ['DROP TABLE srs', 'srs: the database has the table, and the schema does not', 'always'],
  ['CREATE TABLE n (id int)', 'n: the schema wants the table, and the database does not have it', 'missing'],
  [
    "ALTER TYPE mood ADD VALUE 'd'",
    'mood: the schema wants the value "d", and the database does not have it',
    'missing',
  ],
  [
    "BEGIN; CREATE TYPE mood_new AS ENUM ('a', 'd'); ALTER TABLE t ALTER m TYPE mood_new; ALTER TYPE mood RENAME TO mood_old; DROP TYPE mood_old; COMMIT",
    'mood: the database has the values a, b, c, and the schema wants a, d',
    'missing',
  ],
  [
    "BEGIN; CREATE TYPE mood_new AS ENUM ('a', 'b'); DROP TYPE mood_old; COMMIT",
    'mood: the database has the values a, b, c, and the schema wants a, b',
  ],
]

let client: Client

beforeAll(async () => {
  client = await (await createTestDatabase({ sql: setup })).client()
  await loadParser()
})

async function differencesOf(script: string): Promise<SchemaDiff> {
  const steps = readSchemaSteps(parse(script))
  const names = steps.map(({ relation }) => relation.name)
  const facts = await readSchemaFacts(client, 'public', [...names, '_AToB'])
  return { answer: 'different', differences: steps.map((step) => describeSchemaStep(step, facts, 'public')) }
}

describe('a difference from the Prisma schema', () => {
  test.each(cases)('%s', async (...[script, line, nature]) => {
    const diff = await differencesOf(script)
    expect(linesOf(diff)).toEqual([line])
    const verdictOf = (before: readonly string[]) => schemaDiffFindings(diff, before).findings[0]?.verdict
    // What the migrations bring, and what was there before them.
    expect([verdictOf([]), verdictOf([line])]).toEqual([
      nature === 'always' ? 'warn' : 'block',
      nature === 'missing' ? 'block' : 'warn',
    ])
  })
})
