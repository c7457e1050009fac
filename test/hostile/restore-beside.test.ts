import { beforeAll, expect, test } from '@jest/globals'
import { findClientTool } from '../../src/postgres/client-tools.js'
import { decideRestorable } from '../../src/postgres/rehearsal-database/restorable.js'
import { restoreForUse } from '../../src/postgres/restored-database/restore-for-use.js'
import { connectTo } from '../support/address.js'
import { hostileRow, hostileTimeoutMs, sampleOf } from '../support/hostile.js'
import { beforehand, type Construct, constructs, tryDoors } from '../support/hostile-database/constructs.js'
import { useOwnServer } from '../support/own-server.js'
import { askAs, dump, openFor, restore, scratchFolder } from '../support/rehearsal.js'
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/test-database.js'

// On a server that others use, too, a restore runs as the role that deploys. What a role without rights has written, and
// the restore would call, must be known to be harmless, or nothing is restored.

const row = hostileRow(
  import.meta.url,
  'A restore beside the target (rehearsal, resolve --back) calls nothing of another role that is not known to be harmless',
)
const server = useOwnServer({ fsync: 'off' })
const called = constructs.filter(({ by }) => by === undefined)
const laterOnly = constructs.filter(({ by }) => by !== undefined)

beforeAll(async () => {
  await queryOnce(
    server().url,
    "CREATE ROLE clerk LOGIN PASSWORD 'x'; CREATE ROLE deployer LOGIN CREATEDB PASSWORD 'x' IN ROLE pg_read_all_data",
  )
})

type Body = 'hostile' | 'harmless'

async function makeTarget(of: readonly Construct[], body: Body): Promise<TestDatabase> {
  const target = await createTestDatabase({ sql: 'GRANT ALL ON SCHEMA public TO clerk' })
  const asClerk = as(target, 'clerk')
  await queryOnce(asClerk, beforehand)
  for (const { name, sql } of of) await queryOnce(asClerk, sql(`public.harmless_looking($c$${name}$c$)`))
  if (body === 'hostile') await queryOnce(asClerk, tryDoors())
  return target
}

function as({ url }: { url: string }, username: string): string {
  return Object.assign(new URL(url), { username, password: 'x' }).href
}

/** The refusal, and whether anything of the clerk's was called before it. */
async function rehearse(target: TestDatabase, url: string) {
  const path = await dump(target)
  const database = await openFor({ url }, { place: 'same-server' })
  const refusal = await restore(database, path).then(
    () => undefined,
    (error: Error & { code?: string; hint?: string }) => error,
  )
  const wasCalled = await askAs(database.ownerAddress, "SELECT to_regclass('public.evidence') IS NOT NULL")
  await database.remove()
  return { refusal, wasCalled: wasCalled[0] === 'true' }
}

const refused = {
  wasCalled: false,
  refusal: {
    code: 'not-harmless',
    message: expect.stringMatching(/^the restore would run .* "clerk" may have written it$/),
    hint: expect.stringContaining('--rehearsal local'),
  },
}

test.each(sampleOf(called, 4))(
  '$name: refused beside the target, as a superuser and as a role that may make databases',
  async (construct) => {
    const target = await makeTarget([construct], 'hostile')
    for (const user of ['postgres', 'deployer']) {
      const url = user === 'postgres' ? target.url : as(target, user)
      expect(await rehearse(target, url)).toMatchObject(refused)
      row.held()
    }
  },
  hostileTimeoutMs,
)

/** Restores as resolve --back does. */
async function restoreBack(target: TestDatabase) {
  const path = await dump(target)
  const database = await openFor(target, { place: 'same-server' })
  const client = await connectTo(target)
  const restorable = await decideRestorable(client, client)
  await client.end()
  const restoring = restoreForUse({
    tool: await findClientTool('pg_restore', 0),
    database: { ownerAddress: database.ownerAddress, restorable },
    runId: 'back',
    folder: path,
    jobs: 1,
    scratchFolder: await scratchFolder(),
    signal: new AbortController().signal,
  })
  return { restoring, database }
}

test(
  'the same is refused by resolve --back',
  async () => {
    for (const construct of sampleOf(called, 2)) {
      const target = await makeTarget([construct], 'hostile')
      const { restoring, database } = await restoreBack(target)
      await expect(restoring).rejects.toMatchObject({
        code: 'not-harmless',
        exitCode: 4,
        hint: expect.stringContaining('by hand'),
      })
      expect(await askAs(database.ownerAddress, "SELECT to_regclass('public.evidence')")).toEqual(['null'])
      await database.remove()
      row.held()
    }
  },
  hostileTimeoutMs,
)

test.each([
  "CHECK (lo_export(i::oid, '/tmp/migrate-guard-test-door') = 1)",
  "CHECK (set_config('role', 'none', false) = '')",
  'CHECK (pg_terminate_backend(i))',
  "GENERATED ALWAYS AS (length(public.of_others('x'))) STORED",
])("the server's own functions are judged, too: %s", async (constraint) => {
  const target = await createTestDatabase({ sql: 'GRANT ALL ON SCHEMA public TO clerk' })
  await queryOnce(
    as(target, 'clerk'),
    `CREATE FUNCTION of_others(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.set_config('a.b', t, false) $$;
     CREATE TABLE t (j int, i int ${constraint})`,
  )
  expect(await rehearse(target, target.url)).toMatchObject(refused)
  row.held()
})

test('what only later statements call is not refused, and not called', async () => {
  const target = await makeTarget(laterOnly, 'hostile')
  expect(await rehearse(target, target.url)).toEqual({ refusal: undefined, wasCalled: false })
  row.held(laterOnly.length)
})

/** A superuser has made the triggers; the function that they call is the clerk's, who may replace it at any time. */
async function withEventTriggers(body: Body): Promise<TestDatabase> {
  const target = await makeTarget([], 'harmless')
  await queryOnce(
    as(target, 'clerk'),
    `CREATE TABLE t (i int); CREATE MATERIALIZED VIEW filled AS SELECT i FROM t; CREATE INDEX ON filled (i);
     CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM public.all_doors('event trigger'); END $f$`,
  )
  for (const event of ['ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite'])
    await target.query(
      `CREATE EVENT TRIGGER on_${event} ON ${event} EXECUTE FUNCTION watch(); COMMENT ON EVENT TRIGGER on_${event} IS 'x'; ALTER EVENT TRIGGER on_${event} DISABLE`,
    )
  if (body === 'hostile') await queryOnce(as(target, 'clerk'), tryDoors())
  await target.query(
    ['ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite']
      .map((event) => `ALTER EVENT TRIGGER on_${event} ENABLE ALWAYS`)
      .join(';'),
  )
  return target
}

test('event triggers that call a function of another role are restored last, and call nothing of the restore', async () => {
  const target = await withEventTriggers('hostile')
  expect(await rehearse(target, target.url)).toEqual({ refusal: undefined, wasCalled: false })
  row.held(4)
})

test('resolve --back calls no event trigger either', async () => {
  const target = await withEventTriggers('hostile')
  const { restoring, database } = await restoreBack(target)
  await restoring
  expect(await askAs(database.ownerAddress, 'SELECT count(*) FROM pg_event_trigger')).toEqual(['4'])
  expect(await askAs(database.ownerAddress, "SELECT to_regclass('public.evidence')")).toEqual(['null'])
  await database.remove()
  row.held(4)
})

test('the same database with a body that is harmless is restored', async () => {
  const target = await makeTarget(constructs, 'harmless')
  expect(await rehearse(target, target.url)).toEqual({ refusal: undefined, wasCalled: false })
})

test('what the deploying role has written itself is restored, whatever it does', async () => {
  const target = await createTestDatabase({ sql: 'GRANT ALL ON SCHEMA public TO deployer' })
  const url = as(target, 'deployer')
  await queryOnce(url, beforehand)
  for (const { name, sql } of called) await queryOnce(url, sql(`public.harmless_looking($c$${name}$c$)`))
  await queryOnce(url, tryDoors())
  expect(await rehearse(target, url)).toEqual({ refusal: undefined, wasCalled: true })
})
