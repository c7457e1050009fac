import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CheckError, ProjectError } from '../../domain/errors.js'
import type { Finding } from '../../domain/finding.js'
import type { HistoryRow, MigrationFolder } from '../../domain/migration.js'
import type { Plan } from '../../domain/plan.js'
import { checksumOf, compareNames, readMigrationFolders } from '../../prisma/migrations-folder.js'
import { transactionModeOf, wrappedStatements } from '../../sql/execution-model.js'
import { catalogExpectationsOf } from '../../sql/expectations.js'
import type { ParsedStatement } from '../../sql/parser.js'
import { scriptEngineOf } from '../../sql/script-engine.js'
import { makePlan } from '../plan.js'
import { planFiles } from '../plan-files.js'
import type { Tools } from '../tools.js'

/** What a rollback takes back, and by which statements. */
export interface ChosenRollback {
  /** A plan whose files are the down scripts, the newest migration first. */
  readonly plan: Plan
  /** Names of the migrations, the newest first. */
  readonly names: readonly string[]
  /** Their rows in the history. */
  readonly rowIds: readonly string[]
  /** All statements of all scripts, in the order in which they run, for one transaction. */
  readonly script: string
  /** The folders that stay applied, in their order, and those that are taken back, the oldest first. */
  readonly staying: readonly MigrationFolder[]
  readonly leaving: readonly MigrationFolder[]
}

/**
 * Chooses the last applied migrations of the target: one, as many as `--steps` says, or all behind `--to`.
 * @throws CheckError where the history forbids it; ProjectError where a migration has no down.sql that can run whole
 */
export async function chooseRollback(tools: Tools): Promise<ChosenRollback> {
  const { mostMigrations, lastToMark, ...settings } = tools.settings
  const { project } = tools
  const plan = await makePlan({ ...tools, settings })
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const rows = appliedRows(plan)
  const chosen = chooseRows(rows, mostMigrations, lastToMark)
  const downs: MigrationFolder[] = []
  for (const { migrationName } of chosen) downs.push(await readDown(migrationName, folders))
  const files = await planFiles(downs, scriptEngineOf('hosted', ''))
  const names = chosen.map(({ migrationName }) => migrationName)
  const statements = files.statements.flatMap((own) => wrappedStatements(own) ?? own)
  assertOneTransaction(statements)
  const hash = createHash('sha256')
    .update(JSON.stringify([plan.hash, downs.map(({ name, checksum }) => [name, checksum])]))
    .digest('hex')
  const left = new Set(names)
  const applied = new Set(rows.map(({ migrationName }) => migrationName))
  return {
    plan: {
      ...plan,
      hash,
      pending: files.pending,
      expectations: catalogExpectationsOf(
        files.pending.map(({ name }, at) => ({ migration: name, statements: files.statements[at] ?? [] })),
      ),
      findings: [
        ...plan.findings.filter(isAboutTarget),
        ...files.findings.filter(({ code }) => code !== 'empty-migration'),
      ],
    },
    names,
    rowIds: chosen.map(({ id }) => id),
    script: statements.map(({ sql }) => `${sql};\n`).join('\n'),
    staying: folders.filter(({ name }) => applied.has(name) && !left.has(name)),
    leaving: folders.filter(({ name }) => left.has(name)),
  }
}

/**
 * Looks again just before acting.
 * @throws CheckError when anything that the plan's hash names has changed
 */
export async function assertStillAsChosen({ plan }: ChosenRollback, tools: Tools): Promise<void> {
  if ((await chooseRollback(tools)).plan.hash === plan.hash) return
  throw new CheckError('plan-out-of-date', 'the database or the migrations changed since the plan was made', {
    hint: 'Run the command again: it looks anew what is there.',
  })
}

/** The rows that count, the newest last. Of rows that began at the same time, such as marked ones, the names tell the order. */
function appliedRows({ history }: Plan): HistoryRow[] {
  const standing = history.filter(({ rolledBackAt }) => rolledBackAt === null)
  const failed = standing.find(({ finishedAt }) => finishedAt === null)
  if (failed) {
    throw new CheckError('failed-migration', `"${failed.migrationName}" was started and never finished`, {
      hint: 'Run npx migrate-guard resolve first.',
    })
  }
  return standing.toSorted((one, other) =>
    one.startedAt === other.startedAt
      ? compareNames(one.migrationName, other.migrationName)
      : history.indexOf(one) - history.indexOf(other),
  )
}

function chooseRows(
  rows: readonly HistoryRow[],
  steps: number | undefined,
  to: string | undefined,
): HistoryRow[] {
  if (rows.length === 0) {
    throw new CheckError('nothing-to-roll-back', 'no migration is applied in this database', {
      hint: 'Run npx migrate-guard status to see its history.',
    })
  }
  if (to === undefined) return rows.slice(-(steps ?? 1)).toReversed()
  const last = rows.findLastIndex(({ migrationName }) => migrationName === to)
  if (last === -1) {
    throw new CheckError('migration-unknown', `"${to}" is not applied in this database`, {
      hint: 'Run npx migrate-guard status: --to names the migration that stays as the last one.',
    })
  }
  if (last === rows.length - 1) {
    throw new CheckError('nothing-to-roll-back', `"${to}" is the last migration already`, {
      hint: 'Nothing is to be done.',
    })
  }
  return rows.slice(last + 1).toReversed()
}

/** The down script of a migration, as if it were a migration of its own. */
async function readDown(name: string, folders: readonly MigrationFolder[]): Promise<MigrationFolder> {
  const folder = folders.find((one) => one.name === name)
  const bytes = folder && (await readFile(join(folder.directory, 'down.sql')).catch(ifMissing))
  if (!folder || !bytes) {
    throw new ProjectError(
      'no-way-back',
      `"${name}" has no ${folder ? 'down.sql' : 'folder here'}, so that it cannot be taken back`,
      {
        hint: folder
          ? `Write one with npx migrate-guard down ${name}, and read it; or go back to the backup: npx migrate-guard resolve --back.`
          : 'Check out the branch that has it.',
      },
    )
  }
  return {
    name,
    // The checks beside the migration are for the way up.
    directory: join(folder.directory, 'down'),
    file: join(dirname(folder.file), 'down.sql'),
    bytes,
    checksum: checksumOf(bytes),
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Half of a way back is worse than none. */
function assertOneTransaction(statements: readonly ParsedStatement[]): void {
  const { mode, reason } = transactionModeOf(statements)
  if (mode === 'all-or-nothing') return
  throw new ProjectError('down-in-parts', `the down.sql cannot run in one transaction: ${reason}`, {
    hint: 'Write it without that statement, such as DROP INDEX without CONCURRENTLY, or run it by hand with psql.',
  })
}

/** What the plan says of pending migrations and of edited files is no matter of a way back. */
function isAboutTarget({ code }: Finding): boolean {
  return ['target-is-standby', 'pooled-connection', 'missing-migration'].includes(code)
}
