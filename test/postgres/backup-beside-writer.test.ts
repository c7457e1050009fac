import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { observeEffects } from '../../src/effects/effect.js'
import { takeSnapshot } from '../../src/postgres/snapshot.js'
import { addressOf } from '../support/address.js'
import { differingParts, readDumpText } from '../support/dump-text.js'
import { isLong, longTest } from '../support/long.js'
import { useOwnServer } from '../support/own-server.js'
import { readProcesses } from '../support/processes.js'
import { withBackupRun } from '../support/proven-backup.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

// Two writers that wait for each other are to wait no longer than this.
useOwnServer({ fsync: 'off', deadlock_timeout: '20ms' })

const session = { applicationName: 'test snapshot' }

const schema = `
  CREATE SEQUENCE numbers INCREMENT 3;
  CREATE TABLE accounts (id serial PRIMARY KEY, n bigint DEFAULT nextval('numbers'), note text, at timestamptz DEFAULT clock_timestamp());
  INSERT INTO accounts (note) SELECT md5(i::text) FROM generate_series(1, 20000) i;
  CREATE TABLE movements (account int, amount numeric, data jsonb);
  INSERT INTO movements SELECT i % 500, i, jsonb_build_object('i', i) FROM generate_series(1, 20000) i;
  SELECT lo_from_bytea(4711, convert_to(repeat('scan', 50000), 'UTF8'))`

/** Inserts, updates and deletes in every table, takes from every sequence and writes into the large object. */
const changes = `
  INSERT INTO accounts (note) SELECT 'new' FROM generate_series(1, 5);
  UPDATE accounts SET note = note || '.', n = nextval('numbers') WHERE id IN (SELECT 1 + (random() * 20000)::int FROM generate_series(1, 20));
  DELETE FROM accounts WHERE id = 1 + (random() * 20000)::int;
  INSERT INTO movements SELECT account, amount + 1, data FROM movements LIMIT 5;
  UPDATE movements SET amount = amount + 1 WHERE account = (random() * 500)::int;
  DELETE FROM movements WHERE ctid IN (SELECT ctid FROM movements LIMIT 3);
  SELECT lo_put(4711, (random() * 100000)::int, 'other')`

/** Two connections that write as fast as they can. */
async function withWriters<T>(database: TestDatabase, work: () => Promise<T>): Promise<T> {
  let isOver = false
  let transactions = 0
  const write = async () => {
    const client = await database.client()
    while (!isOver) {
      // Two that update the same rows the other way round are told so; a real application tries again as well.
      await client.query(changes).catch((error) => {
        // So are two that write the same large object.
        if (error.code !== '40P01' && error.message !== 'tuple concurrently updated') throw error
      })
      transactions += 1
    }
    await client.end()
  }
  const writers = Promise.all([write(), write()])
  try {
    await until(async () => transactions > 2)
    const before = transactions
    const result = await Promise.race([work(), writers.then(() => undefined as never)])
    expect(transactions).toBeGreaterThan(before + 2)
    return result
  } finally {
    isOver = true
    await writers.catch(() => undefined)
  }
}

const rounds = isLong ? 20 : 2

test(
  'with a writer at full speed beside it, the restored copy is the snapshot, to the last value',
  async () => {
    const database = await createTestDatabase({ sql: schema })
    const address = addressOf(database)
    for (let round = 0; round < rounds; round += 1) {
      await withBackupRun(address, async (run) => {
        const { made, snapshotText } = await withWriters(database, async () => {
          const snapshot = await takeSnapshot(address, session)
          try {
            const made = await run.backUp(snapshot)
            return { made, snapshotText: await readDumpText(address, [`--snapshot=${snapshot.id}`]) }
          } finally {
            await snapshot.release()
          }
        })
        expect(Object.keys(made.manifest.sequencesAfter)).toEqual([
          'public.accounts_id_seq',
          'public.numbers',
        ])
        await run.restore(made, { place: 'same-server' }, async (copy, { findings, backupLevel }) => {
          expect(findings).toEqual([])
          expect(backupLevel).toBe('exact')
          const [copyText, liveText] = [await readDumpText(copy.ownerAddress), await readDumpText(address)]
          // Where a sequence stands belongs to no snapshot.
          const isInSnapshot = (part: string) => !part.includes('Type: SEQUENCE SET;')
          expect(differingParts(snapshotText, copyText).filter(isInSnapshot)).toEqual([])
          expect(differingParts(liveText, copyText).filter(isInSnapshot)).toEqual([
            expect.stringMatching(/^Data for Name: accounts;/),
            expect.stringMatching(/^Data for Name: movements;/),
            expect.stringMatching(/^Data for Name: BLOBS;/),
          ])
        })
      })
    }
  },
  isLong ? 600_000 : 60_000,
)

test.each(['before', 'during'])(
  'a snapshot whose holder is ended %s the dump fails the backup with one sentence',
  async (moment) => {
    const database = await createTestDatabase({
      sql: 'CREATE TABLE t AS SELECT generate_series(1, 100) i; CREATE TABLE held (i int)',
    })
    const address = addressOf(database)
    await withBackupRun(address, async (run) => {
      const snapshot = await takeSnapshot(address, session)
      const { rows } = await snapshot.client.query('SELECT pg_catalog.pg_backend_pid() AS pid')
      const endHolder = () => database.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
      if (moment === 'before') await endHolder()
      const blocker = await database.client()
      // Keeps pg_dump where it is.
      const stopWatching = observeEffects({
        before: async (name) => {
          if (name === 'backup.pg-dump') await blocker.query('BEGIN; LOCK TABLE held')
        },
      })
      const failed = run.backUp(snapshot).catch((error) => error)
      const isDumping = async () =>
        (
          await database.query(
            "SELECT FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard backup %' AND wait_event_type = 'Lock'",
          )
        ).length > 0
      if (moment === 'during') {
        await until(isDumping)
        await endHolder()
      }
      expect(await failed).toMatchObject({
        code: 'snapshot-lost',
        exitCode: 4,
        message: 'the session that held the snapshot ended while the backup was made',
        hint: 'Look in the server log who ended it, then run the command again; the unfinished dump was removed.',
      })
      stopWatching()
      await blocker.query('ROLLBACK')
      await snapshot.release()
      const path = join(run.tools.runFolder, 'database.dump')
      expect(existsSync(path)).toBe(false)
      expect((await readProcesses()).filter(({ command }) => command.includes(path))).toEqual([])
    })
  },
)

test('a holder that is ended when everybody has joined already fails the backup as well', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t AS SELECT generate_series(1, 100) i' })
  const address = addressOf(database)
  await withBackupRun(address, async (run) => {
    const snapshot = await takeSnapshot(address, session)
    const { rows } = await snapshot.client.query('SELECT pg_catalog.pg_backend_pid() AS pid')
    // Without its signal, so that only the question at the end can tell.
    const unaware = { ...snapshot, lost: new AbortController().signal }
    const stopWatching = observeEffects({
      after: async (name) => {
        if (name === 'backup.pg-dump') await database.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
      },
    })
    try {
      await expect(run.backUp(unaware)).rejects.toMatchObject({ code: 'snapshot-lost', exitCode: 4 })
    } finally {
      stopWatching()
    }
    await snapshot.release()
  })
})

// It takes as long as pg_dump itself would wait.
longTest('a table that stays locked fails the backup instead of keeping it waiting', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE held (i int CHECK (i > 0))' })
  const address = addressOf(database)
  await withBackupRun(address, async (run) => {
    const snapshot = await takeSnapshot(address, session)
    const blocker = await database.client()
    await blocker.query('BEGIN; LOCK TABLE held')
    await expect(run.backUp(snapshot)).rejects.toMatchObject({
      code: 'table-locked',
      exitCode: 4,
      message: 'a table was locked for so long that it could not be read',
    })
    await blocker.query('ROLLBACK')
    await snapshot.release()
  })
})
