import { beforeAll, expect, test } from '@jest/globals'
import type { TargetAddress } from '../../src/domain/target.js'
import { withConnection } from '../../src/postgres/connection.js'
import { hostileRow, hostileTimeoutMs } from '../support/hostile.js'
import { beforehand, constructs, tryDoors } from '../support/hostile-database/constructs.js'
import { doors } from '../support/hostile-database/doors.js'
import { useOwnServer } from '../support/own-server.js'
import { askAs, dump, openFor, restore } from '../support/rehearsal.js'
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/test-database.js'

// A role without rights owns everything in the database. What it has written tries every way out when it is called.

const row = hostileRow(
  import.meta.url,
  'A rehearsal on this machine runs nothing of what another role has written with the rights of a superuser',
)
const server = useOwnServer({ fsync: 'off' })

/** A role without rights may take it too, where it knows a password. */
const outgoing = 'a connection by dblink'

beforeAll(async () => {
  await queryOnce(server().url, "CREATE ROLE clerk LOGIN PASSWORD 'x'")
})

/** A database of the clerk's, with everything in it that calls a function of his. */
async function makeHostile(): Promise<TestDatabase> {
  const target = await createTestDatabase({ sql: 'GRANT ALL ON SCHEMA public TO clerk' })
  const asClerk = Object.assign(new URL(target.url), { username: 'clerk', password: 'x' }).href
  await queryOnce(asClerk, beforehand)
  for (const { name, sql } of constructs)
    await queryOnce(asClerk, sql(`public.harmless_looking($c$${name}$c$)`))
  await target.query('CREATE EXTENSION dblink')
  const shells = await makeShells(target)
  const { port, password } = new URL(target.url)
  const connection = `host=127.0.0.1 port=${port} dbname=${target.name} user=postgres password=${password}`
  await queryOnce(
    asClerk,
    tryDoors({
      ...shells,
      [outgoing]: `SELECT public.dblink_connect('away', '${connection}'), public.dblink_disconnect('away')`,
    }),
  )
  return target
}

/** Languages in which a function may do what the server's account may. A superuser has made one for everybody to call. */
const untrusted = {
  plperlu: "system('true') == 0 or die 'no'; return 1;",
  plpython3u: "import subprocess\nreturn 1 if subprocess.run(['true']).returncode == 0 else plpy.error('no')",
}

/** Doors that are only where the server has these languages. */
async function makeShells(target: TestDatabase): Promise<Record<string, string>> {
  const doorsOfLanguages: Record<string, string> = {}
  for (const [language, body] of Object.entries(untrusted)) {
    const there = await target.query('SELECT FROM pg_available_extensions WHERE name = $1', [language])
    if (there.length === 0) {
      process.stderr.write(`skipped: the door of ${language}, which this server does not have\n`)
      continue
    }
    await target.query(
      `CREATE EXTENSION ${language}; CREATE FUNCTION public.by_${language}() RETURNS int LANGUAGE ${language} AS $f$\n${body}\n$f$`,
    )
    doorsOfLanguages[`a shell by ${language}`] = `SELECT public.by_${language}()`
  }
  return doorsOfLanguages
}

async function shellsOf(target: TestDatabase): Promise<string[]> {
  const made = await target.query('SELECT lanname FROM pg_language WHERE lanname = ANY ($1)', [
    Object.keys(untrusted),
  ])
  return made.map(({ lanname }) => `a shell by ${lanname}`)
}

interface Evidence {
  readonly construct: string
  readonly door: string
  readonly role: string
}

async function readEvidence(address: TargetAddress): Promise<Evidence[]> {
  return withConnection(address, { applicationName: 'test' }, async (client) => {
    return (await client.query('SELECT construct, door, role FROM public.evidence')).rows
  })
}

const attempts = constructs.flatMap(({ name }) =>
  [...Object.keys(doors), outgoing].map((door) => `${name}: ${door}`),
)

test('every door is open to a superuser', async () => {
  const target = await makeHostile()
  await target.query("SELECT public.all_doors('superuser')")
  const open = await target.query("SELECT door FROM evidence WHERE door <> 'called' ORDER BY 1")
  const all = [...Object.keys(doors), ...(await shellsOf(target)), outgoing]
  const closed = all.filter((name) => !open.some(({ door }) => door === name))
  // They lead to a role that is only on a server of ours.
  expect(closed).toEqual(['the session of a superuser', 'the role of a superuser'])
})

test(
  'no door is open to what the restore calls, nor to what migrations call as a superuser',
  async () => {
    const target = await makeHostile()
    const path = await dump(target)
    const database = await openFor(target, { place: 'local' })
    const { differences } = await restore(database, path, { jobs: 1 })
    expect(differences).toEqual([
      expect.stringMatching(
        /^"postgres" is no superuser here, because it would run on this machine what "clerk" may have written: /,
      ),
    ])
    for (const { by } of constructs) if (by) await askAs(database.address, by)

    const evidence = await readEvidence(database.ownerAddress)
    const called = new Set(evidence.filter(({ door }) => door === 'called').map(({ construct }) => construct))
    // Each was really called on the copy, else it proves nothing.
    expect(constructs.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([])
    expect(evidence.filter(({ door }) => door !== 'called')).toEqual([])
    row.held(attempts.length + constructs.length * (await shellsOf(target)).length)
  },
  hostileTimeoutMs,
)

const audit = `CREATE TABLE audit_log (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), who text, op text, old jsonb, new jsonb);
  CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN INSERT INTO audit_log (who, op, old) SELECT current_user, TG_OP, to_jsonb(OLD); RETURN OLD;
    ELSIF TG_OP = 'UPDATE' AND OLD.* IS DISTINCT FROM NEW.* THEN
      INSERT INTO public.audit_log (who, op, old, new) VALUES (current_setting('app.user', true), TG_OP, row_to_json(OLD)::jsonb, to_jsonb(NEW));
    ELSE INSERT INTO audit_log (who, op, new) SELECT session_user, TG_OP || ' ' || TG_TABLE_NAME, to_jsonb(NEW); END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION audit()`

test.each<[string, string, boolean]>([
  [
    'nothing but tables',
    `CREATE TABLE t (id serial PRIMARY KEY, at timestamptz DEFAULT now(), kind kind DEFAULT 'a', kinds kind[] DEFAULT '{}',
       total int CHECK (total > 0), name text GENERATED ALWAYS AS (md5('X')) STORED); CREATE INDEX ON t (lower(name));
     CREATE VIEW v AS SELECT id, upper(name) FROM t`,
    true,
  ],
  [
    'a trigger that only computes',
    `CREATE TABLE t (at timestamptz); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
     CREATE TRIGGER touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()`,
    true,
  ],
  [
    "a CHECK with the server's own lo_export",
    "CREATE TABLE t (i int CHECK (lo_export(i::oid, '/tmp/x') = 1))",
    false,
  ],
  [
    "a default with the server's own set_config",
    "CREATE TABLE t (x text DEFAULT set_config('role', 'none', false))",
    false,
  ],
  [
    'a rule that writes',
    'CREATE TABLE t (i int); CREATE TABLE log (i int); CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (1)',
    true,
  ],
  ['a usual audit trigger', `CREATE TABLE orders (id serial PRIMARY KEY, total int); ${audit}`, true],
  [
    'an audit trigger that tells others and keeps the newest state',
    `CREATE TABLE orders (id serial PRIMARY KEY, total int); CREATE TABLE newest (id int PRIMARY KEY, total int);
     CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO newest AS n VALUES (NEW.id, NEW.total) ON CONFLICT (id) DO UPDATE SET total = excluded.total WHERE n.total <> excluded.total;
       DELETE FROM newest WHERE total IS NULL; PERFORM pg_notify('orders', NEW.id::text); RETURN NEW; END $$;
     CREATE TRIGGER keep AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep()`,
    true,
  ],
  ...(
    [
      ['the catalog', "UPDATE pg_authid SET rolsuper = true WHERE rolname = 'clerk'"],
      ['the catalog by its schema', "UPDATE pg_catalog.pg_proc SET prosrc = 'x' WHERE proname = 'x'"],
      [
        'the catalog in a WITH',
        "WITH w AS (DELETE FROM pg_authid WHERE rolname = 'x' RETURNING 1) SELECT count(*) INTO n FROM w",
      ],
      ['a view', 'UPDATE of_others SET rolsuper = true'],
      ['what it computes', "INSERT INTO log SELECT lo_export(1, '/tmp/x')"],
      ['a default of its own', "INSERT INTO log (i) VALUES (set_config('role', 'none', false)::int)"],
    ] as const
  ).map(([what, sql]): [string, string, boolean] => [
    `a trigger that writes, with ${what}`,
    `CREATE TABLE t (i int); CREATE TABLE log (i int); CREATE VIEW of_others WITH (security_barrier) AS SELECT * FROM pg_roles;
     CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN ${sql}; RETURN NEW; END $$;
     CREATE TRIGGER f AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`,
    false,
  ]),
  [
    'a function that puts a text together',
    "CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT ' || t; END $$",
    false,
  ],
])('a superuser who deploys stays one beside %s of another role: %#', async (_, sql, stays) => {
  const target = await createTestDatabase({ sql: 'GRANT ALL ON SCHEMA public TO clerk' })
  const asClerk = Object.assign(new URL(target.url), { username: 'clerk', password: 'x' }).href
  await queryOnce(asClerk, `CREATE TYPE kind AS ENUM ('a'); ${sql}`)
  const database = await openFor(target, { place: 'local' })
  const { differences } = await restore(database, await dump(target))
  expect(differences).toEqual(stays ? [] : [expect.stringMatching(/^"postgres" is no superuser here/)])
  expect(await askAs(database.address, "SELECT current_setting('is_superuser')")).toEqual([
    stays ? 'on' : 'off',
  ])
  row.held()
})

test('what others write into a queue does not come to a trigger of a superuser that runs it', async () => {
  const target = await createTestDatabase({
    sql: `GRANT ALL ON SCHEMA public TO clerk; CREATE TABLE queue (command text); GRANT ALL ON queue TO clerk;
      CREATE FUNCTION work() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE NEW.command; RETURN NEW; END $$;
      CREATE TRIGGER work AFTER INSERT ON queue FOR EACH ROW EXECUTE FUNCTION work()`,
  })
  const asClerk = Object.assign(new URL(target.url), { username: 'clerk', password: 'x' }).href
  await queryOnce(
    asClerk,
    `CREATE TABLE orders (i int); CREATE FUNCTION order_work() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO queue VALUES ('CREATE TABLE made_by_' || current_user || ' ()'); RETURN NEW; END $$;
     CREATE TRIGGER order_work AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION order_work()`,
  )
  const database = await openFor(target, { place: 'local' })
  const { differences } = await restore(database, await dump(target))
  expect(differences).toEqual([
    expect.stringMatching(/^"postgres" is no superuser here.*function public\.work/),
  ])
  row.held()
})
