import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { hostileRow, hostileTimeoutMs, sampleOf } from '../support/hostile.js'
import { readProcesses } from '../support/processes.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'
import { withTestDatabase } from '../support/test-database.js'

// Words that must come out nowhere, put in wherever a secret or the value of a row can stand.

const secrets = hostileRow(import.meta.url, 'A password comes out nowhere (each in each output)')
const values = hostileRow(import.meta.url, 'The value of a row comes out nowhere (each in each output)')

afterAll(removeShops)

/** Passed over so that the deploy meets what the check has found. */
const foreseen = [
  ...['not-null-violation', 'unique-violation', 'check-violation', 'invalid-value', 'raised-exception'],
  ...[
    'decided-by-rehearsal',
    'declared-check',
    'schema-difference',
    'not-looked-at',
    'foreign-key-violation',
  ],
  ...['update', 'update-without-where', 'invalid-statement', 'missing-object', 'superuser-role', 'narrowing'],
  ...['check-not-answered', 'unexplained-change'],
].flatMap((code) => ['--accept', `${code}=not what is tested`])
const deploy = ['deploy', '--yes', '--debug', ...foreseen]

interface Scene {
  readonly what: string
  readonly row: typeof secrets
  /** What is in the database before. */
  readonly setup?: (canary: string) => string
  /** The pending migration. */
  readonly pending?: (canary: string) => string
  /** Files of the project. */
  readonly files?: (canary: string) => Record<string, string>
  readonly environment?: (canary: string, shop: Shop) => Record<string, string>
  readonly commands?: (canary: string, shop: Shop) => readonly (readonly string[])[]
  /** With --show-values the canary must come out: else the scene does not try what it says. */
  readonly isShown?: true
  /** What must come out of the command in these words, in each place where somebody would look for it. */
  readonly tells?: string
  /** An extension that not every server has. */
  readonly needs?: string
}

const line = [[...deploy, '--json'], ['status'], ['resolve', '--debug']]
const withoutRehearsal = [[...deploy, '--skip-rehearsal', '--json'], ['status'], ['resolve', '--debug']]
const withPassword = (url: string, user: string, password: string) =>
  Object.assign(new URL(url), { username: user, password }).href
/** Names are no secret. */
const roleOf = (canary: string) => `login_${canary.slice(4)}`
const login = (canary: string) => `CREATE ROLE ${roleOf(canary)} SUPERUSER LOGIN PASSWORD '${canary}';`
const asRole = (canary: string, shop: Shop) => withPassword(shop.database.url, roleOf(canary), '')
const drop = (canary: string) =>
  `DROP ROLE IF EXISTS ${roleOf(canary)}; DROP ROLE IF EXISTS made_${roleOf(canary)};`

const scenes: Scene[] = [
  {
    what: 'the password of the URL',
    row: secrets,
    setup: login,
    environment: (canary, shop) => ({
      DATABASE_URL: withPassword(shop.database.url, roleOf(canary), canary),
    }),
    commands: () => [['check'], ...line, ['verify', '--debug'], ['doctor'], ['lock']],
  },
  {
    what: 'PGPASSWORD',
    row: secrets,
    setup: login,
    environment: (canary, shop) => ({ DATABASE_URL: asRole(canary, shop), PGPASSWORD: canary }),
  },
  {
    what: 'the pgpass file',
    row: secrets,
    setup: login,
    files: (canary) => ({ '.pgpass': `*:*:*:*:${canary}\n` }),
    environment: (canary, shop) => ({
      DATABASE_URL: asRole(canary, shop),
      PGPASSFILE: join(shop.project.directory, '.pgpass'),
    }),
  },
  {
    what: 'a wrong password',
    row: secrets,
    environment: (canary, shop) => ({ DATABASE_URL: withPassword(shop.database.url, 'postgres', canary) }),
  },
  {
    what: 'sslpassword',
    row: secrets,
    environment: (canary, shop) => ({ DATABASE_URL: `${shop.database.url}?sslpassword=${canary}` }),
  },
  {
    what: 'a mistyped option, and an option in the wrong place',
    row: secrets,
    commands: (canary) => [
      ['deploy', `--databse-url=postgresql://u:${canary}@h/db`],
      ['deploy', `--password=${canary}`],
      ['deploy', `-p${canary}`],
      [`postgresql://u:${canary}@h/db`],
      ['deploy', `postgresql://u:${canary}@h/db`],
      ['deploy', '--lock-timeout', `postgresql://u:${canary}@h/db`],
      ['deploy', '--rehearsal', `postgers://u:${canary}@h/db`],
      ['deploy', '--engine', `u:${canary}@h/db`],
      ['deploy', '--confirm', `postgresql://u:${canary}@h/db`],
      ['deploy', '--accept', `postgresql://u:${canary}@h/db`],
      ['deploy', '--schema', `postgresql://u:${canary}@h/db`],
      ['deploy', '--config', `postgresql://u:${canary}@h/db`],
      ['explain', `postgresql://u:${canary}@h/db`],
    ],
  },
  ...[
    'postgers://u:X@h/db',
    'postgres:/u:X@h/db',
    'u:X@h/db',
    'mysql://u:X@h/db',
    'postgresql://u:X',
    'postgresql://u:X@h:port/db',
    'postgresql://u:X@h',
    'postgresql://u:X@h:1/db?schema',
    'host=h user=u password=X',
  ].map(
    (url): Scene => ({
      what: `the URL ${url}`,
      row: secrets,
      environment: (canary) => ({ DATABASE_URL: url.replace('X', canary) }),
      commands: (canary) => [
        ['deploy', '--yes', '--debug'],
        ['status', '--database-url', url.replace('X', canary)],
      ],
    }),
  ),
  ...[
    (canary: string) => `export default { databseUrl: 'postgresql://u:${canary}@h/db' }`,
    (canary: string) => `export default { 'postgresql://u:${canary}@h/db': 1 }`,
    (canary: string) => `export default { databaseUrl: 'postgers://u:${canary}@h/db' }`,
    (canary: string) => `export default { 'password=${canary}': 1 }`,
    (canary: string) => `throw new Error('cannot connect to postgresql://u:${canary}@h/db')`,
    (canary: string) => `new URL('postgresql//u:${canary}@h/db')`,
  ].map(
    (config, at): Scene => ({
      what: `a settings file that is wrong, ${at}`,
      row: secrets,
      files: (canary) => ({ 'migrate-guard.config.ts': config(canary) }),
      commands: () => [['deploy', '--yes', '--debug'], ['status']],
    }),
  ),
  {
    what: 'passwords in the statements of a migration',
    row: secrets,
    pending: (canary) => `CREATE ROLE made_${roleOf(canary)} PASSWORD '${canary}';
ALTER ROLE made_${roleOf(canary)} PASSWORD $$${canary}$$;
ALTER ROLE made_${roleOf(canary)} SET app.key = '${canary}';
DO $$ BEGIN EXECUTE 'ALTER ROLE made_${roleOf(canary)} PASSWORD ''${canary}'''; END $$;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (sslpassword '${canary}', url 'postgresql://u:${canary}@h/db');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password '${canary}');
CREATE SUBSCRIPTION s CONNECTION 'host=h password=${canary}' PUBLICATION p WITH (connect = false, slot_name = NONE);
DROP SUBSCRIPTION s;
DROP ROLE made_${roleOf(canary)};
`,
    commands: () => [
      ['plan', '--json'],
      ['plan', '--offline', '--json'],
      ['check', '--json'],
      [...deploy, '--skip-rehearsal'],
      ['status', '--json'],
      ['verify'],
    ],
  },
  {
    what: 'passwords that the database keeps',
    row: secrets,
    setup: (canary) => `CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (sslpassword '${canary}');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password '${canary}');
CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 password=${canary}' PUBLICATION p WITH (connect = false, slot_name = NONE);
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.jwt_secret = ''${canary}''', current_database()); END $$;
`,
    commands: () => [['check', '--json'], [...deploy, '--rehearsal', 'local'], ['status'], ['verify']],
  },
  {
    what: 'a unique key',
    row: values,
    isShown: true,
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}'), ('${canary}');`,
    pending: () => 'CREATE UNIQUE INDEX ON c (v);',
  },
  {
    what: 'a cast',
    row: values,
    isShown: true,
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');`,
    pending: () => 'ALTER TABLE c ALTER v TYPE int USING v::int;',
  },
  {
    what: 'a row without a value that it needs',
    row: values,
    setup: (canary) => `CREATE TABLE c (v text, n int); INSERT INTO c VALUES ('${canary}', NULL);`,
    pending: () => 'ALTER TABLE c ALTER n SET NOT NULL;',
  },
  {
    what: 'a row that is inserted without a value that it needs',
    row: values,
    setup: (canary) =>
      `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}'); CREATE TABLE d (v text, n int NOT NULL);`,
    pending: () => 'INSERT INTO d SELECT v, NULL FROM c;',
  },
  {
    what: 'a row that a CHECK refuses',
    row: values,
    setup: (canary) =>
      `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}'); CREATE TABLE d (v text CHECK (length(v) < 3));`,
    pending: () => 'INSERT INTO d SELECT v FROM c;',
  },
  {
    what: 'a foreign key',
    row: values,
    isShown: true,
    setup: (canary) =>
      `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}'); CREATE TABLE d (v text PRIMARY KEY);`,
    pending: () => 'ALTER TABLE c ADD FOREIGN KEY (v) REFERENCES d (v);',
  },
  {
    what: 'the words of a RAISE in a trigger',
    row: values,
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', NEW.v USING DETAIL = NEW.v, HINT = NEW.v, ERRCODE = '23505'; END $$;
CREATE TRIGGER t BEFORE UPDATE ON c FOR EACH ROW EXECUTE FUNCTION stop();`,
    pending: () => 'UPDATE c SET v = v;',
  },
  ...(
    [
      [
        'a function of the database, deployed without a rehearsal',
        "RAISE EXCEPTION 'customer % cannot be settled: %', x, (SELECT v FROM c) USING ERRCODE = 'P0777', DETAIL = x",
        'customer … cannot be settled: … (raised by settle(text), line 2)',
      ],
      [
        'a function whose message is no format',
        "RAISE EXCEPTION USING MESSAGE = 'no ' || x, ERRCODE = '23514', CONSTRAINT = x, TABLE = x, COLUMN = x",
        'an exception was raised by settle(text), line 2; its words may hold values',
      ],
      [
        'a format that is all values',
        "RAISE EXCEPTION '%', x",
        'an exception was raised by settle(text), line 2;',
      ],
      [
        'a handler that says again what it was told',
        "BEGIN RAISE EXCEPTION 'no %', x; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION 'not settled: %', SQLERRM; END",
        'not settled: … (raised by settle(text), line 2)',
      ],
      [
        'a block that a function puts together',
        "EXECUTE format('DO %L', format('BEGIN RAISE %L; END', x))",
        'an exception was raised; its words may hold values',
      ],
      ['ASSERT', 'ASSERT false, x', 'an exception was raised by settle(text), line 2;'],
    ] as const
  ).map(
    ([what, body, tells]): Scene => ({
      what: `RAISE in ${what}`,
      row: values,
      isShown: true,
      tells,
      setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');
CREATE FUNCTION settle(x text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN
${body}; END $f$;`,
      pending: () => 'SELECT settle(v) FROM c;',
      commands: () => withoutRehearsal,
    }),
  ),
  {
    what: 'RAISE in a function that the migration itself makes, on the copy',
    row: values,
    isShown: true,
    tells: 'found … there (raised by look(), line 1)',
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');`,
    pending:
      () => `CREATE FUNCTION look() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'found % there', (SELECT v FROM c); END $f$;
SELECT look();`,
  },
  ...(
    [
      ['plperl', 'die $_[0]', 'an exception was raised'],
      ['plperl', "elog(ERROR, 'no ' . $_[0])", 'an exception was raised'],
      [
        'plperl',
        'spi_exec_query("INSERT INTO c VALUES (quote_literal(" . quote_literal($_[0]) . "))")',
        'an exception',
      ],
      ['plpython3u', 'plpy.error(x)', 'an exception was raised'],
      ['plpython3u', 'raise ValueError(x)', 'an exception was raised'],
      ['plpython3u', "plpy.error('no ' + x, detail=x, hint=x, sqlstate='23505')", 'an exception was raised'],
    ] as const
  ).map(
    ([language, body, tells], at): Scene => ({
      what: `an error of ${language}, ${at}`,
      row: values,
      // PL/Perl does not pass on the details of an error of the server.
      ...(body.startsWith('spi_') ? {} : { isShown: true }),
      needs: language,
      tells,
      setup: (
        canary,
      ) => `CREATE EXTENSION ${language}; CREATE TABLE c (v text UNIQUE); INSERT INTO c VALUES ('${canary}');
INSERT INTO c VALUES (quote_literal('${canary}'));
CREATE FUNCTION settle(x text) RETURNS void LANGUAGE ${language} AS $f$
${body}
$f$;`,
      pending: () => 'SELECT settle(v) FROM c;',
      commands: () => withoutRehearsal,
    }),
  ),
  {
    what: 'the words of a RAISE in the migration',
    row: values,
    isShown: true,
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');`,
    pending: () => `DO $$ BEGIN RAISE EXCEPTION 'no % here', (SELECT v FROM c); END $$;`,
  },
  {
    what: 'a row that is restored and does not fit',
    row: values,
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');
CREATE FUNCTION known(x text) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.c WHERE v = x)';
CREATE TABLE a (v text CHECK (public.known(v))); INSERT INTO a VALUES ('${canary}');`,
    commands: () => [[...deploy, '--rehearsal', 'local'], ['status']],
  },
  {
    what: 'facts and rows of checks of one’s own',
    row: values,
    isShown: true,
    setup: (canary) => `CREATE TABLE c (v text); INSERT INTO c VALUES ('${canary}');`,
    files: () => {
      const checks = 'prisma/migrations/20260201000000_phone/checks'
      return {
        [`${checks}/before/1.sql`]: '-- title: one\n-- verdict: info\nSELECT v FROM c',
        [`${checks}/before/2.sql`]: '-- title: two\n-- verdict: warn\nSELECT v FROM c',
        [`${checks}/before/3.sql`]: '-- title: three\n-- verdict: warn\nSELECT v::int FROM c',
        [`${checks}/after/1.sql`]:
          "-- title: four\n-- verdict: warn\n-- equals: before/1.sql\nSELECT v || 'x' AS v FROM c",
      }
    },
  },
]

/** A database that has one cannot be dropped. */
const subscriptions = `SELECT subname AS name FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
  WHERE datname = current_database()`

/** Where somebody looks for what was said: the screen, the reports, the record, the events of the engine. */
const tellingPlaces = [
  expect.stringMatching(/^standard (output|error) of deploy$/),
  expect.stringMatching(/report\.txt$/),
  expect.stringMatching(/run\.json$/),
  expect.stringMatching(/events\.ndjson$/),
]

async function hasExtension(name: string): Promise<boolean> {
  const question = `SELECT name FROM pg_available_extensions WHERE name = '${name}'`
  return (await withTestDatabase((database) => database.query(question))).length > 0
}

const tried = sampleOf(scenes, 6)

test.each(tried.map((scene) => [scene.what, scene] as const))(
  '%s',
  async (_, scene) => {
    if (scene.needs && !(await hasExtension(scene.needs))) {
      process.stderr.write(`skipped: ${scene.what}; this server has no ${scene.needs}\n`)
      return
    }
    const canary = `cnry${randomBytes(6).toString('hex')}`
    const shop = await prepare(scene, canary)
    try {
      const commands = scene.commands?.(canary, shop) ?? line
      const found = await runAll(shop, commands, scene.environment?.(canary, shop) ?? {}, canary)
      expect(found.hits).toEqual([])
      const told = found.texts.filter(([, text]) => text.includes(scene.tells ?? '')).map(([where]) => where)
      for (const place of scene.tells ? tellingPlaces : []) expect(told).toContainEqual(place)
      scene.row.held(found.outputs)
      if (scene.isShown) expect(await isShown(scene)).toBe(true)
    } finally {
      for (const { name } of await shop.database.query(subscriptions))
        await shop.database.query(`DROP SUBSCRIPTION ${name}`)
      await shop.database.drop()
      await withTestDatabase((other) => other.query(drop(canary)))
    }
  },
  hostileTimeoutMs,
)

async function prepare(scene: Scene, canary: string): Promise<Shop> {
  const pending = scene.pending?.(canary)
  const shop = await makeShop({ ...(pending === undefined ? {} : { pending }), rehearses: true })
  if (scene.setup) await shop.database.query(scene.setup(canary))
  for (const [path, content] of Object.entries(scene.files?.(canary) ?? {})) {
    await mkdir(join(shop.project.directory, path, '..'), { recursive: true })
    await writeFile(join(shop.project.directory, path), content, { mode: 0o600 })
  }
  return shop
}

/** Where the canary came out, and in how many outputs it was looked for. */
async function runAll(
  shop: Shop,
  commands: readonly (readonly string[])[],
  environment: Record<string, string>,
  canary: string,
): Promise<{ hits: string[]; outputs: number; texts: (readonly [where: string, text: string])[] }> {
  const hits = new Set<string>()
  let outputs = 0
  const texts: (readonly [string, string])[] = []
  const look = (where: string, text: string) => {
    outputs += 1
    texts.push([where, text])
    if (text.includes(canary))
      hits.add(`${where}: …${text.slice(text.indexOf(canary) - 60, text.indexOf(canary) + 30)}…`)
  }
  for (const command of commands) {
    const name = command[0] ?? ''
    const isGiven = command.some((word) => word.includes(canary))
    const running = shop.start(command, { env: environment, timeoutMs: 280_000 })
    let ended = false
    const ending = running.result.finally(() => {
      ended = true
    })
    ending.catch(() => undefined)
    while (!ended) {
      // For a moment the operating system shows what a program is started with.
      for (const { command: shown } of isGiven ? [] : await readProcesses())
        if (shown.includes(canary)) hits.add(`process list: ${shown.slice(0, 300)}`)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    const { stdout, stderr } = await running.result
    look(`standard output of ${name}`, stdout)
    look(`standard error of ${name}`, stderr)
  }
  const { directory } = shop.project
  for (const folder of [join(directory, 'backups'), join(directory, 'tmp')])
    for (const path of await filesIn(folder)) look(path, await readFile(path, 'utf8'))
  const [history] = await shop.database
    .query('SELECT json_agg(h)::text AS rows FROM _prisma_migrations h')
    .catch(() => [])
  look('the history', history?.rows ?? '')
  return { hits: [...hits], outputs, texts }
}

/** All but the dump itself, which is there to hold the rows. */
async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const paths = names.filter((name) => !name.includes('database.dump')).map((name) => join(folder, name))
  const kinds = await Promise.all(paths.map(async (path) => ({ path, isFile: (await lstat(path)).isFile() })))
  return kinds.filter(({ isFile }) => isFile).map(({ path }) => path)
}

async function isShown(scene: Scene): Promise<boolean> {
  const canary = `cnry${randomBytes(6).toString('hex')}`
  const shop = await prepare(scene, canary)
  const command = [...deploy, '--show-values', '--skip-rehearsal', '--skip-backup', '--format', 'json']
  const { stdout, stderr } = await shop.run(command, scene.environment?.(canary, shop) ?? {})
  return `${stdout}${stderr}`.includes(canary)
}
