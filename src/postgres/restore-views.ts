import { join } from 'node:path'
import { RehearsalError } from '../domain/errors.js'
import { writePrivateFile } from '../effects/private-files.js'

/** Why the query of a materialized view failed, by `schema.name`, not quoted. */
export type UnfilledViews = ReadonlyMap<string, string>

/** Lines are `id; catalog oid KIND schema name owner`. */
const viewEntry = /^\d+; \d+ \d+ MATERIALIZED VIEW DATA (.*) \S+$/

export function fillsView(line: string): boolean {
  return viewEntry.test(line)
}

/**
 * Fills the materialized views, one after the other and in the order of the dump, as pg_restore does after everything but
 * event triggers. One whose query fails stays as it is, and the others go on: its rows come from tables, so nothing else
 * is lost with them.
 * @param lines of the contents of the dump
 * @param run runs pg_restore
 * @throws InterruptedError when the run was cancelled
 */
export async function fillViews(
  lines: readonly string[],
  folder: string,
  run: (what: readonly string[]) => Promise<void>,
): Promise<UnfilledViews> {
  const unfilled = new Map<string, string>()
  const list = join(folder, 'restore-view')
  for (const line of lines) {
    await writePrivateFile(list, line)
    try {
      await run([`--use-list=${list}`])
    } catch (error) {
      if (!(error instanceof RehearsalError) || error.code !== 'restore-failed') throw error
      const [, name = ''] = viewEntry.exec(line) ?? []
      unfilled.set(
        name.replace(' ', '.'),
        error.message.replace(/^.*? at materialized view data ".*?": /, ''),
      )
    }
  }
  return unfilled
}
