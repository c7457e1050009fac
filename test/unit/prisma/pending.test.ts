import { expect, test } from '@jest/globals'
import type { HistoryRow, MigrationFolder } from '../../../src/domain/migration.js'
import { checksumOf } from '../../../src/prisma/migrations-folder.js'
import { findPending } from '../../../src/prisma/pending.js'

function folder(name: string, sql: string | null = `-- ${name}\n`): MigrationFolder {
  const known = {
    name,
    file: `prisma/migrations/${name}/migration.sql`,
    directory: `/app/prisma/migrations/${name}`,
  }
  if (sql === null) return known
  const bytes = Buffer.from(sql)
  return { ...known, bytes, checksum: checksumOf(bytes) }
}

let rowId = 0

function row(migrationName: string, fields: Partial<HistoryRow> = {}): HistoryRow {
  rowId += 1
  return {
    id: `row-${rowId}`,
    migrationName,
    checksum: checksumOf(Buffer.from(`-- ${migrationName}\n`)),
    startedAt: '2026-01-05 09:00:00+00',
    finishedAt: '2026-01-05 09:00:01+00',
    rolledBackAt: null,
    appliedStepsCount: 1,
    ...fields,
  }
}

const failed = { finishedAt: null, appliedStepsCount: 0 }
const rolledBack = { ...failed, rolledBackAt: '2026-01-05 10:00:00+00' }

function pendingNames(folders: MigrationFolder[], history: HistoryRow[]): string[] {
  return findPending(folders, history).pending.map(({ name }) => name)
}

function codes(folders: MigrationFolder[], history: HistoryRow[]): string[] {
  return findPending(folders, history).findings.map(({ code }) => code)
}

test('a new database: everything is pending', () => {
  expect(findPending([folder('1'), folder('2')], [])).toEqual({
    pending: [folder('1'), folder('2')],
    appliedCount: 0,
    findings: [],
  })
})

test('applied ones are not pending', () => {
  const { pending, appliedCount, findings } = findPending([folder('1'), folder('2')], [row('1')])
  expect(pending.map(({ name }) => name)).toEqual(['2'])
  expect(appliedCount).toBe(1)
  expect(findings).toEqual([])
})

test('a failed one blocks, and is not pending', () => {
  const { pending, appliedCount, findings } = findPending([folder('1'), folder('2')], [row('1', failed)])
  expect(pending.map(({ name }) => name)).toEqual(['2'])
  expect(appliedCount).toBe(0)
  expect(findings).toEqual([
    {
      code: 'failed-migration',
      kind: 'history',
      verdict: 'block',
      step: 'plan',
      migration: '1',
      object: '1',
      message:
        'migration "1" was started at 2026-01-05 09:00:00+00 and never finished; Prisma refuses to deploy (P3009)',
      hint: 'Run npx migrate-guard resolve: it finds out what of it is in the database, shows the one right thing to do, and asks.',
    },
  ])
})

test('one that is marked as rolled back runs again, also when its file was edited meanwhile', () => {
  const history = [row('1', { ...rolledBack, checksum: 'of another text' })]
  expect(pendingNames([folder('1')], history)).toEqual(['1'])
  expect(codes([folder('1')], history)).toEqual([])
})

test('rolled back and then applied: not pending, counted once', () => {
  const history = [row('1', rolledBack), row('1', rolledBack), row('1')]
  expect(pendingNames([folder('1')], history)).toEqual([])
  expect(findPending([folder('1')], history).appliedCount).toBe(1)
  expect(codes([folder('1')], history)).toEqual([])
})

test('rolled back and then failed again: blocks', () => {
  const history = [row('1', rolledBack), row('1', failed)]
  expect(pendingNames([folder('1')], history)).toEqual([])
  expect(codes([folder('1')], history)).toEqual(['failed-migration'])
})

test('an edited one blocks', () => {
  const { pending, findings } = findPending([folder('1', '-- other\n')], [row('1')])
  expect(pending).toEqual([])
  expect(findings).toMatchObject([
    {
      code: 'edited-migration',
      verdict: 'block',
      file: 'prisma/migrations/1/migration.sql',
      message: 'migration "1" was edited after it was applied',
    },
  ])
})

test.each([
  ['with CRLF, applied with LF', '-- a\r\nSELECT 1;\r\n', '-- a\nSELECT 1;\n'],
  ['with LF, applied with CRLF', '-- a\nSELECT 1;\n', '-- a\r\nSELECT 1;\r\n'],
  ['with mixed line ends, applied with LF', '-- a\r\nSELECT 1;\n', '-- a\nSELECT 1;\n'],
])('a file %s is not edited', (_name, now, then) => {
  expect(codes([folder('1', now)], [row('1', { checksum: checksumOf(Buffer.from(then)) })])).toEqual([])
})

test('an applied one without a folder blocks, one that was rolled back does not', () => {
  expect(findPending([folder('2')], [row('1'), row('0', rolledBack)]).findings).toMatchObject([
    {
      code: 'missing-migration',
      verdict: 'block',
      message: 'migration "1" is applied in the database and has no folder here',
    },
  ])
})

test('those that were squashed into the oldest folder are one warning', () => {
  const squashed = findPending([folder('3'), folder('4')], [row('1'), row('2'), row('3')])
  expect(squashed.findings).toMatchObject([{ code: 'squashed-history', verdict: 'warn', object: '1' }])
  expect(squashed.findings[0]?.message).toContain('2 applied migrations have no folder any more: "1" to "2"')
})

test('one that was applied after the oldest folder, or sorts after it, was not squashed into it', () => {
  const codesOf = (names: string[]) =>
    findPending(
      [folder('3')],
      names.map((name) => row(name)),
    ).findings.map(({ code, object }) => [code, object])
  expect(codesOf(['3', '1'])).toEqual([['missing-migration', '1']])
  expect(codesOf(['31', '3'])).toEqual([['missing-migration', '31']])
})

test("the name of Prisma's guide sorts before all that it stands for: still one warning, once it is marked", () => {
  const marked = row('000000000000_squashed', { appliedStepsCount: 0 })
  const folders = [folder('000000000000_squashed'), folder('3')]
  expect(findPending(folders, [row('1'), row('2'), marked, row('3')]).findings).toMatchObject([
    { code: 'squashed-history', verdict: 'warn', object: '1' },
  ])
  // One that really ran did not take the place of others.
  expect(codes(folders, [row('1'), row('2'), row('000000000000_squashed'), row('3')])).toEqual([
    'missing-migration',
    'missing-migration',
  ])
})

test.each([
  [
    'all of them, under the name of the guide',
    ['000000000000_squashed'],
    ['1', '2'],
    '000000000000_squashed',
  ],
  ['all of them, under a new name', ['3', '4'], ['1', '2'], '3'],
  ['the first of them', ['2_squashed', '3'], ['1', '2', '3'], '2_squashed'],
])('squashed and not marked yet, %s: one blocker that says how', (_, names, applied, squash) => {
  const { findings } = findPending(
    names.map((name) => folder(name)),
    applied.map((name) => row(name)),
  )
  expect(findings).toMatchObject([{ code: 'squashed-history', verdict: 'block', object: squash }])
  expect(findings[0]?.message).toContain('2 applied migrations have no folder any more: "1" to "2"')
  expect(findings[0]?.hint).toContain(`npx migrate-guard baseline --to ${squash}`)
})

test('another branch is no squash: what is missing came after a file that is here', () => {
  expect(codes([folder('1'), folder('4')], [row('1'), row('2'), row('3')])).toEqual([
    'missing-migration',
    'missing-migration',
  ])
})

test('a pending one that sorts before an applied one is a warning', () => {
  expect(findPending([folder('1'), folder('2'), folder('3')], [row('2')]).findings).toMatchObject([
    {
      code: 'out-of-order-migration',
      verdict: 'warn',
      migration: '1',
      message: 'pending migration "1" sorts before "2", which is applied already',
    },
  ])
})

test('out of order is by bytes, as Prisma sorts', () => {
  // In UTF-16 the second would sort before the first, in bytes it comes after it.
  const bmp = '\uFB01'
  const astral = '\u{1F600}'
  expect(codes([folder(bmp), folder(astral)], [row(bmp)])).toEqual([])
  expect(codes([folder(bmp), folder(astral)], [row(astral)])).toEqual(['out-of-order-migration'])
})

test('a folder without migration.sql blocks, applied or not', () => {
  expect(findPending([folder('1', null)], []).findings).toMatchObject([
    {
      code: 'migration-file-missing',
      verdict: 'block',
      message: 'the migration folder "1" holds no migration.sql; Prisma refuses to deploy (P3015)',
    },
  ])
  expect(codes([folder('1', null)], [row('1')])).toEqual(['migration-file-missing'])
})
