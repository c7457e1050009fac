import { beforeAll, expect, test } from '@jest/globals'
import type { LargeObjectsFingerprint } from '../../../src/domain/fingerprint.js'
import { fingerprintLargeObjects } from '../../../src/postgres/fingerprint/large-objects.js'
import { connectTo } from '../../support/address.js'
import { restoreCopy } from '../../support/fingerprint.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

async function fingerprintOf(one: TestDatabase) {
  const client = await connectTo(one)
  try {
    return await fingerprintLargeObjects(client)
  } finally {
    await client.end()
  }
}

/** One that is empty, one of a byte, one of exactly a piece, one of two and a half pieces, and one with a hole. */
const objects = `
  SELECT lo_from_bytea(1001, ''); SELECT lo_from_bytea(1002, 'a');
  SELECT lo_from_bytea(1003, convert_to(repeat('x', 1048576), 'UTF8'));
  SELECT lo_from_bytea(1004, convert_to(repeat('xy', 1310720), 'UTF8'));
  SELECT lo_create(1005); SELECT lo_put(1005, 5000000, 'end');`

let database: TestDatabase
let before: LargeObjectsFingerprint
beforeAll(async () => {
  database = await createTestDatabase({ sql: objects })
  before = await fingerprintOf(database)
})

test('is nothing where there are none', async () => {
  expect(await fingerprintOf(await createTestDatabase())).toEqual({ objects: 0, sum: '0' })
})

test('is the same after a dump and a restore, also of an object with a hole', async () => {
  expect(before.objects).toBe(5)
  expect(await fingerprintOf(await restoreCopy(database))).toEqual(before)
})

test.each([
  ['a byte of the first piece', "SELECT lo_put(1003, 0, 'y')"],
  ['the last byte of the last piece', "SELECT lo_put(1004, 2621439, 'z')"],
  ['a byte in a hole', "SELECT lo_put(1005, 100, 'z')"],
  ['a byte more', "SELECT lo_put(1004, 2621440, 'z')"],
  ['a byte more after exactly a piece', "SELECT lo_put(1003, 1048576, 'z')"],
  ['a zero byte more', "SELECT lo_put(1002, 1, '\\x00')"],
  [
    'contents swapped between two',
    "SELECT lo_unlink(1001), lo_unlink(1002); SELECT lo_from_bytea(1002, ''), lo_from_bytea(1001, 'a')",
  ],
  ['an empty one more', 'SELECT lo_create(1006)'],
  ['one less', 'SELECT lo_unlink(1001)'],
])('sees %s', async (_, sql) => {
  const client = await connectTo(database)
  try {
    await client.query(`BEGIN; ${sql}`)
    expect(await fingerprintLargeObjects(client)).not.toEqual(before)
  } finally {
    await client.end()
  }
})

test('says so when the role may not read one', async () => {
  await database.query('CREATE ROLE fingerprint_stranger')
  const client = await connectTo(database)
  try {
    await client.query('SET ROLE fingerprint_stranger')
    await expect(fingerprintLargeObjects(client)).rejects.toMatchObject({
      code: 'large-objects-not-readable',
      message: expect.stringMatching(
        /^the role cannot read all large objects: permission denied for large object 100\d$/,
      ),
    })
  } finally {
    await client.end()
    await database.query('DROP ROLE fingerprint_stranger')
  }
})
