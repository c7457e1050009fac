import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TableFingerprint } from '../../../src/domain/fingerprint.js'
import type { Reader } from '../../../src/domain/reader.js'
import type { Client } from '../../../src/postgres/connection.js'
import { readFingerprintRequests } from '../../../src/postgres/fingerprint/read-requests.js'
import type { FingerprintRequest } from '../../../src/postgres/fingerprint/request.js'
import { fingerprintTables } from '../../../src/postgres/fingerprint/tables.js'
import { connectTo } from '../../support/address.js'
import { fingerprint } from '../../support/fingerprint.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { literalOf, makeTypes } from '../../support/typed-values.js'

const clients: Client[] = []
async function clientOf(database: { readonly url: string }): Promise<Client> {
  const client = await connectTo(database)
  clients.push(client)
  return client
}
afterAll(async () => {
  for (const client of clients) await client.end()
})

async function requestOf(reader: Reader, table: string): Promise<FingerprintRequest> {
  const request = (await readFingerprintRequests(reader)).find((one) => one.table === table)
  if (request === undefined) throw new Error(`no table ${table}`)
  return request
}

async function one(reader: Reader, request: FingerprintRequest): Promise<TableFingerprint> {
  return (await fingerprintTables([reader], [request]))[0] as TableFingerprint
}

let shop: TestDatabase
beforeAll(async () => {
  shop = await createTestDatabase({
    sql: `
CREATE TABLE small (id int PRIMARY KEY, name varchar(9), price float4);
INSERT INTO small VALUES (-1, 'a', 0.1), (2, 'b', 'NaN'), (70000, '', NULL);
CREATE TABLE wide (name text, id bigint PRIMARY KEY, price float8); INSERT INTO wide SELECT name, id, price FROM small;
CREATE TABLE large (id int PRIMARY KEY, note text); INSERT INTO large SELECT i, 'note ' || i FROM generate_series(1, 20000) i;`,
  })
})

test.each([
  ['uuid', "'00000000-0000-0000-0000-00000000000' || i", 'uuid'],
  ['text', "'key ' || i", 'text'],
  ['numeric', 'i', 'numeric'],
  ['bigint', 'i * 4294967296', 'bigint'],
])('sees values swapped between rows whose key is a %s', async (_, key, type) => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t AS SELECT CAST(${key} AS ${type}) AS id, i AS value FROM generate_series(1, 5) i; ALTER TABLE t ADD PRIMARY KEY (id)`,
  })
  const before = await fingerprint(database)
  await database.query('UPDATE t SET value = 5 - value WHERE value IN (1, 4)')
  const after = await fingerprint(database)
  expect(before.t?.key).toEqual(['id'])
  expect(after.t?.columns[0]).toEqual(before.t?.columns[0])
  expect(after.t?.columns[1]).not.toEqual(before.t?.columns[1])
})

test('sees values swapped between rows whose key has two columns, wherever the two stand', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE t (a int, b int, value int, PRIMARY KEY (b, a)); INSERT INTO t VALUES (1, 2, 5), (2, 1, 6);
CREATE TABLE u (value int, b int, a int, PRIMARY KEY (b, a)); INSERT INTO u SELECT value, b, a FROM t;`,
  })
  const before = await fingerprint(database)
  expect(before.u?.columns[0]).toEqual(before.t?.columns[2])
  await database.query('UPDATE t SET value = 11 - value')
  expect((await fingerprint(database)).t?.columns[2]).not.toEqual(before.t?.columns[2])
})

test('takes another key than that of the table, or none', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE old (id int PRIMARY KEY, name text); INSERT INTO old VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE TABLE new (uid uuid PRIMARY KEY DEFAULT gen_random_uuid(), full_name text, old_id int);
INSERT INTO new (full_name, old_id) SELECT name, id FROM old;`,
  })
  const client = await clientOf(database)
  const [old, fresh] = [await requestOf(client, 'old'), await requestOf(client, 'new')]
  const [, name, id] = fresh.columns
  if (!name || !id) throw new Error('columns are missing')
  const sumOf = async (request: FingerprintRequest) => (await one(client, request)).columns.at(-1)?.sum

  expect(await sumOf({ ...fresh, columns: [name] })).not.toBe(await sumOf(old))
  // Its column may be NULL as far as the server knows, so it is not seeded with the number itself.
  expect(await sumOf({ ...fresh, columns: [name], key: [{ ...id, nullable: false }] })).toBe(await sumOf(old))
  const nullable = old.key.map((column) => ({ ...column, nullable: true }))
  expect(await sumOf({ ...fresh, columns: [name], key: [id] })).toBe(await sumOf({ ...old, key: nullable }))
  const [keyless, other] = [
    await one(client, { ...old, key: [] }),
    await one(client, { ...fresh, columns: [id, name], key: [] }),
  ]
  expect(other.rowSum).toBe(keyless.rowSum)
  expect(other.key).toEqual([])
})

test('sees values of a table without a key that were swapped between columns and rows alike', async () => {
  const database = await createTestDatabase({
    sql: "CREATE TABLE t (a int, b int, name text); INSERT INTO t VALUES (1, 2, 'x'), (2, 1, 'y')",
  })
  const before = await fingerprint(database)
  await database.query('UPDATE t SET a = b, b = a')
  const after = await fingerprint(database)
  expect(after.t?.columns).toEqual(before.t?.columns)
  expect(after.t?.rowSum).not.toBe(before.t?.rowSum)
})

test('tells rows apart by a key of which a part is NULL', async () => {
  const database = await createTestDatabase({
    sql: "CREATE TABLE t (a int, b int, c int, name text); INSERT INTO t VALUES (1, NULL, NULL, 'a'), (2, NULL, NULL, 'b'), (NULL, 1, NULL, 'c')",
  })
  const client = await clientOf(database)
  const request = await requestOf(client, 't')
  const keyed = { ...request, key: request.columns.slice(0, 3) }
  const before = await one(client, keyed)
  for (const [x, y] of ['ab', 'ac', 'bc'].map((pair) => [...pair])) {
    const swap = `UPDATE t SET name = CASE name WHEN '${x}' THEN '${y}' ELSE '${x}' END WHERE name IN ('${x}', '${y}')`
    await database.query(swap)
    expect((await one(client, keyed)).columns[3]?.sum).not.toBe(before.columns[3]?.sum)
    await database.query(swap)
  }
  expect(await one(client, keyed)).toEqual(before)
})

test('compares columns that were widened as what they are now', async () => {
  const client = await clientOf(shop)
  const [small, wide] = [await requestOf(client, 'small'), await requestOf(client, 'wide')]
  const casts: Record<string, string> = { id: 'bigint', name: 'text', price: 'double precision' }
  const widened = small.columns.map((column) => ({ ...column, castTo: casts[column.name] as string }))
  const before = await one(client, { ...small, columns: widened })
  const after = await one(client, wide)
  expect(new Map(before.columns.map((column) => [column.column, column]))).toEqual(
    new Map(after.columns.map((column) => [column.column, column])),
  )
  expect((await one(client, small)).columns[0]?.sum).not.toBe(before.columns[0]?.sum)
})

test('compares a column as a type with modifiers', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE t (id int PRIMARY KEY, day date, amount int); INSERT INTO t VALUES (1, '2026-11-20', 3);
CREATE TABLE u (id int PRIMARY KEY, day timestamp(3), amount numeric(10,2)); INSERT INTO u SELECT * FROM t;`,
  })
  const client = await clientOf(database)
  const [t, u] = [await requestOf(client, 't'), await requestOf(client, 'u')]
  const columns = t.columns.map((column, place) => ({ ...column, castTo: u.columns[place]?.type as string }))
  expect((await one(client, { ...t, columns })).columns).toEqual((await one(client, u)).columns)
})

test('reads the biggest table first, tells how far it is, and answers in the order of the requests', async () => {
  const readers = [await clientOf(shop), await clientOf(shop)]
  const requests = await readFingerprintRequests(readers[0] as Client)
  expect(requests.map(({ table }) => table)).toEqual(['large', 'small', 'wide'])
  const reversed = [...requests].reverse()
  const asked: string[] = []
  const told: number[] = []
  const first = readers[0] as Client
  const watched: Reader = {
    query: (sql, values) => {
      const table = /FROM ONLY "public"."(\w+)"/.exec(sql)?.[1]
      if (table) asked.push(table)
      return first.query(sql, values as unknown[])
    },
  }
  const tables = await fingerprintTables([watched], reversed, {
    onProgress: ({ doneBytes, totalBytes }) => told.push(doneBytes / totalBytes),
  })
  expect(asked[0]).toBe('large')
  expect(told).toHaveLength(3)
  expect(told).toEqual([...told].sort())
  expect(told.at(-1)).toBe(1)
  expect(tables.map(({ table }) => table)).toEqual(['wide', 'small', 'large'])
  expect(await fingerprintTables(readers, reversed)).toEqual(tables)
})

test('counts the plain way where the sum says nothing of the count', async () => {
  const client = await clientOf(shop)
  const request = await requestOf(client, 'small')
  const zeroSum: Reader = {
    query: async (sql, values) => {
      const { rows } = await client.query(sql, values as unknown[])
      if (!sql.includes('AS sums')) return { rows }
      return { rows: rows.map((row) => ({ ...row, sums: ['0', '0', '0'], values: [null, null, null] })) }
    },
  }
  expect((await one(zeroSum, request)).columns.map(({ values }) => values)).toEqual([3, 3, 2])
})

test('leaves the settings of the session as they were', async () => {
  const client = await clientOf(shop)
  await client.query(
    "BEGIN READ ONLY; SET TimeZone = 'Asia/Tokyo'; SET search_path = public; SET DateStyle = 'German'",
  )
  await fingerprintTables([client], await readFingerprintRequests(client))
  const { rows } = await client.query(
    "SELECT current_setting('TimeZone') AS zone, current_setting('search_path') AS path, current_setting('DateStyle') AS style, current_setting('row_security') AS rls",
  )
  expect(rows).toEqual([{ zone: 'Asia/Tokyo', path: 'public', style: 'German, DMY', rls: 'on' }])
  await client.query('ROLLBACK')
})

test('refuses a table of which it would see only some rows, or none', async () => {
  const database = await createTestDatabase({
    sql: `
CREATE TABLE guarded (id int PRIMARY KEY); INSERT INTO guarded VALUES (1), (2);
CREATE TABLE secret (id int PRIMARY KEY);
CREATE ROLE fingerprint_reader LOGIN; GRANT SELECT ON guarded TO fingerprint_reader;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY half ON guarded USING (id = 1);`,
  })
  try {
    const client = await clientOf(database)
    await client.query('SET ROLE fingerprint_reader; SET row_security = on')
    expect((await client.query('SELECT * FROM public.guarded')).rows).toHaveLength(1)
    const requests = await readFingerprintRequests(client)
    const refused = (table: string) =>
      fingerprintTables(
        [client],
        requests.filter((request) => request.table === table),
      )
    await expect(refused('guarded')).rejects.toMatchObject({
      code: 'table-not-readable',
      message:
        'the role cannot read all of "public"."guarded": query would be affected by row-level security policy for table "guarded"',
    })
    await expect(refused('secret')).rejects.toMatchObject({
      code: 'table-not-readable',
      message: 'the role cannot read all of "public"."secret": permission denied for table secret',
    })
    expect((await client.query('SHOW row_security')).rows).toEqual([{ row_security: 'on' }])
  } finally {
    await database.query('DROP OWNED BY fingerprint_reader; DROP ROLE fingerprint_reader')
  }
})

test('asks for no further table when one could not be read', async () => {
  const client = await clientOf(shop)
  const requests = await readFingerprintRequests(client)
  let asked = 0
  const failing: Reader = {
    query: async (sql, values) => {
      if (sql.includes('FROM ONLY')) asked += 1
      if (sql.includes('FROM ONLY "public"."large"')) throw new Error('connection lost')
      await new Promise((resolve) => setTimeout(resolve, 20))
      return client.query(sql, values as unknown[])
    },
  }
  await expect(fingerprintTables([failing, failing], requests)).rejects.toThrow('connection lost')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(asked).toBeLessThan(3)
})

test('lets the server read tables of every type in parallel, with the same result', async () => {
  const database = await createTestDatabase()
  const types = await makeTypes(database)
  await database.query(
    types
      .map((typed, number) => {
        const rows = typed.values.map((value, place) => `(${place}, ${literalOf(typed, value)})`)
        return `CREATE TABLE typed_${number} (id int PRIMARY KEY, x ${typed.type}); INSERT INTO typed_${number} VALUES ${rows.join(', ')}, (99, NULL);`
      })
      .join('\n'),
  )
  const [serial, parallel] = [await clientOf(database), await clientOf(database)]
  await serial.query('SET max_parallel_workers_per_gather = 0')
  await parallel.query(
    'SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0',
  )
  const requests = await readFingerprintRequests(serial)
  const notParallel: string[] = []
  const explaining: Reader = {
    query: async (sql, values) => {
      if (sql.includes('FROM ONLY')) {
        const { rows } = await parallel.query(`EXPLAIN (COSTS OFF) ${sql}`)
        if (!JSON.stringify(rows).includes('Parallel Seq Scan')) notParallel.push(sql)
      }
      return parallel.query(sql, values as unknown[])
    },
  }
  const inParallel = await fingerprintTables([explaining], requests)
  expect(notParallel).toEqual([])
  expect(inParallel).toEqual(await fingerprintTables([serial], requests))
})
