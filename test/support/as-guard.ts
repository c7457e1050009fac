import type pg from 'pg'
import { ownSearchPath } from '../../src/sql/search-path.js'

/** Does `work` with the search_path of the guard's sessions; an end of the transaction may come first. */
export async function asGuard<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const { rows } = await client.query("SELECT current_setting('search_path') AS path")
  await client.query("SELECT set_config('search_path', $1, false)", [ownSearchPath])
  const result = await work()
  await client.query("SELECT set_config('search_path', $1, false)", [rows[0].path])
  return result
}
