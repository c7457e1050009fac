// report: writes the run record out for people and programs. Always done, whatever happened before.
// Writes report.txt, report.md and report.json into the run folder; the target is untouched.
import { join } from 'node:path'
import type { RunRecord } from '../domain/run-record.js'
import { writePrivateFile } from '../effects/private-files.js'
import { makeJsonReport } from '../report/json.js'
import { formatMarkdownReport } from '../report/markdown.js'
import { formatTextReport } from '../report/text.js'

/** Writes the three reports and gives the path of the one for people. */
export async function writeReports(record: RunRecord, runFolder: string): Promise<string> {
  const path = join(runFolder, 'report.txt')
  await writePrivateFile(path, formatTextReport(record))
  await writePrivateFile(join(runFolder, 'report.md'), formatMarkdownReport(record))
  await writePrivateFile(
    join(runFolder, 'report.json'),
    `${JSON.stringify(makeJsonReport(record), null, 2)}\n`,
  )
  return path
}
