import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compareTables } from '../../../src/postgres/fingerprint/compare.js'
import { fingerprint, nameless } from '../../support/fingerprint.js'
import { isLong } from '../../support/long.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { literalOf, makeTypes, type TypedValues } from '../../support/typed-values.js'

let database: TestDatabase
let types: readonly TypedValues[]

beforeAll(async () => {
  database = await createTestDatabase()
  types = await makeTypes(database)
})

/** A table of random columns; of a row, `-1` is NULL and every other number chooses one of the type's values. */
interface RandomTable {
  readonly hasKey: boolean
  readonly columns: readonly number[]
  readonly rows: readonly (readonly number[])[]
}

const randomTable: fc.Arbitrary<RandomTable> = fc
  .record({ hasKey: fc.boolean(), columns: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }) })
  .chain(({ hasKey, columns }) =>
    fc.record({
      hasKey: fc.constant(hasKey),
      columns: fc.constant(columns),
      rows: fc.array(
        fc.array(fc.integer({ min: -1, max: 11 }), { minLength: columns.length, maxLength: columns.length }),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
    }),
  )

/** Makes the table, its rows and columns in the orders given. `c0` is column 0 wherever it stands; the key depends on the row. */
function sqlOf(table: RandomTable, rowOrder: readonly number[], columnOrder: readonly number[]): string {
  const typeOf = (column: number) => types[(table.columns[column] ?? 0) % types.length] as TypedValues
  const key = table.hasKey ? ['id bigint PRIMARY KEY'] : []
  const columns = [...key, ...columnOrder.map((column) => `c${column} ${typeOf(column).type}`)].join(', ')
  const rows = rowOrder.map((row) => {
    const values = columnOrder.map((column) => {
      const typed = typeOf(column)
      const choice = table.rows[row]?.[column] ?? -1
      return choice < 0 ? 'NULL' : literalOf(typed, typed.values[choice % typed.values.length] as string)
    })
    return `(${[...(table.hasKey ? [`${row * 4294967297}`] : []), ...values].join(', ')})`
  })
  return `CREATE TABLE t (${columns}); INSERT INTO t VALUES ${rows.join(', ')};`
}

/** What a row holds, so that a change that changes nothing can be told. */
function contentOf(table: RandomTable): string {
  const rows = table.rows.map((row, number) =>
    JSON.stringify([
      table.hasKey ? number : 0,
      ...row.map((choice, column) => {
        const typed = types[(table.columns[column] ?? 0) % types.length] as TypedValues
        return choice < 0 ? null : choice % typed.values.length
      }),
    ]),
  )
  return rows.sort().join('\n')
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

async function fingerprintOf(sql: string) {
  await database.query(`DROP TABLE IF EXISTS t; ${sql}`)
  const { t } = await fingerprint(database)
  if (t === undefined) throw new Error('the table is missing')
  return t
}

const runs = { numRuns: isLong ? 500 : 20, seed: 20261120 }
const timeoutMs = isLong ? 600_000 : 60_000

test(
  'is the same for the same rows in any order, and of a table with a key for any order of the columns',
  async () => {
    await fc.assert(
      fc.asyncProperty(randomTable, fc.infiniteStream(fc.nat()), async (table, random) => {
        const shuffled = (count: number) =>
          upTo(count)
            .map((number) => ({ number, weight: random.next().value as number }))
            .sort((one, other) => one.weight - other.weight)
            .map(({ number }) => number)
        const [rows, columns] = [upTo(table.rows.length), upTo(table.columns.length)]
        const before = await fingerprintOf(sqlOf(table, rows, columns))
        const columnsAfter = table.hasKey ? shuffled(columns.length) : columns
        const after = await fingerprintOf(sqlOf(table, shuffled(rows.length), columnsAfter))
        expect(nameless(after)).toEqual(nameless(before))
        expect(compareTables(before, after)).toEqual([])
      }),
      runs,
    )
  },
  timeoutMs,
)

test(
  'is another one when a value changes, two rows swap values, a row is added, lost or doubled',
  async () => {
    const change = fc.record({
      kind: fc.constantFrom('value', 'swap', 'swap', 'add', 'lose', 'double'),
      row: fc.nat(),
      otherRow: fc.nat(),
      column: fc.nat(),
      choice: fc.integer({ min: -1, max: 11 }),
    })
    await fc.assert(
      fc.asyncProperty(randomTable, change, async (table, { kind, choice, ...at }) => {
        const row = at.row % table.rows.length
        const otherRow = at.otherRow % table.rows.length
        const column = at.column % table.columns.length
        const rows = table.rows.map((values) => [...values])
        const [mine, other] = [rows[row] as number[], rows[otherRow] as number[]]
        if (kind === 'value') mine[column] = choice
        if (kind === 'swap') [mine[column], other[column]] = [other[column] as number, mine[column] as number]
        if (kind === 'add') rows.push(table.columns.map(() => choice))
        if (kind === 'lose') rows.pop()
        if (kind === 'double') rows.push([...mine])
        const changed = { ...table, rows }
        fc.pre(rows.length > 0 && contentOf(changed) !== contentOf(table))
        const columns = upTo(table.columns.length)
        const before = await fingerprintOf(sqlOf(table, upTo(table.rows.length), columns))
        const after = await fingerprintOf(sqlOf(changed, upTo(rows.length), columns))
        expect(compareTables(before, after)).not.toEqual([])
      }),
      runs,
    )
  },
  timeoutMs,
)
