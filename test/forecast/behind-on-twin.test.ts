import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { Twin } from '../../src/twin/twin.js'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { twinOf } from '../support/twin.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

const setup = `
  CREATE SCHEMA lib; CREATE DOMAIN lib.zip AS text;
  CREATE TABLE homes (id int PRIMARY KEY, zip lib.zip, city text);
  INSERT INTO homes SELECT g, '8' || g, CASE WHEN g > 1 THEN 'c' || g END FROM generate_series(1, 5) g;
  CREATE TABLE streets (id int PRIMARY KEY, home int REFERENCES homes);
  INSERT INTO streets VALUES (1, 1), (2, 2);
  CREATE VIEW cities AS SELECT city FROM homes;
  CREATE TABLE logs (id int, day int) PARTITION BY RANGE (day);
  CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (10);
  INSERT INTO logs VALUES (1, 1), (2, 1);
  CREATE TABLE empty (id int)`

interface Case {
  readonly files: readonly string[]
  /** Code and line of what fails; absent where nothing does. */
  readonly fails?: string
  readonly later?: readonly string[]
  readonly losses?: readonly string[]
  /** Why what is left to the rehearsal is. */
  readonly doubts?: readonly string[]
}

/** In each the second statement is one that the twin alone follows rightly. */
const cases: Record<string, Case> = {
  'a name is missing, then CASCADE takes a column with its values': {
    files: ["ALTER TABLE homes ALTER nowhere SET DEFAULT 'x';\nDROP SCHEMA lib CASCADE"],
    fails: 'missing-object:1',
    losses: ['drop-schema homes.zip 5 block'],
  },
  'a table is there already, then a CHECK of the whole that a part does not keep': {
    files: [
      'CREATE TABLE homes (id int);\nALTER TABLE logs ADD CHECK (id < 9);\nINSERT INTO logs_1 VALUES (10, 1)',
    ],
    fails: 'object-exists:1',
    later: ['check-violation:3'],
  },
  'what a view stands on goes with it once it is corrected, and the name of the view is free': {
    files: ['ALTER TABLE homes DROP COLUMN city;\nCREATE VIEW cities AS SELECT id FROM homes'],
    fails: 'dependent-object:1',
    losses: ['drop-column homes.city 4 block'],
  },
  'an index that cannot be made in a transaction is there once it is corrected': {
    files: ['BEGIN;\nCREATE INDEX CONCURRENTLY by_city ON homes (city);\nDROP INDEX by_city;\nCOMMIT'],
    fails: 'cannot-run-in-transaction:2',
  },
  'what only the failing statement would have made is missing for want of it': {
    files: ['CREATE TABLE homes (id int, stamp text);\nALTER TABLE homes ALTER stamp SET NOT NULL'],
    fails: 'object-exists:1',
    later: ['missing-object:2'],
  },
  'in the next file too': {
    files: ['DROP TABLE nowhere', 'DROP SCHEMA lib CASCADE;\nALTER TABLE homes ADD COLUMN zip int'],
    fails: 'missing-object:1',
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'rows refuse it, and it is there all the same': {
    files: [
      'ALTER TABLE homes ALTER city SET NOT NULL;\nDROP SCHEMA lib CASCADE;\nALTER TABLE homes ADD zip int',
    ],
    fails: 'not-null-violation:1',
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'a savepoint that is not there': {
    files: ['BEGIN;\nROLLBACK TO nowhere;\nDROP SCHEMA lib CASCADE;\nALTER TABLE homes ADD zip int;\nCOMMIT'],
    fails: 'invalid-statement:2',
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'a file that sets its transaction': {
    files: [
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nDROP SCHEMA lib CASCADE;\nALTER TABLE homes ADD zip int',
      'CREATE TYPE place AS (x int);\nCREATE TABLE places OF place',
    ],
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'a transaction that only reads': {
    files: ['BEGIN READ ONLY;\nDROP SCHEMA lib CASCADE;\nCOMMIT', 'ALTER TABLE homes ADD zip int'],
    fails: 'read-only-transaction:2',
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'code that fails for want of rows, and changes no object': {
    files: [
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM homes) THEN RAISE EXCEPTION 'none'; END IF; END $$;\nDROP SCHEMA lib CASCADE;\nALTER TABLE homes ADD zip int",
    ],
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'code that fails by what is as empty on the target': {
    files: [
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM empty) THEN RAISE EXCEPTION 'none'; END IF; END $$;\nDROP SCHEMA lib CASCADE;\nALTER TABLE homes ADD zip int",
    ],
    fails: 'raised-exception:1',
    losses: ['drop-and-re-add-column homes.zip 5 block'],
  },
  'a block makes what the rows say, and the twin makes it too': {
    files: [
      `DO $$ BEGIN IF EXISTS (SELECT FROM homes WHERE city IS NULL) THEN ALTER TABLE logs ADD CONSTRAINT small CHECK (id < 5);
         ELSE ALTER TABLE logs ADD CONSTRAINT large CHECK (id > 5); END IF; END $$;
       ALTER TABLE logs_1 DROP CONSTRAINT small`,
    ],
    fails: 'invalid-statement:3',
  },
  'a block that takes a column by the rows takes the view over it too': {
    files: [
      `DO $$ BEGIN IF EXISTS (SELECT FROM homes) THEN ALTER TABLE homes DROP COLUMN city CASCADE; END IF; END $$;
       CREATE VIEW cities AS SELECT id FROM homes`,
    ],
    losses: ['cascade homes.city 1 warn', 'drop-column homes.city 4 block'],
  },
  'what a handler takes back the twin takes back': {
    files: [
      `DO $$ BEGIN
         IF EXISTS (SELECT FROM homes) THEN ALTER TABLE homes ADD COLUMN more int; ALTER TABLE homes ADD COLUMN more int; END IF;
       EXCEPTION WHEN duplicate_column THEN CREATE TABLE other (id int); END $$;
       ALTER TABLE homes ADD COLUMN more text;
       CREATE TABLE other (id int)`,
    ],
    fails: 'object-exists:5',
  },
  'a block is refused whatever the rows, in a way that the rows lead to': {
    files: [
      'DO $$ BEGIN IF EXISTS (SELECT FROM homes) THEN DROP TABLE homes; END IF; END $$;\nDROP SCHEMA lib CASCADE',
    ],
    fails: 'dependent-object:1',
    losses: ['drop-schema homes.zip 5 block', 'drop-table homes 5 unknown'],
  },
  'what a block does that is not followed is not known, and what may rest on it neither': {
    files: [
      `DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM homes LOOP EXECUTE format('CREATE TABLE h_%s (id int)', md5(r.city || clock_timestamp())); END LOOP; END $$;
       ALTER TABLE h_x ADD COLUMN y int;
       DROP SCHEMA lib CASCADE`,
    ],
    losses: ['drop-schema homes.zip 5 block', 'not-looked-at DO ? unknown'],
    doubts: [
      'it may change the catalog by the rows of public.homes',
      'relation "h_x" does not exist, as far as can be told',
    ],
  },
}

describe('behind what the twin cannot run it goes on', () => {
  test.each(Object.entries(cases))(
    '%s',
    async (_, { files, fails, later = [], losses = [], doubts = [] }) => {
      await resetDatabase(client, setup)
      let twin: Twin | undefined
      const forecast = await forecastOf(client, files, {}, async (of) => {
        twin = await twinOf(of)
        return twin
      })
      const { failure } = forecast
      expect({
        lost: twin?.lost,
        fails: failure && `${failure.code}:${failure.place.line}`,
        later: forecast.later.map(({ code, place }) => `${code}:${place.line}`),
        losses: brief(forecast.losses),
        doubts: forecast.doubts.map(({ reason }) => reason),
      }).toEqual({ lost: undefined, fails, later, losses, doubts })
    },
  )
})
