import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

const setup = `
  CREATE TABLE members (id int PRIMARY KEY, email text);
  INSERT INTO members SELECT g, 'm' || g FROM generate_series(1, 300) g;
  CREATE SCHEMA club; CREATE TABLE club.members (id int PRIMARY KEY, badge text);
  INSERT INTO club.members VALUES (1, 'a'), (2, 'b');
  CREATE SCHEMA "Odd Name"; CREATE TABLE "Odd Name".members (id int PRIMARY KEY);
  INSERT INTO "Odd Name".members VALUES (1);`

const inPublic = ['drop-table members 300 block']
const inClub = ['drop-table club.members 2 block']
const drop = 'DROP TABLE members'

/** What is dropped after these statements, and the code of what fails. */
const cases: Record<string, { files: readonly string[]; losses: readonly string[]; fails?: string }> = {
  'SET counts to the end of its file': { files: [`SET search_path TO club; ${drop}`], losses: inClub },
  'and no longer': { files: ['SET search_path TO club', drop], losses: inPublic },
  'a dump empties the path for its own file only': {
    files: ["SELECT pg_catalog.set_config('search_path', '', false)", drop],
    losses: inPublic,
  },
  'in the file of the dump itself no name is found': {
    files: [`SELECT pg_catalog.set_config('search_path', '', false); ${drop}`],
    losses: [],
    fails: 'missing-object',
  },
  'RESET leads back to the schema of the URL': {
    files: [`SET search_path TO club; RESET search_path; ${drop}`],
    losses: inPublic,
  },
  'and so does SET … TO DEFAULT': {
    files: [`SET search_path TO club; SET search_path TO DEFAULT; ${drop}`],
    losses: inPublic,
  },
  'RESET ALL': { files: [`SET search_path TO club; RESET ALL; ${drop}`], losses: inPublic },
  'DISCARD ALL, in a file that runs statement by statement': {
    files: [`SET search_path TO club; DISCARD ALL; ${drop}`],
    losses: inPublic,
  },
  'SET LOCAL counts in the transaction of the file': {
    files: [`SET LOCAL search_path TO club; ${drop}`, 'SELECT 1'],
    losses: inClub,
  },
  'SET LOCAL ends with the transaction that the file commits': {
    files: [`BEGIN; SET LOCAL search_path TO club; COMMIT; BEGIN; ${drop}; COMMIT`],
    losses: inPublic,
  },
  'SET LOCAL does nothing outside a transaction': {
    files: [
      `SET LOCAL search_path TO club; CREATE INDEX CONCURRENTLY by_email ON public.members (email); ${drop}`,
    ],
    losses: inPublic,
  },
  'set_config for the transaction': {
    files: [`BEGIN; SELECT set_config('search_path', 'club', true); COMMIT; BEGIN; ${drop}; COMMIT`],
    losses: inPublic,
  },
  'set_config for the session stays': {
    files: [`BEGIN; SELECT set_config('search_path', 'club', false); COMMIT; BEGIN; ${drop}; COMMIT`],
    losses: inClub,
  },
  'set_config folds a name that is not quoted': {
    files: [`SELECT set_config('search_path', ' Club , public', false); ${drop}`],
    losses: inClub,
  },
  'and keeps one that is': {
    files: [`SELECT set_config('search_path', '"Odd Name",public', false); ${drop}`],
    losses: ['drop-table Odd Name.members 1 block'],
  },
  'ROLLBACK undoes SET': {
    files: [`BEGIN; SET search_path TO club; ROLLBACK; BEGIN; ${drop}; COMMIT`],
    losses: inPublic,
  },
  'so does ROLLBACK TO a savepoint': {
    files: [`SAVEPOINT s; SET search_path TO club; ROLLBACK TO s; ${drop}`],
    losses: inPublic,
  },
  'SET after SET LOCAL stays': {
    files: [
      `BEGIN; SET LOCAL search_path TO nowhere; SET search_path TO club; COMMIT; BEGIN; ${drop}; COMMIT`,
    ],
    losses: inClub,
  },
  'PERFORM set_config in a block': {
    files: [`DO $$ BEGIN PERFORM set_config('search_path', 'club', false); END $$; ${drop}`],
    losses: inClub,
  },
  'the schema of the role comes first only where there is one': {
    files: [`SET search_path TO "$user", club; ${drop}`],
    losses: inClub,
  },
}

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('a name means what the session has set', () => {
  test.each(Object.entries(cases))('%s', async (_, { files, losses, fails }) => {
    await resetDatabase(client, setup)
    const forecast = await forecastOf(client, files)
    expect({
      losses: brief(forecast.losses),
      fails: forecast.failure?.code,
      doubts: forecast.doubts,
    }).toEqual({
      losses,
      fails,
      doubts: [],
    })
  })

  test('a path that is computed makes every name a matter of the rehearsal', async () => {
    await resetDatabase(client, setup)
    const { failure, doubts } = await forecastOf(client, [
      "SELECT set_config('search_path', 'cl' || 'ub', false); ALTER TABLE members ALTER badge SET NOT NULL",
    ])
    expect(failure).toBeUndefined()
    expect(doubts.map(({ place }) => place.index)).toEqual([1, 2])
  })

  test("in Prisma's own engine a setting stays for the files after it", async () => {
    await resetDatabase(client, setup)
    const { losses } = await forecastOf(client, ['SET search_path TO club', drop], { keepsSession: true })
    expect(brief(losses)).toEqual(inClub)
  })
})

test('triggers sleep as long as the session says that they do', async () => {
  const orphan = 'INSERT INTO dogs VALUES (1, 99)'
  const replica = 'SET session_replication_role = replica'
  const awake: Record<string, readonly string[]> = {
    reset: [`${replica}; RESET session_replication_role; ${orphan}`],
    default: [`${replica}; SET session_replication_role TO DEFAULT; ${orphan}`],
    'the next file': [replica, orphan],
    local: [`BEGIN; SET LOCAL session_replication_role = replica; COMMIT; BEGIN; ${orphan}; COMMIT`],
    config: [`${replica}; SELECT set_config('session_replication_role', 'origin', false); ${orphan}`],
    'rolled back': [`BEGIN; ${replica}; ROLLBACK; BEGIN; ${orphan}; COMMIT`],
  }
  for (const [name, files] of Object.entries(awake)) {
    await resetDatabase(
      client,
      'CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE dogs (id int PRIMARY KEY, owner int REFERENCES owners)',
    )
    expect({ name, code: (await forecastOf(client, files)).failure?.code }).toEqual({
      name,
      code: 'foreign-key-violation',
    })
  }
  await resetDatabase(
    client,
    'CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE dogs (id int PRIMARY KEY, owner int REFERENCES owners)',
  )
  const { failure } = await forecastOf(client, [
    `SELECT set_config('session_replication_role', 'replica', false); ${orphan}`,
  ])
  expect(failure).toBeUndefined()
})
