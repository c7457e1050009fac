import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Crm, makeCrm } from '../support/crm.js'
import { runCli } from '../support/run-cli.js'

let crm: Crm
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guard-test-crm-'))
  crm = await makeCrm(folder, { scale: 0.01 })
})

afterAll(async () => {
  await crm?.drop()
  await rm(folder, { recursive: true, force: true })
})

const guard = (...args: string[]) =>
  runCli(args, { cwd: folder, env: { DATABASE_URL: crm.url }, timeoutMs: 90_000, hasTwin: true })

/** What became of the old tables, by the lines of the migration that did it: before the question, and in the report. */
async function expectProof(stdout: string): Promise<void> {
  const runs = (await readdir(join(folder, 'backups'))).filter((name) => /^\d{8}T/.test(name)).sort()
  const report = await readFile(join(folder, 'backups', runs.at(-1) ?? '', 'report.txt'), 'utf8')
  expect(report).toContain('1 table with 20 rows identical in every value; 3 tables changed.')
  for (const said of [
    'all 2,000 customers are contacts now; 6 of 7 columns identical; company_id rewritten by line 98',
    'all 5,000 orders are there; all 7 columns identical',
    'all 500 companies are there, and 20 rows added by line 91; all 5 columns identical',
  ]) {
    expect(stdout).toContain(said)
    expect(report).toContain(`- ${said}`)
  }
  expect(report).toMatch(/^ +98 +UPDATE "contacts" SET "company_id" .* 20 +[\d.,]+ (kB|bytes)/m)
  expect(report).toMatch(/^ +rehearsed-catalog +passed /m)
  expect(report).toContain('4 of 5 tables identical to the rehearsal')
}

test('customers become contacts: blocked, fixed, deployed, audited, and then there is nothing left to do', async () => {
  const schemaBefore = await crm.query(
    "SELECT count(*)::int AS tables FROM pg_class WHERE relname = 'contacts'",
  )
  expect(schemaBefore).toEqual([{ tables: 0 }])

  const blocked = await guard('deploy', '--dry-run', '--json')
  expect(blocked.exitCode).toBe(3)
  const report = JSON.parse(blocked.stdout)
  expect(report).toMatchObject({ verdict: 'block', databaseState: 'unchanged', exitCode: 3 })
  const [forecast, declared] = report.findings
  expect(report.findings.map((finding: { object: string }) => finding.object)).toEqual([
    'contacts.contacts_tenant_id_email_key',
    '20261120043400_hierarchical_contacts/before/080_duplicate_emails.sql',
  ])
  expect(report.prediction).toBe('fails')
  expect(forecast).toMatchObject({ code: 'unique-violation', line: 140, evidence: { count: 6 } })
  expect(forecast.message).toContain('SQLSTATE 23505')
  expect(await crm.query(forecast.findSql)).toHaveLength(6)
  expect(declared.evidence.count).toBe(6)
  expect(await crm.query(declared.findSql)).toHaveLength(6)

  await crm.query(declared.fixSql)
  const fixed = await guard('check', '--json')
  expect(JSON.parse(fixed.stdout).prediction).toBe('succeeds')
  const dry = await guard('deploy', '--dry-run')
  expect(dry.exitCode).toBe(0)
  expect(await crm.query("SELECT to_regclass('contacts') AS contacts")).toEqual([{ contacts: null }])

  const [{ customers }] = await crm.query('SELECT count(*)::int AS customers FROM customers')
  const deployed = await guard('deploy', '--yes')
  expect(deployed.stderr).toBe('')
  expect(deployed.exitCode).toBe(0)
  expect(deployed.stdout).toContain('passed: 1 of 1 migration applied; verification passed')
  await expectProof(deployed.stdout)
  await crm.readBack(async (client) => {
    expect(await client.contact.count()).toBe(customers)
    const order = await client.order.findFirstOrThrow({ include: { contact: true } })
    expect(order.companyId).toBe(order.contact.companyId)
  })

  const audit = await guard('deploy', '--verify-only')
  expect(audit.exitCode).toBe(0)
  const again = await guard('deploy')
  expect(again.exitCode).toBe(0)
  expect(again.stdout).toContain('nothing pending; 2 migrations applied')
})

test('the run folder of the upgrade is private and holds record, manifest, dump, events and reports', async () => {
  const runs = (await readdir(join(folder, 'backups'))).filter((name) => /^\d{8}T/.test(name)).sort()
  const withDump = []
  for (const run of runs) {
    const names = (await readdir(join(folder, 'backups', run))).sort()
    if (names.includes('events.ndjson')) withDump.push({ run, names })
  }
  expect(withDump).toHaveLength(1)
  expect(withDump[0]?.names).toEqual([
    'catalog-before.json',
    'catalog.json',
    'database.dump',
    'events.ndjson',
    'manifest.json',
    'plan.json',
    'rehearsal-events.ndjson',
    'rehearsed-catalog.json',
    'rehearsed-steps.json',
    'report.json',
    'report.md',
    'report.txt',
    'run.json',
  ])
  const path = join(folder, 'backups', withDump[0]?.run ?? '')
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  for (const name of await readdir(path, { recursive: true })) {
    const { mode } = await stat(join(path, name))
    expect([name, (mode & 0o077).toString(8)]).toEqual([name, '0'])
  }
  const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'))
  expect(manifest.files.map((file: { sha256: string }) => file.sha256.length)).toEqual(
    manifest.files.map(() => 64),
  )
})

test('dry run and audit are held read-only by the server: a check that writes is refused and blocks', async () => {
  const config = join(folder, 'migrate-guard.config.mjs')
  const check = join(folder, 'writes.sql')
  await writeFile(
    check,
    "-- title: A check that writes\n-- verdict: block\nSELECT nextval('contacts_id_seq')\n",
  )
  await writeFile(config, 'export default { checks: { before: ["writes.sql"], after: ["writes.sql"] } }\n')
  const [before] = await crm.query('SELECT last_value, is_called FROM contacts_id_seq')
  for (const args of [['deploy', '--dry-run'], ['verify']]) {
    const result = await guard(...args)
    expect(result.exitCode).toBe(args[0] === 'verify' ? 22 : 3)
    expect(result.stdout).toContain('cannot execute nextval() in a read-only transaction')
  }
  expect(await crm.query('SELECT last_value, is_called FROM contacts_id_seq')).toEqual([before])
  await rm(config)
})

test('an audit names exactly the damage that was done', async () => {
  await crm.query(`
    DROP INDEX orders_company_id_placed_at_idx;
    SET session_replication_role = replica;
    UPDATE orders SET contact_id = 999999999 WHERE id = (SELECT min(id) FROM orders);
    RESET session_replication_role`)
  const result = await guard('verify', '--json')
  expect(result.exitCode).toBe(22)
  const findings = JSON.parse(result.stdout).findings as { code: string; object: string; message: string }[]
  expect(findings.map(({ code, object }) => `${code} ${object}`).sort()).toEqual([
    'declared-check 20261120043400_hierarchical_contacts/after/080_orders_company_is_contacts_company.sql',
    'declared-check 20261120043400_hierarchical_contacts/after/100_indexes_valid.sql',
    'orphan-rows orders.contact_id',
    'schema-difference orders_company_id_placed_at_idx',
  ])
})
