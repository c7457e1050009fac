import { expect, test } from '@jest/globals'
import { findFreeName } from '../../src/postgres/restored-database/name.js'
import { connectTo } from '../support/address.js'
import { createTestDatabase, queryOnce } from '../support/test-database.js'

test('a name is cut at whole characters so that the server keeps all of it, and never one that is taken', async () => {
  const database = await createTestDatabase()
  const client = await connectTo(database)
  const suffix = '_before_20261120T043400Z'
  try {
    const long = 'ä'.repeat(31)
    const name = await findFreeName(client, long, suffix)
    expect(name).toBe(`${'ä'.repeat(19)}${suffix}`)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
    await queryOnce(database.url, `CREATE DATABASE "${name}"`)
    expect(await findFreeName(client, long, suffix)).toBe(`${'ä'.repeat(18)}${suffix}_2`)
    await queryOnce(database.url, `DROP DATABASE "${name}"`)
  } finally {
    await client.end()
  }
})
