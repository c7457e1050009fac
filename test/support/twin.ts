import { execa } from 'execa'
import type pg from 'pg'
import { addLeftOut } from '../../src/postgres/left-out-of-schema.js'
import { Twin } from '../../src/twin/twin.js'
import { createTestDatabase, type TestDatabase } from './test-database.js'

/** Every forecast of the tests runs on a twin too: `MIGRATE_GUARD_TEST_TWIN=1 node scripts/test.mjs test/forecast`. */
export const wantsTwin = process.env.MIGRATE_GUARD_TEST_TWIN === '1'

const twins = new Map<string, { readonly database: TestDatabase; client: pg.Client }>()

/** A schema twin of the database of the client, on the same server: its schema as pg_dump writes it, and no rows. */
export async function twinOf(target: pg.Client): Promise<Twin> {
  const { host, port, user, password, database } = target
  const urlFor = (name: string) =>
    `postgresql://${user}:${encodeURIComponent(String(password))}@${host}:${port}/${name}`
  const own = twins.get(database ?? '')
  const twin = own?.database ?? (await createTestDatabase())
  // A session that has used an extension remembers its functions after it is dropped.
  await own?.client.end()
  const client = await twin.client()
  twins.set(database ?? '', { database: twin, client })
  await client.query(`DO $$ DECLARE s text; BEGIN
    FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP;
    FOR s IN SELECT pubname FROM pg_publication LOOP EXECUTE format('DROP PUBLICATION %I', s); END LOOP;
    FOR s IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE format('DROP EVENT TRIGGER %I', s); END LOOP;
  END $$; CREATE SCHEMA public`)
  const { stdout } = await execa('pg_dump', ['--schema-only', urlFor(database ?? '')])
  await client.query(stdout.replace(/^\\(un)?restrict .*$/gm, '').replace(/^CREATE SCHEMA public;$/m, ''))
  await client.query('DISCARD ALL')
  await addLeftOut(client, target)
  await client.query("SET search_path = public; SET jit = off; SET statement_timeout = '5s'")
  return new Twin(client)
}
