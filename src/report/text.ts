import type { ApprovalMethod } from '../domain/approval.js'
import type { BackupLevel, BackupManifest } from '../domain/backup.js'
import type { Deployment, StatementFailure } from '../domain/deployment.js'
import type { CheckResult, Finding } from '../domain/finding.js'
import type { MarkedBaseline } from '../domain/marked-baseline.js'
import type { PendingMigration } from '../domain/migration.js'
import type { OfflinePlan } from '../domain/plan.js'
import { type RunRecord, type StepName, type StepRecord, stepNames } from '../domain/run-record.js'
import type { Block, Fact, Section } from './blocks.js'
import { formatExitCode } from './exit-code-words.js'
import { formatFinding } from './finding-text.js'
import { inOrderOfGravity } from './findings-text.js'
import { listFindings } from './json.js'
import { formatPendingCount, formatStops } from './plan-text.js'
import { makeDataProofBlocks, makeRehearsalBlocks } from './rehearsal-blocks.js'
import { formatApplied, formatDatabaseState, formatHeadline, formatTarget, listOmissions } from './screen.js'
import { formatTraffic } from './traffic-text.js'
import { clean, cleanLines, formatBytes, formatCount, formatMs, formatRow, plural } from './words.js'

/** The whole run record as plain text, for report.txt. */
export function formatTextReport(record: RunRecord): string {
  const sections = makeSections(record).map(({ title, blocks }) =>
    [`${title}\n${'-'.repeat(title.length)}`, ...blocks.map(formatBlock)].join('\n\n'),
  )
  return `${[clean(formatTitle(record)), ...sections].join('\n\n\n')}\n`
}

/** The first line of a report: which tool, which command, which run. */
export function formatTitle({ tool, version, command, runId }: RunRecord): string {
  return `${tool} ${version}: ${command}, run ${runId}`
}

/** What a report says, in the order of the run. */
export function makeSections(record: RunRecord): Section[] {
  return [
    { title: 'Result', blocks: makeResult(record) },
    { title: 'Target', blocks: makeTarget(record) },
    { title: 'Plan', blocks: makePlan(record) },
    { title: 'Steps', blocks: [makeSteps(record)] },
    { title: 'Checks', blocks: makeChecks(record) },
    { title: 'Findings', blocks: makeFindings(record) },
    { title: 'Backup', blocks: makeBackup(record) },
    { title: 'Rehearsal', blocks: makeRehearsal(record) },
    { title: 'Data proof', blocks: makeDataProof(record) },
    { title: 'Approval', blocks: makeApproval(record) },
    { title: 'Deployment', blocks: makeDeployment(record) },
    { title: 'Verification', blocks: makeVerification(record) },
    ...(record.baseline ? [{ title: 'Baseline', blocks: makeBaseline(record.baseline) }] : []),
  ]
}

function makeResult(record: RunRecord): Block[] {
  const facts: Fact[] = [
    ['database', formatDatabaseState(record)],
    ['exit code', formatExitCode(record.exitCode)],
    ['started', record.startedAt],
    ['finished', record.finishedAt ?? 'not recorded'],
  ]
  if (record.failure) facts.unshift(['next', record.failure.hint])
  return [
    { kind: 'sentence', text: formatHeadline(record) },
    ...listOmissions(record).map((text): Block => ({ kind: 'loud', text })),
    { kind: 'facts', facts },
  ]
}

function makeTarget({ plan, offlinePlan, steps }: RunRecord): Block[] {
  if (offlinePlan) return [{ kind: 'sentence', text: 'none: no database was asked' }]
  if (!plan) return [withoutResult('plan', { steps })]
  const { target } = plan
  return [
    {
      kind: 'facts',
      facts: [
        ['database', formatTarget(target)],
        ['schema', target.schema],
        ['database oid', target.databaseOid],
        ['system identifier', target.systemIdentifier],
        ['size', formatBytes(target.databaseSizeBytes)],
        ['in recovery', target.inRecovery ? 'yes' : 'no'],
      ],
    },
  ]
}

function makePlan({ plan, offlinePlan, steps }: RunRecord): Block[] {
  if (offlinePlan) return makeOfflinePlan(offlinePlan)
  if (!plan) return [withoutResult('plan', { steps })]
  return [
    {
      kind: 'facts',
      facts: [
        ['plan hash', plan.hash],
        ['engine', `${plan.engine}, Prisma ${plan.prismaVersion}`],
        ['catalog', plan.catalogHash],
        ['history', `${plural(plan.appliedCount, 'migration')} applied before this run`],
        ['pending', plan.since ? formatPendingCount(plan) : plural(plan.pending.length, 'migration')],
      ],
    },
    ...plan.pending.map(makeMigration),
  ]
}

function makeOfflinePlan({ engine, since, pending }: OfflinePlan): Block[] {
  const facts: Fact[] = [
    ['engine', engine],
    [
      'migrations',
      since === undefined ? formatCount(pending.length) : `${formatCount(pending.length)} new since ${since}`,
    ],
  ]
  return [{ kind: 'facts', facts }, ...pending.map(makeMigration)]
}

function makeMigration({
  name,
  file,
  checksum,
  statements,
  execution,
  dataChanges,
}: PendingMigration): Block {
  const runs =
    execution.mode === 'all-or-nothing'
      ? 'all or nothing: its statements share one transaction'
      : `statement by statement: ${execution.reason ?? 'no reason is recorded'}`
  const changes = dataChanges.map(
    ({ kind, line, text }): Fact => [
      'data change',
      `line ${line} ${kind === 'drop' ? 'drops' : 'rewrites'} data: ${text}`,
    ],
  )
  return {
    kind: 'facts',
    facts: [
      ['migration', name],
      ['file', file],
      ['sha256', checksum],
      ['statements', formatCount(statements.length)],
      ['runs', runs],
      ...formatStops(execution).map((text): Fact => ['when it stops', text]),
      ...(changes.length > 0 ? changes : [['data change', 'none was found in its SQL'] as const]),
    ],
  }
}

/** Every step but the report, which cannot tell of its own end. */
function makeSteps({ steps }: RunRecord): Block {
  const rows = stepNames
    .filter((name) => name !== 'report')
    .map((name) => {
      const { outcome, startedAt, durationMs, summary } = steps[name]
      return [
        name,
        outcome,
        startedAt ?? '',
        durationMs === undefined ? '' : formatMs(durationMs),
        summary ?? '',
      ]
    })
  return makeTable(['step', 'outcome', 'started', 'took', 'summary'], rows)
}

function makeChecks(record: RunRecord): Block[] {
  return record.findings ? [makeCheckTable(record.findings.results)] : [withoutResult('check', record)]
}

function makeCheckTable(results: readonly CheckResult[]): Block {
  const rows = results.map(({ outcome, id, title, facts, note }) => [
    id,
    outcome,
    title,
    [facts && formatRow(facts), note].filter((part) => part !== undefined).join('; '),
  ])
  return makeTable(['check', 'outcome', 'question', 'answer'], rows)
}

function makeFindings(record: RunRecord): Block[] {
  const findings = listFindings(record)
  if (findings.length > 0) return makeFindingList(findings)
  return record.findings ? [{ kind: 'sentence', text: 'none' }] : [withoutResult('check', record)]
}

function makeFindingList(findings: readonly Finding[]): Block[] {
  return inOrderOfGravity(findings).map((finding) => ({ kind: 'verbatim', text: formatFinding(finding) }))
}

/** What each level proves, and what it does not. */
const backupLevelWords: Readonly<Record<BackupLevel, string>> = {
  written:
    'written: the dump is on disk; it has not been read back, so nothing proves that it is complete or restores',
  hashed:
    'hashed: a later change to a file is seen; not read back, so nothing proves that it is complete or restores',
  read: 'read: hashed, read back in full, and its rows counted; not restored, so nothing proves that it restores',
  restored: 'restored: pg_restore made a database of it, in which the differences below were found',
  exact: 'exact: restored, and every table, value and object of the snapshot is in the copy as it was',
}

function makeRehearsal(record: RunRecord): Block[] {
  const { rehearsal } = record
  if (!rehearsal) return [withoutResult('rehearse', record)]
  if (rehearsal.outcome === 'skipped') return [{ kind: 'loud', text: 'SKIPPED: nothing was rehearsed' }]
  return makeRehearsalBlocks(rehearsal)
}

function makeDataProof(record: RunRecord): Block[] {
  const { proof } = record.rehearsal ?? {}
  if (!proof) return [withoutResult('rehearse', record)]
  return makeDataProofBlocks(proof)
}

function makeBackup(record: RunRecord): Block[] {
  const { backup } = record
  if (!backup) return [withoutResult('backup', record)]
  if (backup.outcome === 'skipped') return [{ kind: 'loud', text: 'SKIPPED: this run made no backup' }]
  const { level, path, sizeBytes, durationMs, manifest, manifestSha256 } = backup
  const facts: Fact[] = [
    [
      'level',
      level === undefined ? 'not recorded: nothing is proven about this backup' : backupLevelWords[level],
    ],
    ['path', path ?? 'not recorded'],
  ]
  if (sizeBytes !== undefined) facts.push(['size', formatBytes(sizeBytes)])
  if (durationMs !== undefined) facts.push(['took', formatMs(durationMs)])
  if (manifestSha256 !== undefined) facts.push(['manifest sha256', manifestSha256])
  return [{ kind: 'facts', facts }, ...(manifest ? makeManifest(manifest) : [])]
}

function makeManifest({
  createdAt,
  tool,
  pgDumpVersion,
  snapshotLsn,
  rowCounts,
  files,
  notIncluded,
}: BackupManifest): Block[] {
  const rows = rowCounts.reduce((sum, table) => sum + table.rows, 0)
  return [
    {
      kind: 'facts',
      facts: [
        ['created', createdAt],
        ['tool', tool],
        ['pg_dump', pgDumpVersion],
        ['snapshot LSN', snapshotLsn],
        ['files', formatCount(files.length)],
        ['rows', `${formatCount(rows)} in ${plural(rowCounts.length, 'table')}`],
      ],
    },
    makeTable(
      ['table', 'rows'],
      rowCounts.map((table) => [`${table.schema}.${table.table}`, formatCount(table.rows)]),
    ),
    ...makeList('Not included in this backup', notIncluded),
  ]
}

const approvalWords: Readonly<Record<ApprovalMethod, string>> = {
  'typed-yes': 'yes was typed at the question',
  'typed-database-name': 'the name of the database was typed at the question',
  'yes-option': 'the option --yes',
  'plan-hash': 'the option --confirm with the hash of the plan',
}

function makeApproval(record: RunRecord): Block[] {
  const { approval } = record
  if (!approval) return [withoutResult('confirm', record)]
  return [
    {
      kind: 'facts',
      facts: [
        ['method', approvalWords[approval.method]],
        ['at', approval.at],
        ['for plan hash', approval.planHash],
      ],
    },
  ]
}

function makeDeployment(record: RunRecord): Block[] {
  const { deployment } = record
  if (!deployment) return [withoutResult('deploy', record)]
  return [
    {
      kind: 'facts',
      facts: [
        ['target after it', deployment.state],
        ['complete', deployment.complete ? 'yes' : 'no'],
        ['migrations', formatApplied(deployment.migrations)],
        ['started', deployment.startedAt],
        ['took', formatMs(deployment.durationMs)],
        ...(deployment.prismaSaid ? [['Prisma said', deployment.prismaSaid] as const] : []),
      ],
    },
    makeTable(
      ['migration', 'outcome', 'took', 'error'],
      deployment.migrations.map(({ name, outcome, durationMs, error }) => [
        name,
        outcome,
        durationMs === undefined ? '' : formatMs(durationMs),
        error ? formatStatementFailure(error) : '',
      ]),
    ),
    ...makeTraffic(deployment),
    ...makeList('Evidence', deployment.evidence),
  ]
}

function makeTraffic({ traffic }: Deployment): Block[] {
  const lines = traffic === undefined ? [] : formatTraffic(traffic)
  return lines.length === 0 ? [] : makeList('Other sessions', lines)
}

/** Where a migration stopped and what the server said: `statement 2, line 5, SQLSTATE 23505: duplicate key …`. */
function formatStatementFailure({ statement, line, sqlstate, message }: StatementFailure): string {
  const place: string[] = []
  if (statement !== undefined) place.push(`statement ${statement}`)
  if (line !== undefined) place.push(`line ${line}`)
  if (sqlstate !== undefined) place.push(`SQLSTATE ${sqlstate}`)
  return place.length === 0 ? message : `${place.join(', ')}: ${message}`
}

function makeVerification(record: RunRecord): Block[] {
  const { verification } = record
  if (!verification) return [withoutResult('verify', record)]
  const { outcome, results, findings, schemaDiff } = verification
  return [
    { kind: 'facts', facts: [['outcome', outcome]] },
    makeCheckTable(results),
    ...makeFindingList(findings),
    ...(schemaDiff === ''
      ? [{ kind: 'sentence', text: 'No difference between the target and the Prisma schema.' } as const]
      : [
          { kind: 'sentence', text: 'Difference between the target and the Prisma schema:' } as const,
          { kind: 'verbatim', text: schemaDiff } as const,
        ]),
  ]
}

function makeBaseline({ migrations, hash, marked, approvedBy }: MarkedBaseline): Block[] {
  const facts: Fact[] = [
    ['marked as applied', marked ? 'yes; their rows were seen in the history' : 'no'],
    ['hash', hash],
    ...(approvedBy ? [['approved by', approvedBy] as const] : []),
  ]
  return [{ kind: 'facts', facts }, ...makeList('Migrations', migrations)]
}

/** A step that left no value: its outcome, in words that promise nothing. */
function withoutResult(name: StepName, { steps }: Pick<RunRecord, 'steps'>): Block {
  const { outcome, summary } = steps[name]
  const words: Readonly<Record<StepRecord['outcome'], string>> = {
    'not-run': 'not run',
    running: 'started; no end is recorded',
    passed: 'passed; no result is recorded',
    failed: 'failed; no result is recorded',
    skipped: 'SKIPPED',
  }
  return { kind: 'sentence', text: summary === undefined ? words[outcome] : `${words[outcome]}: ${summary}` }
}

function makeTable(head: readonly [string, ...string[]], rows: readonly (readonly string[])[]): Block {
  return rows.length === 0
    ? { kind: 'sentence', text: `no ${head[0]} is recorded` }
    : { kind: 'table', head, rows }
}

function makeList(title: string, items: readonly string[]): Block[] {
  if (items.length === 0) return [{ kind: 'sentence', text: `${title}: nothing is recorded` }]
  return [
    { kind: 'sentence', text: `${title}:` },
    { kind: 'list', items },
  ]
}

function formatBlock(block: Block): string {
  return blockLines(block)
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n')
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'sentence':
      return [clean(block.text)]
    case 'loud':
      return [`!! ${clean(block.text)}`]
    case 'facts':
      return alignColumns(block.facts)
    case 'list':
      return block.items.map((item) => `- ${clean(item)}`)
    case 'table':
      return alignColumns([block.head, ...block.rows])
    case 'verbatim':
      return cleanLines(block.text)
  }
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(clean))
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
