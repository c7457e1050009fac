import { readFile } from 'node:fs/promises'
import type { HistoryRow, MigrationFolder } from '../../domain/migration.js'
import { matchesChecksum } from '../../prisma/migrations-folder.js'
import { readFileText } from '../../sql/file-text.js'
import { loadParser, type ParsedStatement, parseStatements } from '../../sql/parser.js'

/** A migration file as it stands in the history, read and parsed. */
export interface MigrationFile {
  readonly folder: MigrationFolder
  readonly text: string
  readonly statements: readonly ParsedStatement[]
}

/** The file of a row, or why there is none that could speak for it. */
export async function readMigrationFile(
  { migrationName, checksum }: Pick<HistoryRow, 'migrationName' | 'checksum'>,
  folders: readonly MigrationFolder[],
): Promise<MigrationFile | { readonly problem: string }> {
  const folder = folders.find(({ name }) => name === migrationName)
  if (folder?.checksum === undefined) return { problem: `"${migrationName}" has no migration.sql here` }
  if (!matchesChecksum(folder, checksum))
    return { problem: `"${migrationName}" was edited after it was started` }
  await loadParser()
  const bytes = folder.bytes ?? (await readFile(`${folder.directory}/migration.sql`))
  const file = readFileText(bytes)
  if ('problem' in file) return { problem: `"${migrationName}": ${file.problem.message}` }
  const parsed = parseStatements(file.text)
  if ('problem' in parsed) return { problem: `"${migrationName}": ${parsed.problem.message}` }
  return { folder, text: file.text, statements: parsed.statements }
}

/** The statements from this one on, each on its line of the file, so that what the server says of them can be found. */
export function restOf({ statements }: Pick<MigrationFile, 'statements'>, from: number): string {
  let text = ''
  let line = 1
  for (const { sql, line: at, index } of statements) {
    if (index < from) continue
    const padding = '\n'.repeat(Math.max(0, at - line))
    text += `${padding}${sql};`
    line = Math.max(line, at) + sql.split('\n').length - 1
  }
  return text
}
