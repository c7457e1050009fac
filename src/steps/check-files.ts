import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { type CheckFile, type CheckFileSource, readCheckFile } from '../checks/check-file.js'
import type { Finding } from '../domain/finding.js'
import type { MigrationFolder } from '../domain/migration.js'
import { readFileText } from '../sql/file-text.js'
import { loadParser, parseStatements } from '../sql/parser.js'
import type { Tools } from './tools.js'

export type CheckTime = 'before' | 'after'

export interface CheckFiles {
  readonly files: readonly CheckFile[]
  /** Files that are not checks, one finding each. */
  readonly findings: readonly Finding[]
}

/** Reads the user's own checks: those in the folders of the migrations, then those named in the configuration. */
export async function readCheckFiles(
  tools: Tools,
  migrations: readonly Pick<MigrationFolder, 'name' | 'directory'>[],
  time: CheckTime,
): Promise<CheckFiles> {
  await loadParser()
  const sources: CheckFileSource[] = []
  for (const { name, directory } of migrations) {
    for (const path of await listSqlFiles(join(directory, 'checks', time))) {
      sources.push(await readSource(tools, path, { folderId: name, time, migration: name }))
    }
  }
  for (const path of tools.settings.checks[time]) {
    sources.push(
      await readSource(tools, path, {
        folderId: dirname(dirname(relative(tools.project.directory, path))),
        time,
      }),
    )
  }
  const files: CheckFile[] = []
  const findings: Finding[] = []
  for (const source of sources) {
    const check = readCheckFile(source, parseStatements)
    if ('problem' in check) findings.push(notACheck(source, check.problem, time))
    else files.push(check)
  }
  return { files, findings }
}

async function readSource(
  tools: Tools,
  path: string,
  { folderId, time, migration }: { folderId: string; time: CheckTime; migration?: string },
): Promise<CheckFileSource> {
  const file = readFileText(await readFile(path))
  return {
    id: `${folderId}/${time}/${basename(path)}`,
    file: relative(tools.project.directory, path),
    folderId,
    text: 'text' in file ? file.text : '',
    ...(migration ? { migration } : {}),
  }
}

async function listSqlFiles(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
  return names.sort().map((name) => join(folder, name))
}

/** A check that cannot be read is a question without an answer. */
function notACheck({ id, file, migration }: CheckFileSource, problem: string, time: CheckTime): Finding {
  return {
    code: 'check-not-readable',
    kind: 'custom',
    verdict: 'unknown',
    step: time === 'before' ? 'check' : 'verify',
    file,
    object: id,
    ...(migration ? { migration } : {}),
    message: `the check file is not a check: ${problem}`,
    hint: 'Write one query with "-- title:" and "-- verdict: block|warn|info" above it.',
  }
}
