import { describe, expect, test } from '@jest/globals'
import { makeApproval } from '../../../src/domain/approval.js'
import type { Backup, BackupManifest } from '../../../src/domain/backup.js'
import type { Deployment } from '../../../src/domain/deployment.js'
import type { Finding, Findings } from '../../../src/domain/finding.js'
import type { PendingMigration } from '../../../src/domain/migration.js'
import type { Plan } from '../../../src/domain/plan.js'
import { type RunRecord, type StepName, type StepRecord, stepNames } from '../../../src/domain/run-record.js'
import type { TargetIdentity } from '../../../src/domain/target.js'
import { makeJsonReport, makePrediction, makeVerdict } from '../../../src/report/json.js'
import { formatMarkdownReport } from '../../../src/report/markdown.js'
import {
  formatDatabaseState,
  formatHeadline,
  formatLastScreen,
  formatStepLine,
  listOmissions,
} from '../../../src/report/screen.js'
import { formatTextReport } from '../../../src/report/text.js'

const target: TargetIdentity = {
  host: 'db1.example.com',
  port: 5432,
  database: 'shop',
  user: 'deployer',
  schema: 'public',
  databaseOid: '16384',
  systemIdentifier: '7301234567890123456',
  marks: { timeline: 1, statisticsSince: null, clusterName: '', place: null },
  serverVersion: '15.18',
  serverVersionNum: 150018,
  inRecovery: false,
  databaseSizeBytes: 432_013_312,
}

const uniqueEmail: PendingMigration = {
  name: '20261119_unique_email',
  file: 'prisma/migrations/20261119_unique_email/migration.sql',
  directory: '/srv/shop/prisma/migrations/20261119_unique_email',
  checksum: 'a1'.repeat(32),
  statements: [
    {
      index: 1,
      line: 3,
      sql: 'CREATE UNIQUE INDEX customers_email_key ON customers (email)',
      kind: 'IndexStmt',
    },
  ],
  execution: { mode: 'all-or-nothing' },
  dataChanges: [],
}

const dropFax: PendingMigration = {
  name: '20261120_drop_fax',
  file: 'prisma/migrations/20261120_drop_fax/migration.sql',
  directory: '/srv/shop/prisma/migrations/20261120_drop_fax',
  checksum: 'b2'.repeat(32),
  statements: [
    { index: 1, line: 1, sql: 'ALTER TABLE customers DROP COLUMN fax', kind: 'AlterTableStmt' },
    { index: 2, line: 4, sql: 'CREATE INDEX CONCURRENTLY i ON customers (name)', kind: 'IndexStmt' },
  ],
  execution: {
    mode: 'statement-by-statement',
    reason: 'CREATE INDEX CONCURRENTLY cannot run in a transaction',
  },
  dataChanges: [{ kind: 'drop', line: 1, text: 'DROP COLUMN customers.fax' }],
}

const plan: Plan = {
  hash: 'c3'.repeat(32),
  target,
  engine: 'hosted',
  prismaVersion: '7.10.1',
  history: [],
  pending: [uniqueEmail, dropFax],
  appliedCount: 12,
  catalogHash: 'd4'.repeat(32),
  expectations: [],
  findings: [],
}

const duplicates: Finding = {
  code: 'unique-duplicates',
  kind: 'failure',
  verdict: 'block',
  step: 'check',
  message: '12 rows of "customers" share their email with another row',
  migration: '20261119_unique_email',
  file: 'prisma/migrations/20261119_unique_email/migration.sql',
  line: 3,
  object: 'customers_email_key',
  evidence: { count: 12, samples: [{ id: 4 }, { id: 9 }] },
  hint: 'Merge or rename the duplicates, then run again.',
  findSql: 'SELECT id, email\n  FROM customers;',
  fixSql: 'UPDATE customers SET email = NULL WHERE id = 9;',
}

const cleanFindings: Findings = {
  results: [
    { id: 'unique', title: 'no duplicates under the new unique indexes', outcome: 'passed' },
    { id: 'size', title: 'size of the database', outcome: 'info', facts: { bytes: 432013312 } },
    { id: 'disk', title: 'room on the disk', outcome: 'not-made', note: 'the role may not read it' },
  ],
  findings: [],
}

const backup: Backup = {
  outcome: 'proven',
  level: 'read',
  path: '/srv/shop/backups/20261120T043400Z-shop/database.dump',
  sizeBytes: 52_428_800,
  durationMs: 18_000,
  manifestSha256: 'e5'.repeat(32),
  manifest: {
    format: 1,
    runId: '20261120T043400Z-shop',
    createdAt: '2026-11-20T04:34:09.000Z',
    target,
    tool: 'migrate-guard 0.1.0',
    pgDumpVersion: '15.18',
    snapshotLsn: '0/1A2B3C8',
    rowCounts: [
      { schema: 'public', table: 'customers', rows: 1_200_000 },
      { schema: 'public', table: 'orders', rows: 3 },
    ],
    fingerprint: { tables: [], largeObjects: { objects: 0, sum: '0' } },
    catalogHash: 'c'.repeat(64),
    sequencesAfter: {},
    tableWrites: [],
    files: [{ path: 'database.dump/toc.dat', sizeBytes: 4096, sha256: 'f6'.repeat(32) }],
    notIncluded: ['roles and their passwords', 'server settings'],
  },
}

const deployment: Deployment = {
  state: 'changed',
  complete: true,
  startedAt: '2026-11-20T04:35:00.000Z',
  durationMs: 3100,
  migrations: [
    { name: '20261119_unique_email', outcome: 'applied', durationMs: 3000 },
    { name: '20261120_drop_fax', outcome: 'applied', durationMs: 40 },
  ],
  evidence: [
    '_prisma_migrations: 2 rows of this run are finished with the planned checksums',
    'pg_stat_activity: no session of the engine is left',
  ],
}

type StepChanges = Partial<Record<StepName, StepRecord>>

function makeRecord(steps: StepChanges, fields: Partial<RunRecord>): RunRecord {
  const notRun = Object.fromEntries(stepNames.map((name) => [name, { outcome: 'not-run' }]))
  return {
    tool: 'migrate-guard',
    version: '0.1.0',
    command: 'deploy',
    runId: '20261120T043400Z-shop',
    startedAt: '2026-11-20T04:34:00.000Z',
    databaseState: 'unchanged',
    ...fields,
    steps: { ...(notRun as Record<StepName, StepRecord>), ...steps },
  }
}

const planned: StepChanges = {
  plan: {
    outcome: 'passed',
    startedAt: '2026-11-20T04:34:00.100Z',
    durationMs: 210,
    summary: '2 pending migrations',
  },
}
const checked: StepChanges = {
  ...planned,
  check: { outcome: 'passed', durationMs: 900, summary: '0 blockers' },
}
const approved: StepChanges = {
  ...checked,
  backup: { outcome: 'passed', durationMs: 18_000, summary: '50 MB in 18 s   backups/20261120T043400Z-shop' },
  confirm: { outcome: 'passed', durationMs: 5000, summary: 'yes was typed' },
}
const approval = makeApproval({ planHash: plan.hash, method: 'typed-yes', at: '2026-11-20T04:34:55.000Z' })

const blocked = makeRecord(
  { ...planned, check: { outcome: 'failed', durationMs: 900, summary: '1 blocker, 0 warnings' } },
  {
    plan,
    findings: {
      results: [
        {
          id: 'unique',
          title: 'no duplicates under the new unique indexes',
          outcome: 'failed',
          facts: { rows: 12 },
        },
      ],
      findings: [duplicates],
      predictions: { '20261119_unique_email': 'fails', '20261120_drop_fax': 'decided-by-rehearsal' },
    },
    exitCode: 3,
    finishedAt: '2026-11-20T04:34:02.000Z',
    failure: {
      code: 'blocked',
      message: 'the checks found 1 blocker',
      hint: 'Fix the rows that report.txt names, then run again.',
      step: 'check',
    },
  },
)

const passed = makeRecord(
  {
    ...approved,
    deploy: { outcome: 'passed', durationMs: 3100, summary: '2 of 2 migrations applied in 3.1 s' },
    verify: { outcome: 'passed', durationMs: 400, summary: 'no difference from the schema' },
  },
  {
    plan,
    findings: cleanFindings,
    backup,
    approval,
    deployment,
    verification: {
      outcome: 'passed',
      results: [{ id: 'history', title: 'every migration is finished', outcome: 'passed' }],
      findings: [],
      schemaDiff: '',
    },
    databaseState: 'changed',
    exitCode: 0,
    finishedAt: '2026-11-20T04:35:04.000Z',
  },
)

const failedUnchanged = makeRecord(
  {
    ...approved,
    deploy: { outcome: 'failed', durationMs: 1200, summary: 'stopped in 20261119_unique_email' },
  },
  {
    plan,
    findings: cleanFindings,
    backup,
    approval,
    deployment: {
      ...deployment,
      state: 'unchanged',
      complete: false,
      durationMs: 1200,
      migrations: [
        {
          name: '20261119_unique_email',
          outcome: 'failed',
          durationMs: 1100,
          error: {
            statement: 1,
            line: 3,
            sqlstate: '23505',
            message: 'could not create unique index\nKey (email)=(a)',
          },
        },
        { name: '20261120_drop_fax', outcome: 'not-run' },
      ],
      evidence: ['catalog: the same fingerprint as before the deploy'],
    },
    databaseState: 'unchanged',
    exitCode: 20,
    failure: {
      code: 'deploy-failed',
      message: 'migration 20261119_unique_email stopped at line 3',
      hint: 'Fix the duplicates, mark the migration as rolled back with migrate resolve, then run again.',
      step: 'deploy',
    },
  },
)

const deployUnknown = makeRecord(
  { ...approved, deploy: { outcome: 'failed', durationMs: 60_000, summary: 'the connection was lost' } },
  {
    plan,
    findings: cleanFindings,
    backup,
    approval,
    databaseState: 'unknown',
    exitCode: 21,
    failure: {
      code: 'deploy-not-proven',
      message: 'the target could not be looked at after the deploy',
      hint: 'When the server answers again, run migrate-guard verify.',
      step: 'deploy',
    },
  },
)

const nothingPending = makeRecord(
  { plan: { outcome: 'passed', summary: 'nothing is pending' } },
  { plan: { ...plan, pending: [] }, exitCode: 0 },
)

const skippedBackup = makeRecord(
  {
    ...approved,
    backup: { outcome: 'skipped', summary: '--skip-backup' },
    deploy: { outcome: 'passed', summary: '2 of 2 migrations applied in 3.1 s' },
    verify: { outcome: 'passed', summary: 'no difference from the schema' },
  },
  { ...passed, backup: { outcome: 'skipped' } },
)

const sixtyFindings = makeRecord(
  { ...planned, check: { outcome: 'failed', summary: '60 blockers, 0 warnings' } },
  {
    plan,
    findings: {
      results: [],
      findings: Array.from({ length: 60 }, (_, index) => ({ ...duplicates, line: index + 1 })),
    },
    exitCode: 3,
    failure: {
      code: 'blocked',
      message: 'the checks found 60 blockers',
      hint: 'Fix the rows that report.txt names, then run again.',
      step: 'check',
    },
  },
)

const hostileName = 'x\x1b[31m\n|<script>alert(1)</script>`_*[a](b)\u202e'
const hostile = makeRecord(
  { ...planned, check: { outcome: 'failed', summary: hostileName } },
  {
    plan: {
      ...plan,
      target: { ...target, database: hostileName },
      pending: [
        { ...uniqueEmail, name: hostileName, dataChanges: [{ kind: 'drop', line: 1, text: hostileName }] },
      ],
    },
    findings: {
      results: [
        {
          id: 'unique',
          title: hostileName,
          outcome: 'unknown',
          facts: { name: hostileName },
          note: hostileName,
        },
      ],
      findings: [
        {
          ...duplicates,
          verdict: 'unknown',
          message: hostileName,
          object: hostileName,
          findSql: '```\n# loud\n```',
        },
      ],
    },
    exitCode: 3,
    failure: { code: 'blocked', message: hostileName, hint: hostileName, step: 'check' },
  },
)

const running = makeRecord(
  { ...approved, deploy: { outcome: 'running' } },
  { plan, databaseState: 'unknown' },
)

const verificationFailed = makeRecord(
  { ...approved, deploy: { outcome: 'passed' }, verify: { outcome: 'failed', summary: '1 blocker' } },
  {
    ...passed,
    verification: {
      outcome: 'failed',
      results: [{ id: 'schema', title: 'the target is as the Prisma schema says', outcome: 'failed' }],
      findings: [
        {
          code: 'schema-differs',
          kind: 'history',
          verdict: 'block',
          step: 'verify',
          message: 'the target differs from the Prisma schema',
          hint: 'Compare the difference in the report with the migration.',
        },
      ],
      schemaDiff: '[*] Changed the `customers` table\n  [-] Removed column `\x1b[31mfax`\n',
    },
    exitCode: 22,
    failure: {
      code: 'verification-failed',
      message: 'the verification found 1 blocker',
      hint: 'Read the verification in the report.',
      step: 'verify',
    },
  },
)

const noPlan = makeRecord(
  { plan: { outcome: 'failed' } },
  {
    exitCode: 2,
    failure: {
      code: 'target-unreachable',
      message: 'no server answers on db1.example.com:5432',
      hint: 'Check host and port in the connection URL.',
      step: 'plan',
    },
  },
)

const dryRun = makeRecord(
  {
    ...checked,
    backup: { outcome: 'skipped', summary: 'dry run' },
    confirm: { outcome: 'skipped', summary: 'dry run' },
    deploy: { outcome: 'skipped', summary: 'dry run' },
  },
  {
    plan,
    command: 'deploy --dry-run',
    exitCode: 0,
    findings: { ...cleanFindings, findings: [{ ...duplicates, accepted: 'cleaned up tonight' }] },
  },
)

const reportPath = 'backups/20261120T043400Z-shop/report.txt'

test('a step is one line', () => {
  const summary = '412 MB in 18 s   backups/20261120T043400Z-shop/database.dump'
  expect(formatStepLine('backup', { outcome: 'passed', summary })).toBe(
    'backup    passed   412 MB in 18 s   backups/20261120T043400Z-shop/database.dump',
  )
  expect(formatStepLine('rehearse', { outcome: 'not-run' })).toBe('rehearse  not-run')
  expect(formatStepLine('check', { outcome: 'failed', summary: 'a\x1b[1m\nb' })).toBe(
    'check     failed   a b',
  )
})

test.each<[string, RunRecord]>([
  ['failed with exit code 7: another run holds the lock', makeRecord({}, { exitCode: 7 })],
  [
    'failed: an error (bug)',
    makeRecord({}, { exitCode: 1, failure: { code: 'bug', message: 'an error', hint: '', step: null } }),
  ],
  ['unknown: the run has not ended', makeRecord({}, {})],
  ['unknown: no plan is recorded', makeRecord({}, { exitCode: 0 })],
  ['unknown: 2 pending migrations, not checked, not deployed', makeRecord(planned, { plan, exitCode: 0 })],
  [
    'passed: 2 pending migrations, not deployed',
    makeRecord(checked, { plan, findings: cleanFindings, exitCode: 0 }),
  ],
  ['unknown: 2 of 2 migrations applied; verification passed', { ...passed, databaseState: 'unknown' }],
  [
    'unknown: 2 pending migrations, no result of the deploy is recorded',
    { ...running, findings: cleanFindings, exitCode: 0 },
  ],
  [
    'passed: nothing is pending; verification passed',
    { ...passed, plan: { ...plan, pending: [] }, deployment: { ...deployment, migrations: [] } },
  ],
])('the headline says "%s"', (headline, record) => {
  expect(formatHeadline(record)).toBe(headline)
})

test.each<[string, RunRecord]>([
  [
    'unchanged: deploy had nothing to do; the evidence is in the report',
    { ...passed, databaseState: 'unchanged' },
  ],
  ['unchanged as recorded; no result of the deploy is recorded', { ...running, databaseState: 'unchanged' }],
  ['changed; no result of the deploy is recorded', { ...running, databaseState: 'changed' }],
  [
    'changed in part: 0 of 2 migrations applied, 1 failed, 1 not run; not verified',
    {
      ...failedUnchanged,
      databaseState: 'changed',
    },
  ],
])('the state of the database is "%s"', (state, record) => {
  expect(formatDatabaseState(record)).toBe(state)
})

test('a run that stopped before the backup has left nothing out; a dry run to its end has', () => {
  const backedUp = { ...checked, backup: { outcome: 'passed' } } as const
  expect(listOmissions(blocked)).toEqual([])
  expect(listOmissions(nothingPending)).toEqual([])
  expect(listOmissions(makeRecord(backedUp, { plan, exitCode: 5 }))).toEqual([])
  expect(listOmissions(makeRecord(backedUp, { plan, exitCode: 0 }))).toEqual([
    'NOT REHEARSED: the migrations were not tried on a copy of this database',
  ])
  expect(
    listOmissions(makeRecord({ deploy: { outcome: 'running' }, rehearse: { outcome: 'passed' } }, { plan })),
  ).toEqual(['NO BACKUP: there is no backup of this run to go back to'])
})

describe('the last screen', () => {
  test('names what blocks and what to do next', () => {
    expect(
      formatLastScreen(blocked, { reportPath }),
    ).toBe(`failed at check: the checks found 1 blocker (blocked)
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     failed   1 blocker, 0 warnings
backup    not-run
rehearse  not-run
confirm   not-run
deploy    not-run
verify    not-run
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
    12 rows of "customers" share their email with another row
database  unchanged by this run: deploy did not run
next      Fix the rows that report.txt names, then run again.
exit      3: a check found a blocker, or could not tell
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('says what was applied, and that it was not rehearsed', () => {
    expect(
      formatLastScreen(passed, { reportPath }),
    ).toBe(`passed: 2 of 2 migrations applied; verification passed
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    passed   50 MB in 18 s   backups/20261120T043400Z-shop
rehearse  not-run
confirm   passed   yes was typed
deploy    passed   2 of 2 migrations applied in 3.1 s
verify    passed   no difference from the schema
NOT REHEARSED: the migrations were not tried on a copy of this database
database  changed: 2 of 2 migrations applied; verification passed
exit      0: verified; or nothing pending; or the dry run passed
next      npx migrate-guard verify
restore   npx migrate-guard resolve --back
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('says that a failed deploy left the database unchanged', () => {
    expect(
      formatLastScreen(failedUnchanged, { reportPath }),
    ).toBe(`failed at deploy: migration 20261119_unique_email stopped at line 3 (deploy-failed)
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    passed   50 MB in 18 s   backups/20261120T043400Z-shop
rehearse  not-run
confirm   passed   yes was typed
deploy    failed   stopped in 20261119_unique_email
verify    not-run
NOT REHEARSED: the migrations were not tried on a copy of this database
database  unchanged: deploy failed; the evidence is in the report
next      Fix the duplicates, mark the migration as rolled back with migrate resolve, then run again.
exit      20: the deploy failed; the target is proven unchanged
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('says loudly that the state of the database is unknown', () => {
    expect(
      formatLastScreen(deployUnknown, { reportPath }),
    ).toBe(`failed at deploy: the target could not be looked at after the deploy (deploy-not-proven)
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    passed   50 MB in 18 s   backups/20261120T043400Z-shop
rehearse  not-run
confirm   passed   yes was typed
deploy    failed   the connection was lost
verify    not-run
NOT REHEARSED: the migrations were not tried on a copy of this database
database  UNKNOWN: deploy was started and how it ended is not proven; look at the database before anything else
next      When the server answers again, run migrate-guard verify.
exit      21: the deploy failed; the target is changed in part, or its state is unknown
restore   npx migrate-guard resolve --back
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('says that nothing is pending', () => {
    expect(formatLastScreen(nothingPending, { reportPath })).toBe(`passed: nothing is pending
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   nothing is pending
check     not-run
backup    not-run
rehearse  not-run
confirm   not-run
deploy    not-run
verify    not-run
database  unchanged by this run: deploy did not run
exit      0: verified; or nothing pending; or the dry run passed
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('says loudly that there is no backup', () => {
    expect(
      formatLastScreen(skippedBackup, { reportPath }),
    ).toBe(`passed: 2 of 2 migrations applied; verification passed
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    skipped  --skip-backup
rehearse  not-run
confirm   passed   yes was typed
deploy    passed   2 of 2 migrations applied in 3.1 s
verify    passed   no difference from the schema
NO BACKUP: there is no backup of this run to go back to
NOT REHEARSED: the migrations were not tried on a copy of this database
database  changed: 2 of 2 migrations applied; verification passed
exit      0: verified; or nothing pending; or the dry run passed
next      npx migrate-guard verify
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('cuts sixty findings to twenty lines', () => {
    expect(
      formatLastScreen(sixtyFindings, { reportPath }),
    ).toBe(`failed at check: the checks found 60 blockers (blocked)
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     failed   60 blockers, 0 warnings
backup    not-run
rehearse  not-run
confirm   not-run
deploy    not-run
verify    not-run
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:1
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:2
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:4
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:5
  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:6
  … and 54 more, see report.txt
database  unchanged by this run: deploy did not run
next      Fix the rows that report.txt names, then run again.
exit      3: a check found a blocker, or could not tell
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('prints hostile names harmlessly', () => {
    expect(
      formatLastScreen(hostile, { reportPath }),
    ).toBe(`failed at check: x |<script>alert(1)</script>\`_*[a](b) (blocked)
target    x |<script>alert(1)</script>\`_*[a](b) on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     failed   x |<script>alert(1)</script>\`_*[a](b)
backup    not-run
rehearse  not-run
confirm   not-run
deploy    not-run
verify    not-run
  unknown unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
    x |<script>alert(1)</script>\`_*[a](b)
database  unchanged by this run: deploy did not run
next      x |<script>alert(1)</script>\`_*[a](b)
exit      3: a check found a blocker, or could not tell
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('of a run without an end promises nothing', () => {
    expect(
      formatLastScreen(running, { reportPath }),
    ).toBe(`unknown: the run has not ended; deploy is recorded as running
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    passed   50 MB in 18 s   backups/20261120T043400Z-shop
rehearse  not-run
confirm   passed   yes was typed
deploy    running
verify    not-run
NOT REHEARSED: the migrations were not tried on a copy of this database
database  UNKNOWN: deploy was started and how it ended is not proven; look at the database before anything else
exit      none is recorded: the run has not ended
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('says that the verification failed', () => {
    expect(
      formatLastScreen(verificationFailed, { reportPath }),
    ).toBe(`failed at verify: the verification found 1 blocker (verification-failed)
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    passed   50 MB in 18 s   backups/20261120T043400Z-shop
rehearse  not-run
confirm   passed   yes was typed
deploy    passed
verify    failed   1 blocker
  blocker schema-differs
    the target differs from the Prisma schema
NOT REHEARSED: the migrations were not tried on a copy of this database
database  changed: 2 of 2 migrations applied; verification failed
next      Read the verification in the report.
exit      22: the verification failed, after a deploy or in an audit
restore   npx migrate-guard resolve --back
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('does not know the target of a run without a plan', () => {
    expect(
      formatLastScreen(noPlan, { reportPath }),
    ).toBe(`failed at plan: no server answers on db1.example.com:5432 (target-unreachable)
target    not known: the run made no plan
plan      failed
check     not-run
backup    not-run
rehearse  not-run
confirm   not-run
deploy    not-run
verify    not-run
database  unchanged by this run: deploy did not run
next      Check host and port in the connection URL.
exit      2: usage or settings, or a target that cannot be opened as the settings name it
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('of a dry run says that nothing was deployed', () => {
    expect(
      formatLastScreen(dryRun, { reportPath }),
    ).toBe(`passed with warnings: 2 pending migrations, not deployed
target    shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
plan      passed   2 pending migrations
check     passed   0 blockers
backup    skipped  dry run
rehearse  not-run
confirm   skipped  dry run
deploy    skipped  dry run
verify    not-run
NO BACKUP: there is no backup of this run to go back to
NOT REHEARSED: the migrations were not tried on a copy of this database
database  unchanged by this run: deploy did not run
exit      0: verified; or nothing pending; or the dry run passed
report    backups/20261120T043400Z-shop/report.txt`)
  })

  test('never has more than twenty lines, nor an endless one', () => {
    const long = 'x\n'.repeat(10_000)
    const failure = { code: 'c', message: long, hint: long, step: null }
    for (const count of [0, 1, 2, 3, 4, 5, 6, 7, 8, 1000]) {
      for (const record of [blocked, skippedBackup, verificationFailed]) {
        const findings = {
          results: [],
          findings: Array.from({ length: count }, () => ({ ...duplicates, file: long })),
        }
        const lines = formatLastScreen({ ...record, findings, failure }, { reportPath }).split('\n')
        expect(lines.length).toBeLessThanOrEqual(20)
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(200)
      }
    }
  })
})

describe('the text report', () => {
  test('tells a run that passed, from its target to its verification', () => {
    expect(formatTextReport(passed)).toBe(`migrate-guard 0.1.0: deploy, run 20261120T043400Z-shop


Result
------

  passed: 2 of 2 migrations applied; verification passed

  !! NOT REHEARSED: the migrations were not tried on a copy of this database

  database   changed: 2 of 2 migrations applied; verification passed
  exit code  0: verified; or nothing pending; or the dry run passed
  started    2026-11-20T04:34:00.000Z
  finished   2026-11-20T04:35:04.000Z


Target
------

  database           shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
  schema             public
  database oid       16384
  system identifier  7301234567890123456
  size               412 MB
  in recovery        no


Plan
----

  plan hash  c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3
  engine     hosted, Prisma 7.10.1
  catalog    d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4
  history    12 migrations applied before this run
  pending    2 migrations

  migration    20261119_unique_email
  file         prisma/migrations/20261119_unique_email/migration.sql
  sha256       a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
  statements   1
  runs         all or nothing: its statements share one transaction
  data change  none was found in its SQL

  migration    20261120_drop_fax
  file         prisma/migrations/20261120_drop_fax/migration.sql
  sha256       b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2
  statements   2
  runs         statement by statement: CREATE INDEX CONCURRENTLY cannot run in a transaction
  data change  line 1 drops data: DROP COLUMN customers.fax


Steps
-----

  step      outcome  started                   took    summary
  plan      passed   2026-11-20T04:34:00.100Z  210 ms  2 pending migrations
  check     passed                             900 ms  0 blockers
  backup    passed                             18 s    50 MB in 18 s   backups/20261120T043400Z-shop
  rehearse  not-run
  confirm   passed                             5.0 s   yes was typed
  deploy    passed                             3.1 s   2 of 2 migrations applied in 3.1 s
  verify    passed                             400 ms  no difference from the schema


Checks
------

  check   outcome   question                                    answer
  unique  passed    no duplicates under the new unique indexes
  size    info      size of the database                        bytes=432013312
  disk    not-made  room on the disk                            the role may not read it


Findings
--------

  none


Backup
------

  level            read: hashed, read back in full, and its rows counted; not restored, so nothing proves that it restores
  path             /srv/shop/backups/20261120T043400Z-shop/database.dump
  size             50 MB
  took             18 s
  manifest sha256  e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5

  created       2026-11-20T04:34:09.000Z
  tool          migrate-guard 0.1.0
  pg_dump       15.18
  snapshot LSN  0/1A2B3C8
  files         1
  rows          1,200,003 in 2 tables

  table             rows
  public.customers  1,200,000
  public.orders     3

  Not included in this backup:

  - roles and their passwords
  - server settings


Rehearsal
---------

  not run


Data proof
----------

  not run


Approval
--------

  method         yes was typed at the question
  at             2026-11-20T04:34:55.000Z
  for plan hash  c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3


Deployment
----------

  target after it  changed
  complete         yes
  migrations       2 of 2 migrations applied
  started          2026-11-20T04:35:00.000Z
  took             3.1 s

  migration              outcome  took   error
  20261119_unique_email  applied  3.0 s
  20261120_drop_fax      applied  40 ms

  Evidence:

  - _prisma_migrations: 2 rows of this run are finished with the planned checksums
  - pg_stat_activity: no session of the engine is left


Verification
------------

  outcome  passed

  check    outcome  question                     answer
  history  passed   every migration is finished

  No difference between the target and the Prisma schema.
`)
  })

  test('tells a blocked run with its finding in full', () => {
    expect(formatTextReport(blocked)).toBe(`migrate-guard 0.1.0: deploy, run 20261120T043400Z-shop


Result
------

  failed at check: the checks found 1 blocker (blocked)

  next       Fix the rows that report.txt names, then run again.
  database   unchanged by this run: deploy did not run
  exit code  3: a check found a blocker, or could not tell
  started    2026-11-20T04:34:00.000Z
  finished   2026-11-20T04:34:02.000Z


Target
------

  database           shop on db1.example.com:5432 as deployer (PostgreSQL 15.18)
  schema             public
  database oid       16384
  system identifier  7301234567890123456
  size               412 MB
  in recovery        no


Plan
----

  plan hash  c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3
  engine     hosted, Prisma 7.10.1
  catalog    d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4
  history    12 migrations applied before this run
  pending    2 migrations

  migration    20261119_unique_email
  file         prisma/migrations/20261119_unique_email/migration.sql
  sha256       a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
  statements   1
  runs         all or nothing: its statements share one transaction
  data change  none was found in its SQL

  migration    20261120_drop_fax
  file         prisma/migrations/20261120_drop_fax/migration.sql
  sha256       b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2
  statements   2
  runs         statement by statement: CREATE INDEX CONCURRENTLY cannot run in a transaction
  data change  line 1 drops data: DROP COLUMN customers.fax


Steps
-----

  step      outcome  started                   took    summary
  plan      passed   2026-11-20T04:34:00.100Z  210 ms  2 pending migrations
  check     failed                             900 ms  1 blocker, 0 warnings
  backup    not-run
  rehearse  not-run
  confirm   not-run
  deploy    not-run
  verify    not-run


Checks
------

  check   outcome  question                                    answer
  unique  failed   no duplicates under the new unique indexes  rows=12


Findings
--------

  blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
    12 rows of "customers" share their email with another row
    rows: 12; for example id=4, id=9
    find: SELECT id, email
            FROM customers;
    fix:  UPDATE customers SET email = NULL WHERE id = 9;
    hint: Merge or rename the duplicates, then run again.
    override: --accept unique-duplicates:customers_email_key="reason"   (stored in the run record and the report)


Backup
------

  not run


Rehearsal
---------

  not run


Data proof
----------

  not run


Approval
--------

  not run


Deployment
----------

  not run


Verification
------------

  not run
`)
  })

  test('prints hostile names harmlessly', () => {
    expect(formatTextReport(hostile)).toBe(`migrate-guard 0.1.0: deploy, run 20261120T043400Z-shop


Result
------

  failed at check: x |<script>alert(1)</script>\`_*[a](b) (blocked)

  next       x |<script>alert(1)</script>\`_*[a](b)
  database   unchanged by this run: deploy did not run
  exit code  3: a check found a blocker, or could not tell
  started    2026-11-20T04:34:00.000Z
  finished   not recorded


Target
------

  database           x |<script>alert(1)</script>\`_*[a](b) on db1.example.com:5432 as deployer (PostgreSQL 15.18)
  schema             public
  database oid       16384
  system identifier  7301234567890123456
  size               412 MB
  in recovery        no


Plan
----

  plan hash  c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3
  engine     hosted, Prisma 7.10.1
  catalog    d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4
  history    12 migrations applied before this run
  pending    1 migration

  migration    x |<script>alert(1)</script>\`_*[a](b)
  file         prisma/migrations/20261119_unique_email/migration.sql
  sha256       a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
  statements   1
  runs         all or nothing: its statements share one transaction
  data change  line 1 drops data: x |<script>alert(1)</script>\`_*[a](b)


Steps
-----

  step      outcome  started                   took    summary
  plan      passed   2026-11-20T04:34:00.100Z  210 ms  2 pending migrations
  check     failed                                     x |<script>alert(1)</script>\`_*[a](b)
  backup    not-run
  rehearse  not-run
  confirm   not-run
  deploy    not-run
  verify    not-run


Checks
------

  check   outcome  question                               answer
  unique  unknown  x |<script>alert(1)</script>\`_*[a](b)  name="x |<script>alert(1)</script>\`_*[a](b)"; x |<script>alert(1)</script>\`_*[a](b)


Findings
--------

  unknown unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
    x |<script>alert(1)</script>\`_*[a](b)
    rows: 12; for example id=4, id=9
    find: \`\`\`
          # loud
          \`\`\`
    fix:  UPDATE customers SET email = NULL WHERE id = 9;
    hint: Merge or rename the duplicates, then run again.
    override: --accept 'unique-duplicates:x |<script>alert(1)</script>\`_*[a](b)'="reason"   (stored in the run record and the report)


Backup
------

  not run


Rehearsal
---------

  not run


Data proof
----------

  not run


Approval
--------

  not run


Deployment
----------

  not run


Verification
------------

  not run
`)
  })

  test('tells where a failed deploy stopped', () => {
    const report = formatTextReport(failedUnchanged)
    expect(
      section(report, 'Result'),
    ).toBe(`  failed at deploy: migration 20261119_unique_email stopped at line 3 (deploy-failed)

  !! NOT REHEARSED: the migrations were not tried on a copy of this database

  next       Fix the duplicates, mark the migration as rolled back with migrate resolve, then run again.
  database   unchanged: deploy failed; the evidence is in the report
  exit code  20: the deploy failed; the target is proven unchanged
  started    2026-11-20T04:34:00.000Z
  finished   not recorded`)
    expect(section(report, 'Deployment')).toBe(`  target after it  unchanged
  complete         no
  migrations       0 of 2 migrations applied, 1 failed, 1 not run
  started          2026-11-20T04:35:00.000Z
  took             1.2 s

  migration              outcome  took   error
  20261119_unique_email  failed   1.1 s  statement 1, line 3, SQLSTATE 23505: could not create unique index Key (email)=(a)
  20261120_drop_fax      not-run

  Evidence:

  - catalog: the same fingerprint as before the deploy`)
    expect(section(report, 'Verification')).toBe(`  not run`)
  })

  test('of a deploy without an end says what is not known', () => {
    const report = formatTextReport(deployUnknown)
    expect(
      section(report, 'Result'),
    ).toBe(`  failed at deploy: the target could not be looked at after the deploy (deploy-not-proven)

  !! NOT REHEARSED: the migrations were not tried on a copy of this database

  next       When the server answers again, run migrate-guard verify.
  database   UNKNOWN: deploy was started and how it ended is not proven; look at the database before anything else
  exit code  21: the deploy failed; the target is changed in part, or its state is unknown
  started    2026-11-20T04:34:00.000Z
  finished   not recorded`)
    expect(section(report, 'Deployment')).toBe(`  failed; no result is recorded: the connection was lost`)
  })

  test('says loudly that no backup was made', () => {
    const report = formatTextReport(skippedBackup)
    expect(section(report, 'Result')).toBe(`  passed: 2 of 2 migrations applied; verification passed

  !! NO BACKUP: there is no backup of this run to go back to

  !! NOT REHEARSED: the migrations were not tried on a copy of this database

  database   changed: 2 of 2 migrations applied; verification passed
  exit code  0: verified; or nothing pending; or the dry run passed
  started    2026-11-20T04:34:00.000Z
  finished   2026-11-20T04:35:04.000Z`)
    expect(section(report, 'Backup')).toBe(`  !! SKIPPED: this run made no backup`)
  })

  test('shows how the target differs from the schema', () => {
    const report = formatTextReport(verificationFailed)
    expect(section(report, 'Verification')).toBe(`  outcome  failed

  check   outcome  question                                 answer
  schema  failed   the target is as the Prisma schema says

  blocker schema-differs
    the target differs from the Prisma schema
    hint: Compare the difference in the report with the migration.

  Difference between the target and the Prisma schema:

  [*] Changed the \`customers\` table
    [-] Removed column \`fax\``)
  })

  test('gives the reason of an accepted finding', () => {
    const report = formatTextReport(dryRun)
    expect(
      section(report, 'Findings'),
    ).toBe(`  accepted unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
    12 rows of "customers" share their email with another row
    rows: 12; for example id=4, id=9
    find: SELECT id, email
            FROM customers;
    fix:  UPDATE customers SET email = NULL WHERE id = 9;
    hint: Merge or rename the duplicates, then run again.
    accepted: cleaned up tonight`)
  })

  test('has nothing to tell of a plan that was not made', () => {
    const report = formatTextReport(noPlan)
    expect(section(report, 'Target')).toBe(`  failed; no result is recorded`)
    expect(section(report, 'Plan')).toBe(`  failed; no result is recorded`)
    expect(section(report, 'Checks')).toBe(`  not run`)
    expect(section(report, 'Findings')).toBe(`  not run`)
  })

  test('of a run with nothing pending claims no check', () => {
    const report = formatTextReport(nothingPending)
    expect(section(report, 'Result')).toBe(`  passed: nothing is pending

  database   unchanged by this run: deploy did not run
  exit code  0: verified; or nothing pending; or the dry run passed
  started    2026-11-20T04:34:00.000Z
  finished   not recorded`)
    expect(
      section(report, 'Plan'),
    ).toBe(`  plan hash  c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3
  engine     hosted, Prisma 7.10.1
  catalog    d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4
  history    12 migrations applied before this run
  pending    0 migrations`)
    expect(section(report, 'Checks')).toBe(`  not run`)
    expect(section(report, 'Findings')).toBe(`  not run`)
  })

  test.each([
    [
      'written',
      'written: the dump is on disk; it has not been read back, so nothing proves that it is complete or restores',
    ],
    [
      'hashed',
      'hashed: a later change to a file is seen; not read back, so nothing proves that it is complete or restores',
    ],
    [
      'read',
      'read: hashed, read back in full, and its rows counted; not restored, so nothing proves that it restores',
    ],
  ] as const)('says what a backup of level %s proves and what it does not', (level, words) => {
    const report = formatTextReport({ ...passed, backup: { outcome: 'proven', level } })
    expect(section(report, 'Backup')).toBe(`  level  ${words}\n  path   not recorded`)
  })

  test('says so when the level of a backup, its tables and its evidence are not recorded', () => {
    const manifest = { ...backup.manifest, rowCounts: [], notIncluded: [] } as unknown as BackupManifest
    const report = formatTextReport({
      ...passed,
      backup: { outcome: 'proven', manifest },
      deployment: { ...deployment, migrations: [], evidence: [] },
    })
    expect(section(report, 'Backup')).toBe(`  level  not recorded: nothing is proven about this backup
  path   not recorded

  created       2026-11-20T04:34:09.000Z
  tool          migrate-guard 0.1.0
  pg_dump       15.18
  snapshot LSN  0/1A2B3C8
  files         1
  rows          0 in 0 tables

  no table is recorded

  Not included in this backup: nothing is recorded`)
    expect(section(report, 'Deployment')).toContain(
      'no migration is recorded\n\n  Evidence: nothing is recorded',
    )
  })

  test('puts what blocks first, then what was accepted, then the rest', () => {
    const findings: Finding[] = (['info', 'warn', 'block', 'unknown', 'block'] as const).map(
      (verdict, index) => ({
        code: `c${index}`,
        kind: 'health',
        verdict,
        step: 'check',
        message: 'm',
        ...(index === 2 ? { accepted: 'reason' } : {}),
      }),
    )
    const report = formatTextReport({ ...blocked, findings: { results: [], findings } })
    expect(section(report, 'Findings').match(/c\d$/gm)).toEqual(['c4', 'c3', 'c2', 'c1', 'c0'])
  })
})

describe('the Markdown report', () => {
  test('tells a run that passed', () => {
    expect(formatMarkdownReport(passed)).toBe(`# migrate-guard 0.1.0: deploy, run 20261120T043400Z-shop

## Result

passed: 2 of 2 migrations applied; verification passed

> **NOT REHEARSED: the migrations were not tried on a copy of this database**

|  |  |
| --- | --- |
| database | changed: 2 of 2 migrations applied; verification passed |
| exit code | 0: verified; or nothing pending; or the dry run passed |
| started | 2026-11-20T04:34:00.000Z |
| finished | 2026-11-20T04:35:04.000Z |

## Target

|  |  |
| --- | --- |
| database | shop on db1.example.com:5432 as deployer (PostgreSQL 15.18) |
| schema | public |
| database oid | 16384 |
| system identifier | 7301234567890123456 |
| size | 412 MB |
| in recovery | no |

## Plan

|  |  |
| --- | --- |
| plan hash | c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3 |
| engine | hosted, Prisma 7.10.1 |
| catalog | d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4 |
| history | 12 migrations applied before this run |
| pending | 2 migrations |

|  |  |
| --- | --- |
| migration | 20261119_unique_email |
| file | prisma/migrations/20261119_unique_email/migration.sql |
| sha256 | a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 |
| statements | 1 |
| runs | all or nothing: its statements share one transaction |
| data change | none was found in its SQL |

|  |  |
| --- | --- |
| migration | 20261120_drop_fax |
| file | prisma/migrations/20261120_drop_fax/migration.sql |
| sha256 | b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 |
| statements | 2 |
| runs | statement by statement: CREATE INDEX CONCURRENTLY cannot run in a transaction |
| data change | line 1 drops data: DROP COLUMN customers.fax |

## Steps

| step | outcome | started | took | summary |
| --- | --- | --- | --- | --- |
| plan | passed | 2026-11-20T04:34:00.100Z | 210 ms | 2 pending migrations |
| check | passed |  | 900 ms | 0 blockers |
| backup | passed |  | 18 s | 50 MB in 18 s   backups/20261120T043400Z-shop |
| rehearse | not-run |  |  |  |
| confirm | passed |  | 5.0 s | yes was typed |
| deploy | passed |  | 3.1 s | 2 of 2 migrations applied in 3.1 s |
| verify | passed |  | 400 ms | no difference from the schema |

## Checks

| check | outcome | question | answer |
| --- | --- | --- | --- |
| unique | passed | no duplicates under the new unique indexes |  |
| size | info | size of the database | bytes=432013312 |
| disk | not-made | room on the disk | the role may not read it |

## Findings

none

## Backup

|  |  |
| --- | --- |
| level | read: hashed, read back in full, and its rows counted; not restored, so nothing proves that it restores |
| path | /srv/shop/backups/20261120T043400Z-shop/database.dump |
| size | 50 MB |
| took | 18 s |
| manifest sha256 | e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5 |

|  |  |
| --- | --- |
| created | 2026-11-20T04:34:09.000Z |
| tool | migrate-guard 0.1.0 |
| pg_dump | 15.18 |
| snapshot LSN | 0/1A2B3C8 |
| files | 1 |
| rows | 1,200,003 in 2 tables |

| table | rows |
| --- | --- |
| public.customers | 1,200,000 |
| public.orders | 3 |

Not included in this backup:

- roles and their passwords
- server settings

## Rehearsal

not run

## Data proof

not run

## Approval

|  |  |
| --- | --- |
| method | yes was typed at the question |
| at | 2026-11-20T04:34:55.000Z |
| for plan hash | c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3 |

## Deployment

|  |  |
| --- | --- |
| target after it | changed |
| complete | yes |
| migrations | 2 of 2 migrations applied |
| started | 2026-11-20T04:35:00.000Z |
| took | 3.1 s |

| migration | outcome | took | error |
| --- | --- | --- | --- |
| 20261119_unique_email | applied | 3.0 s |  |
| 20261120_drop_fax | applied | 40 ms |  |

Evidence:

- \\_prisma_migrations: 2 rows of this run are finished with the planned checksums
- pg_stat_activity: no session of the engine is left

## Verification

|  |  |
| --- | --- |
| outcome | passed |

| check | outcome | question | answer |
| --- | --- | --- | --- |
| history | passed | every migration is finished |  |

No difference between the target and the Prisma schema.
`)
  })

  test('lets no name become markup', () => {
    expect(formatMarkdownReport(hostile)).toBe(`# migrate-guard 0.1.0: deploy, run 20261120T043400Z-shop

## Result

failed at check: x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) (blocked)

|  |  |
| --- | --- |
| next | x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) |
| database | unchanged by this run: deploy did not run |
| exit code | 3: a check found a blocker, or could not tell |
| started | 2026-11-20T04:34:00.000Z |
| finished | not recorded |

## Target

|  |  |
| --- | --- |
| database | x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) on db1.example.com:5432 as deployer (PostgreSQL 15.18) |
| schema | public |
| database oid | 16384 |
| system identifier | 7301234567890123456 |
| size | 412 MB |
| in recovery | no |

## Plan

|  |  |
| --- | --- |
| plan hash | c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3 |
| engine | hosted, Prisma 7.10.1 |
| catalog | d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4 |
| history | 12 migrations applied before this run |
| pending | 1 migration |

|  |  |
| --- | --- |
| migration | x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) |
| file | prisma/migrations/20261119_unique_email/migration.sql |
| sha256 | a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 |
| statements | 1 |
| runs | all or nothing: its statements share one transaction |
| data change | line 1 drops data: x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) |

## Steps

| step | outcome | started | took | summary |
| --- | --- | --- | --- | --- |
| plan | passed | 2026-11-20T04:34:00.100Z | 210 ms | 2 pending migrations |
| check | failed |  |  | x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) |
| backup | not-run |  |  |  |
| rehearse | not-run |  |  |  |
| confirm | not-run |  |  |  |
| deploy | not-run |  |  |  |
| verify | not-run |  |  |  |

## Checks

| check | outcome | question | answer |
| --- | --- | --- | --- |
| unique | unknown | x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) | name="x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b)"; x \\|&lt;script&gt;alert(1)&lt;/script&gt;\\\`\\_\\*\\[a\\](b) |

## Findings

\`\`\`\`text
unknown unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
  x |<script>alert(1)</script>\`_*[a](b)
  rows: 12; for example id=4, id=9
  find: \`\`\`
        # loud
        \`\`\`
  fix:  UPDATE customers SET email = NULL WHERE id = 9;
  hint: Merge or rename the duplicates, then run again.
  override: --accept 'unique-duplicates:x |<script>alert(1)</script>\`_*[a](b)'="reason"   (stored in the run record and the report)
\`\`\`\`

## Backup

not run

## Rehearsal

not run

## Data proof

not run

## Approval

not run

## Deployment

not run

## Verification

not run
`)
  })
})

test('a line of Markdown cannot begin a heading or a list', () => {
  const evidence = ['# loud', '- listed', '+ listed', '=']
  expect(formatMarkdownReport({ ...passed, deployment: { ...deployment, evidence } })).toContain(
    'Evidence:\n\n- \\# loud\n- \\- listed\n- \\+ listed\n- \\=\n\n',
  )
})

describe('the JSON report', () => {
  test('has the frozen keys, whatever the record holds', () => {
    const keys = [
      'tool',
      'version',
      'command',
      'runId',
      'verdict',
      'prediction',
      'exitCode',
      'target',
      'databaseState',
      'steps',
      'plan',
      'migrations',
      'checks',
      'findings',
      'backup',
      'rehearsal',
      'approval',
      'deployment',
      'verification',
      'failure',
    ]
    for (const record of [passed, noPlan, running]) expect(Object.keys(makeJsonReport(record))).toEqual(keys)
  })

  test('tells a blocked run', () => {
    expect(JSON.parse(JSON.stringify(makeJsonReport(blocked)))).toEqual({
      tool: 'migrate-guard',
      version: '0.1.0',
      command: 'deploy',
      runId: '20261120T043400Z-shop',
      verdict: 'block',
      prediction: 'fails',
      exitCode: 3,
      target: {
        host: 'db1.example.com',
        port: 5432,
        database: 'shop',
        user: 'deployer',
        schema: 'public',
        databaseOid: '16384',
        marks: { timeline: 1, statisticsSince: null, clusterName: '', place: null },
        systemIdentifier: '7301234567890123456',
        serverVersion: '15.18',
        serverVersionNum: 150018,
        inRecovery: false,
        databaseSizeBytes: 432013312,
      },
      databaseState: 'unchanged',
      steps: {
        plan: {
          outcome: 'passed',
          startedAt: '2026-11-20T04:34:00.100Z',
          durationMs: 210,
          summary: '2 pending migrations',
        },
        check: { outcome: 'failed', durationMs: 900, summary: '1 blocker, 0 warnings' },
        backup: { outcome: 'not-run' },
        rehearse: { outcome: 'not-run' },
        confirm: { outcome: 'not-run' },
        deploy: { outcome: 'not-run' },
        verify: { outcome: 'not-run' },
        report: { outcome: 'not-run' },
      },
      plan: {
        hash: 'c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3',
        engine: 'hosted',
        prismaVersion: '7.10.1',
        appliedCount: 12,
        since: null,
        leftOut: [],
        replay: null,
      },
      migrations: [
        {
          name: '20261119_unique_email',
          prediction: 'fails',
          outcome: 'not-run',
          durationMs: null,
          error: null,
          file: 'prisma/migrations/20261119_unique_email/migration.sql',
          checksum: 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1',
          statements: 1,
          statementList: [
            {
              index: 1,
              line: 3,
              kind: 'IndexStmt',
              summary: 'CREATE UNIQUE INDEX customers_email_key ON customers',
              locks: null,
              locksSeen: null,
            },
          ],
          execution: { mode: 'all-or-nothing' },
          lockFirst: null,
          dataChanges: [],
        },
        {
          name: '20261120_drop_fax',
          prediction: 'decided-by-rehearsal',
          outcome: 'not-run',
          durationMs: null,
          error: null,
          file: 'prisma/migrations/20261120_drop_fax/migration.sql',
          checksum: 'b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2',
          statements: 2,
          statementList: [
            {
              index: 1,
              line: 1,
              kind: 'AlterTableStmt',
              summary: 'ALTER TABLE customers DROP COLUMN fax',
              locks: null,
              locksSeen: null,
            },
            {
              index: 2,
              line: 4,
              kind: 'IndexStmt',
              summary: 'CREATE INDEX CONCURRENTLY i ON customers',
              locks: null,
              locksSeen: null,
            },
          ],
          execution: {
            mode: 'statement-by-statement',
            reason: 'CREATE INDEX CONCURRENTLY cannot run in a transaction',
          },
          lockFirst: null,
          dataChanges: [{ kind: 'drop', line: 1, text: 'DROP COLUMN customers.fax' }],
        },
      ],
      checks: [
        {
          id: 'unique',
          title: 'no duplicates under the new unique indexes',
          outcome: 'failed',
          facts: { rows: 12 },
        },
      ],
      findings: [
        {
          code: 'unique-duplicates',
          kind: 'failure',
          verdict: 'block',
          step: 'check',
          migration: '20261119_unique_email',
          file: 'prisma/migrations/20261119_unique_email/migration.sql',
          line: 3,
          object: 'customers_email_key',
          message: '12 rows of "customers" share their email with another row',
          evidence: { count: 12, samples: [{ id: 4 }, { id: 9 }] },
          hint: 'Merge or rename the duplicates, then run again.',
          findSql: 'SELECT id, email\n  FROM customers;',
          fixSql: 'UPDATE customers SET email = NULL WHERE id = 9;',
          accepted: null,
          places: [],
        },
      ],
      backup: null,
      rehearsal: null,
      approval: null,
      deployment: null,
      verification: null,
      failure: {
        code: 'blocked',
        message: 'the checks found 1 blocker',
        hint: 'Fix the rows that report.txt names, then run again.',
        step: 'check',
      },
    })
  })

  test('tells each migration as the deployment found it', () => {
    expect(
      makeJsonReport(failedUnchanged).migrations.map(({ name, outcome, durationMs, error }) => [
        name,
        outcome,
        durationMs,
        error?.sqlstate,
      ]),
    ).toEqual([
      ['20261119_unique_email', 'failed', 1100, '23505'],
      ['20261120_drop_fax', 'not-run', null, undefined],
    ])
    expect(makeJsonReport(deployUnknown).migrations.map(({ outcome }) => outcome)).toEqual([
      'unknown',
      'unknown',
    ])
    expect(makeJsonReport(dryRun).migrations.map(({ outcome }) => outcome)).toEqual(['not-run', 'not-run'])
  })

  test('holds the findings of the verification too', () => {
    expect(makeJsonReport(verificationFailed).findings.map(({ code, step }) => [code, step])).toEqual([
      ['schema-differs', 'verify'],
    ])
  })
})

describe('a prediction', () => {
  const pending = passed.plan?.pending ?? []
  const [first, ...others] = pending.map(({ name }) => name)
  const predict = (fields: Partial<Finding>, predictions = {}) =>
    makePrediction({
      ...passed,
      findings: { results: [], findings: [{ ...duplicates, step: 'plan', ...fields }], predictions },
    })

  test('fails where files or history alone stop Prisma, accepted or not', () => {
    expect(predict({})).toBe('fails')
    expect(predict({ accepted: 'fixed since' })).toBe('fails')
    expect(predict({ kind: 'history', code: 'failed-migration' })).toBe('fails')
  })

  test('is open where nothing was asked of the rows', () => {
    expect(predict({ kind: 'history', code: 'edited-migration' })).toBe('decided-by-rehearsal')
    expect(predict({ kind: 'loss' })).toBe('decided-by-rehearsal')
    expect(predict({ verdict: 'unknown' })).toBe('decided-by-rehearsal')
    expect(predict({ step: 'verify' })).toBe('decided-by-rehearsal')
    // A blocker among the general checks stops us, not Prisma.
    expect(predict({ step: 'check' })).toBe('decided-by-rehearsal')
  })

  test('is that of the rows where they were asked', () => {
    const all = (prediction: string) => Object.fromEntries(pending.map(({ name }) => [name, prediction]))
    expect(predict({ kind: 'loss' }, all('succeeds'))).toBe('succeeds')
    expect(predict({ kind: 'loss' }, { ...all('succeeds'), [String(first)]: 'decided-by-rehearsal' })).toBe(
      'decided-by-rehearsal',
    )
    expect(predict({ kind: 'loss' }, { ...all('decided-by-rehearsal'), [String(first)]: 'fails' })).toBe(
      'fails',
    )
    expect(others.length).toBeGreaterThan(0)
  })

  test('is that of the rehearsal where there was one', () => {
    const predictAfter = (outcome: 'applied' | 'failed' | 'not-run') =>
      makePrediction({
        ...passed,
        rehearsal: { outcome: 'passed', outcomes: pending.map(({ name }) => ({ name, outcome })) },
      })
    expect((['applied', 'failed', 'not-run'] as const).map(predictAfter)).toEqual([
      'succeeds',
      'fails',
      'decided-by-rehearsal',
    ])
  })
})

describe('the verdict', () => {
  const { verification, ...unverified } = passed
  const { exitCode: _, ...endless } = passed
  const withFinding = (fields: Partial<Finding>): RunRecord => ({
    ...passed,
    findings: { results: [], findings: [{ ...duplicates, ...fields }] },
  })
  test.each<[string, string, RunRecord]>([
    ['of a verified deploy is pass', 'pass', passed],
    ['of a run with nothing pending is pass', 'pass', nothingPending],
    ['with an info is pass', 'pass', withFinding({ verdict: 'info' })],
    ['with a warning is warn', 'warn', withFinding({ verdict: 'warn' })],
    ['with an accepted blocker is warn', 'warn', withFinding({ accepted: 'reason' })],
    ['with a blocker is block', 'block', withFinding({})],
    [
      'with an unknown is unknown, although the exit code is 0',
      'unknown',
      withFinding({ verdict: 'unknown' }),
    ],
    ['of a failed deploy is block', 'block', failedUnchanged],
    ['of a failed verification is block', 'block', verificationFailed],
    ['of a deploy without a known end is unknown', 'unknown', deployUnknown],
    ['of a deploy that was not verified is unknown', 'unknown', unverified],
    [
      'of a deploy that is not complete is unknown',
      'unknown',
      { ...passed, deployment: { ...deployment, complete: false } },
    ],
    ['of a run without an end is unknown', 'unknown', endless],
    ['of a run without a check is unknown', 'unknown', noPlan],
    [
      'of a run of which only the verification was made is its own',
      'pass',
      makeRecord({}, { exitCode: 0, ...(verification && { verification }) }),
    ],
  ])('%s', (_name, verdict, record) => {
    expect(makeVerdict(record)).toBe(verdict)
  })
})

/** What stands under a title of the text report. */
function section(report: string, title: string): string {
  const text = report.split('\n\n\n').find((part) => part.startsWith(`${title}\n-`))
  return text?.split('\n').slice(3).join('\n').replace(/\n$/, '') ?? ''
}
