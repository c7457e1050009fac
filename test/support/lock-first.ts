import type pg from 'pg'
import type { LockGroup } from '../../src/domain/lock-group.js'
import { makeStaticForecast } from '../../src/forecast/static-forecast.js'
import { filesOf } from './forecast.js'
import { twinOf } from './twin.js'

/** The groups of one file, by today's catalog of the database. */
export async function lockGroupsOf(client: pg.Client, sql: string): Promise<readonly LockGroup[]> {
  const twin = await twinOf(client)
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  try {
    const { lockFirst } = await makeStaticForecast(
      filesOf([sql]),
      { query: (text, values) => client.query(text, values && [...values]) },
      'public',
      twin,
    )
    return lockFirst.get('1') ?? []
  } finally {
    await client.query('ROLLBACK')
  }
}

/** `1: ACCESS EXCLUSIVE customers, SHARE orders`, one for each group. */
export function formatGroups(groups: readonly LockGroup[]): string[] {
  return groups.map(
    ({ beforeStatement, tables }) =>
      `${beforeStatement}: ${tables.map(({ schema, name, mode }) => `${mode} ${schema === 'public' ? '' : `${schema}.`}${name}`).join(', ')}`,
  )
}
