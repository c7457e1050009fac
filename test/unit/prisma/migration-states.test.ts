import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { HistoryRow, MigrationFolder } from '../../../src/domain/migration.js'
import { migrationStatesOf } from '../../../src/prisma/migration-states.js'
import { checksumOf } from '../../../src/prisma/migrations-folder.js'
import { formatMigrationStates } from '../../../src/report/migration-states-text.js'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'guard-states-'))
  await writeFile(join(directory, 'down.sql'), 'SELECT 1;\n')
})
afterAll(() => rm(directory, { recursive: true }))

const bytes = Buffer.from('SELECT 1;\n')

function folder(name: string, own = '/nowhere'): MigrationFolder {
  return { name, file: `${name}/migration.sql`, directory: own, bytes, checksum: checksumOf(bytes) }
}

function row(migrationName: string, fields: Partial<HistoryRow> = {}): HistoryRow {
  return {
    id: migrationName,
    migrationName,
    checksum: checksumOf(bytes),
    startedAt: '2026-01-05 09:00:00.5+00',
    finishedAt: '2026-01-05 09:00:02.5+00',
    rolledBackAt: null,
    appliedStepsCount: 1,
    ...fields,
  }
}

const folders = ['1_a', '2_b', '3_c', '4_d', '5_e', '6_f', '7_g'].map((name) => folder(name))
const history = [
  row('0_gone'),
  row('1_a'),
  row('2_b', { appliedStepsCount: 0 }),
  row('3_c', { checksum: 'another' }),
  row('4_d', { finishedAt: null }),
  row('5_e', { finishedAt: null, rolledBackAt: '2026-01-05 10:00:00+00' }),
  // Rolled back first, then deployed again.
  row('6_f', { finishedAt: null, rolledBackAt: '2026-01-05 10:00:00+00' }),
  row('6_f', { startedAt: '2026-01-06 09:00:00+00', finishedAt: '2026-01-06 09:00:00.2+00' }),
]

test('each migration of the folder or the history has one state', () => {
  expect(migrationStatesOf(folders, history).map(({ name, kind }) => [name, kind])).toEqual([
    ['0_gone', 'missing'],
    ['1_a', 'applied'],
    ['2_b', 'marked'],
    ['3_c', 'edited'],
    ['4_d', 'failed'],
    ['5_e', 'rolled-back'],
    ['6_f', 'applied'],
    ['7_g', 'pending'],
  ])
})

test('each is a line, with when it ran, how long it took, and whether it can be taken back', () => {
  const states = migrationStatesOf([...folders.slice(0, 6), folder('7_g', directory)], history)
  expect(formatMigrationStates(states)).toEqual([
    '  0_gone  applied, has no folder       2026-01-05 09:00:00',
    '  1_a     applied                      2026-01-05 09:00:00, 2.0 s',
    '  2_b     marked as applied            2026-01-05 09:00:00',
    '  3_c     edited after it was applied  2026-01-05 09:00:00',
    '  4_d     failed                       2026-01-05 09:00:00',
    '  5_e     rolled back                  2026-01-05 10:00:00',
    '  6_f     applied                      2026-01-06 09:00:00, 200 ms',
    '  7_g     pending                      has a down.sql',
  ])
})

test('of a long history the oldest applied ones are counted, and none that needs a look is left out', () => {
  const many = Array.from({ length: 30 }, (_, i) => folder(`${100 + i}`))
  const states = migrationStatesOf(
    many,
    many.map(({ name }, i) => row(name, i === 3 ? { checksum: 'another' } : {})),
  )
  const lines = formatMigrationStates(states)
  expect(lines[0]).toBe('  … 19 older ones applied; --json lists all of them')
  expect(lines[1]).toContain('103  edited after it was applied')
  expect(lines).toHaveLength(12)
})
