import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import type { JsonReport } from '../../src/report/json.js'
import { isLong, longTest } from '../support/long.js'
import { useOwnServer } from '../support/own-server.js'
import { makeShop, pendingName, pendingSql, removeShops, type Shop, takePassword } from '../support/shop.js'

// Its comparisons are with everything on the server: on the one of all tests another file's database would be a difference.
useOwnServer({})
afterAll(removeShops)

/** What test/postgres/rehearsed-end.test.ts asks as well, without the command around it. */

const writes = fileURLToPath(new URL('../fixtures/observers/write.mjs', import.meta.url))

const more = `INSERT INTO customers SELECT i, 'person' || i || '@example.com' FROM generate_series(4, 500) i;`

/** Its schema, its rows and what is beside it on the server, to the last value. */
async function everything({ database, fingerprint }: Shop): Promise<string> {
  const { password, withoutPassword } = takePassword(database.url)
  const dump = await execa('pg_dump', ['--data-only', withoutPassword], { env: { PGPASSWORD: password } })
  const [state] = await database.query(
    `SELECT (SELECT json_agg(datname ORDER BY datname) FROM pg_database) AS databases,
            (SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles) AS roles`,
  )
  const rows = dump.stdout.replace(/^\\(un)?restrict .*$/gm, '')
  return [await fingerprint(), rows, JSON.stringify(state)].join('\n')
}

const raises = `CREATE PROCEDURE settle() LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM customers WHERE id = 400) THEN
    RAISE EXCEPTION 'customer 400 cannot be settled' USING ERRCODE = 'P0777';
  END IF;
END $$;`

const settling = '-- settles the accounts\nALTER TABLE "customers" ADD COLUMN "phone" TEXT;\nCALL settle();\n'

test('check cannot tell, the rehearsal stops it with line and SQLSTATE, and the target is untouched', async () => {
  const shop = await makeShop({ pending: settling, rehearses: true })
  await shop.database.query(more + raises)
  const before = await everything(shop)

  const checked = await shop.run(['check', '--json'])
  expect(checked.exitCode).toBe(3)
  const told = JSON.parse(checked.stdout) as JsonReport
  expect(told).toMatchObject({ verdict: 'unknown', prediction: 'decided-by-rehearsal' })
  expect(told.findings).toMatchObject([{ code: 'decided-by-rehearsal', verdict: 'unknown', line: 3 }])

  const deployed = await shop.run(['deploy', '--yes', '--rehearsal', 'same-server'])
  expect(deployed.exitCode).toBe(5)
  expect(deployed.stderr).toBe(
    `error: "${pendingName}", line 3, fails on the copy: P0777: customer 400 cannot be settled (raised by settle(), line 4)\n` +
      'hint: Correct the migration or the data; the target is untouched, and what the copy showed is in the report.\n',
  )
  expect(await everything(shop)).toBe(before)
  const report = await shop.report()
  expect(report).toMatchObject({ databaseState: 'unchanged', exitCode: 5, verdict: 'block' })
  expect(report.steps).toMatchObject({
    backup: { outcome: 'passed' },
    rehearse: { outcome: 'failed' },
    confirm: { outcome: 'not-run' },
    deploy: { outcome: 'not-run' },
  })
  expect(await shop.runFile('report.txt')).toContain('P0777')

  // Neither does it stand for another deploy.
  const [failed = ''] = (await shop.runFolders()).map((path) => path.split('/').at(-1))
  const taken = await shop.run(['deploy', '--yes', '--rehearsed', failed])
  expect(taken.exitCode).toBe(5)
  expect(taken.stderr).toContain(
    `the run ${failed} does not stand for this deploy: it has not rehearsed, or not`,
  )

  // With the reason gone, the same statement passes, and the plan is deployed.
  await shop.database.query('DELETE FROM customers WHERE id = 400')
  const passed = await shop.run(['deploy', '--yes', '--rehearsal', 'same-server'])
  expect(passed.stderr).toBe('')
  expect(passed.exitCode).toBe(0)
})

test.each(['local', 'same-server', ...(isLong ? ['url'] : [])])(
  'rehearse on a copy (%s) leaves the target untouched, and another deploy may take it',
  async (place) => {
    const shop = await makeShop({ rehearses: true })
    await shop.database.query(more)
    const before = await everything(shop)
    const url = Object.assign(new URL(shop.database.url), { pathname: '/postgres' }).href
    const rehearsed = await shop.run(['rehearse', '--rehearsal', place === 'url' ? url : place])
    expect(rehearsed.stderr).toBe('')
    expect(rehearsed.exitCode).toBe(0)
    expect(await everything(shop)).toBe(before)
    expect(await shop.leftovers()).toEqual([])

    const report = await shop.report()
    expect(report).toMatchObject({ command: 'rehearse', verdict: 'pass', databaseState: 'unchanged' })
    expect(report.rehearsal).toMatchObject({ outcome: 'passed', place, backupLevel: 'exact' })
    expect(report.backup).toMatchObject({ outcome: 'proven', level: 'exact' })
    expect(report.steps).toMatchObject({ rehearse: { outcome: 'passed' }, confirm: { outcome: 'not-run' } })
    const text = await shop.runFile('report.txt')
    expect(text).toContain('2 tables with 503 rows identical in every value; 0 tables changed.')
    expect(text).toMatch(
      /^ +1 +ALTER TABLE "customers" ADD COLUMN "phone" TEXT .* ACCESS EXCLUSIVE on public\.customers for/m,
    )
    expect(text).toMatch(/^ +public\.customers(?: +[\d.]+ m?s){3}$/m)

    if (place !== 'same-server') return
    const { runId } = report
    await shop.database.query('CREATE INDEX stray ON customers (fax)')
    const changed = await shop.run(['deploy', '--yes', '--rehearsed', runId])
    expect(changed.exitCode).toBe(5)
    expect(changed.stderr).toContain('its plan was another one, or the catalog has changed since')
    await shop.database.query('DROP INDEX stray')
    expect(await everything(shop)).toBe(before)

    // The rows may be others: somebody wrote to one of the tables.
    await shop.database.query('INSERT INTO notes VALUES (4, 4), (5, 5); DELETE FROM notes WHERE id = 1')
    const deployed = await shop.run(['deploy', '--yes', '--rehearsed', runId])
    expect(deployed.stderr).toBe('')
    expect(deployed.exitCode).toBe(0)
    const after = await shop.report()
    expect(after.rehearsal).toMatchObject({ outcome: 'reused', runId })
    expect(after.steps.rehearse.summary).toBe(`rehearsed by run ${runId}, the same plan on the same catalog`)
    const checks = new Map(after.verification?.results.map((one) => [one.id, one]))
    expect(checks.get('rehearsed-catalog')?.outcome).toBe('passed')
    expect(checks.get('rehearsed-data')?.note).toBe('1 of 2 tables identical to the rehearsal')
    expect(checks.get('rehearsed-data:notes')).toMatchObject({
      outcome: 'info',
      note: 'others inserted 2, updated 0 and deleted 1 rows of "notes" since the backup: its number of rows reconciles, its values are not compared',
    })
    expect(await shop.runFile('report.txt')).toContain('its number of rows reconciles')
  },
)

test('deploy rehearses by itself, and values that differ from run to run do not block', async () => {
  const pending = `ALTER TABLE "customers" ADD COLUMN "token" UUID NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "notes" ADD COLUMN "written" TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp();
UPDATE "notes" SET "written" = clock_timestamp() WHERE "id" > 1;
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "at" TIMESTAMPTZ NOT NULL DEFAULT now());
INSERT INTO "visits" SELECT FROM generate_series(1, 3);
`
  const shop = await makeShop({ pending, rehearses: true })
  const accepted = ['update', 'schema-difference'].flatMap((code) => ['--accept', `${code}=meant`])
  const deployed = await shop.run(['deploy', '--yes', '--rehearsal', 'same-server', ...accepted])
  expect(deployed.stderr).toBe('')
  expect(deployed.exitCode).toBe(0)
  const { verification, rehearsal } = await shop.report()
  expect(rehearsal).toMatchObject({ outcome: 'passed', place: 'same-server' })
  expect(verification?.findings.filter(({ code }) => code === 'data-differs')).toEqual([])
  const notes = verification?.results.flatMap(({ id, outcome, note }) =>
    id.startsWith('rehearsed-data:') ? [`${id} ${outcome} ${note}`] : [],
  )
  const varying = (table: string, column: string) =>
    `rehearsed-data:${table} info other values than in the rehearsal in ${column}, whose default is another at every run`
  expect(notes).toEqual([varying('customers', 'token'), varying('notes', 'written'), varying('visits', 'at')])
})

test('a change that no statement explains stops the deploy', async () => {
  const shop = await makeShop({
    pending: `${pendingSql}CREATE STATISTICS "of_notes" ON (look(id)), (customer_id) FROM "notes";\nANALYZE "notes";\n`,
    rehearses: true,
  })
  // ANALYZE calls it, though nobody would think that it writes.
  await shop.database.query(`${more}
    CREATE FUNCTION look(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
      'BEGIN PERFORM public.count_look(); RETURN 1; END';
    CREATE FUNCTION count_look() RETURNS int LANGUAGE plpgsql AS
      'BEGIN UPDATE public.customers SET fax = ''seen'' WHERE id = 7; RETURN 1; END'`)
  const before = await everything(shop)
  const deployed = await shop.run(['deploy', '--yes', '--rehearsal', 'same-server'])
  expect(deployed.stderr).toContain('error: the copy is not well after the migrations: 1 found')
  expect(deployed.exitCode).toBe(5)
  const { rehearsal } = await shop.report()
  expect(rehearsal?.findings).toMatchObject([
    {
      code: 'unexplained-change',
      verdict: 'block',
      object: 'customers',
      message:
        'the migrations change "public"."customers" in the rehearsal, and no statement says so: other values in fax',
    },
  ])
  expect(await shop.runFile('report.txt')).toContain('fax CHANGED, AND NO STATEMENT SAYS SO')
  expect(await everything(shop)).toBe(before)
})

longTest(
  'an after-check that fails on the copy stops the deploy; without a rehearsal only the target shows it',
  async () => {
    const shop = await makeShop({ rehearses: true })
    await shop.write(
      `prisma/migrations/${pendingName}/checks/after/010_phones.sql`,
      '-- title: every customer has a phone\n-- verdict: block\nSELECT id FROM customers WHERE phone IS NULL\n',
    )
    const before = await everything(shop)
    const dry = await shop.run(['deploy', '--dry-run', '--rehearsal', 'same-server'])
    expect(dry.exitCode).toBe(5)
    expect(dry.stderr).toContain('the copy is not well after the migrations: 1 found')
    expect(await everything(shop)).toBe(before)
    const { rehearsal } = await shop.report()
    expect(rehearsal?.findings).toMatchObject([
      { code: 'declared-check', step: 'rehearse', verdict: 'block' },
    ])

    const blind = await shop.run(['deploy', '--yes', '--skip-rehearsal'])
    expect(blind.exitCode).toBe(22)
    expect(blind.stdout).toContain('NOT REHEARSED: skipped by --skip-rehearsal')
    expect(blind.stdout).toMatch(/^rehearsal +NOT REHEARSED$/m)
    const report = await shop.report()
    expect(report.rehearsal).toEqual({ outcome: 'skipped' })
    expect(report.backup).toMatchObject({ level: 'read' })
    for (const name of ['report.txt', 'report.md'])
      expect(await shop.runFile(name)).toContain('NOT REHEARSED')
  },
)

test('without a backup there is nothing to rehearse on, and that is said as loudly', async () => {
  const shop = await makeShop({ rehearses: true })
  const deployed = await shop.run(['deploy', '--yes', '--skip-backup'])
  expect(deployed.exitCode).toBe(0)
  expect(deployed.stdout).toContain('NO BACKUP: skipped by --skip-backup')
  expect(deployed.stdout).toContain('NOT REHEARSED: there is no backup to rehearse on')
  const report = await shop.report()
  expect(report).toMatchObject({ backup: { outcome: 'skipped' }, rehearsal: { outcome: 'skipped' } })
  for (const name of ['report.txt', 'report.md']) {
    const text = await shop.runFile(name)
    expect(text).toContain('NOT REHEARSED')
    expect(text).toContain('NO BACKUP')
  }
})

longTest('a row lost behind our back and an index dropped during the deploy are found after it', async () => {
  const shop = await makeShop({ rehearses: true })
  const deployed = await shop.run(['deploy', '--yes', '--rehearsal', 'same-server'], {
    MIGRATE_GUARD_EFFECT_OBSERVER: writes,
    WRITE_AFTER: 'deploy.prisma',
    // No counter of the server tells of these.
    WRITE_SQL: 'SET track_counts = off; DELETE FROM customers WHERE id = 3; DROP INDEX notes_customer_id_idx',
  })
  expect(deployed.exitCode).toBe(22)
  const { verification, databaseState } = await shop.report()
  expect(databaseState).toBe('changed')
  expect(verification?.findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        code: 'data-differs',
        verdict: 'block',
        message: 'table "customers" has 2 rows, 3 in the rehearsal, and nobody else wrote to it',
      }),
      expect.objectContaining({
        code: 'catalog-differs',
        verdict: 'block',
        object: 'public.notes_customer_id_idx',
      }),
    ]),
  )
})

longTest(
  'a writer between snapshot and deploy is no loss, and the report names what that weakens',
  async () => {
    const shop = await makeShop({ rehearses: true })
    const deployed = await shop.run(['deploy', '--yes', '--rehearsal', 'same-server'], {
      MIGRATE_GUARD_EFFECT_OBSERVER: writes,
      WRITE_AFTER: 'rehearsal.drop-database',
      WRITE_SQL: `INSERT INTO customers VALUES (10, 'new@example.com'); UPDATE customers SET fax = '1' WHERE id = 1;
      SELECT lo_from_bytea(0, 'a picture')`,
    })
    expect(deployed.stderr).toBe('')
    expect(deployed.exitCode).toBe(0)
    const text = await shop.runFile('report.txt')
    expect(text).toContain('1 of 2 tables identical to the rehearsal')
    expect(text).toContain(
      'others inserted 1, updated 1 and deleted 0 rows of "customers" since the backup: its number of rows reconciles',
    )
    expect(text).toContain('the large objects are not as in the rehearsal: 0 large objects there, 1 now')
  },
)
