import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { addressOf } from '../support/address.js'
import { differingParts, readDumpText } from '../support/dump-text.js'
import { isLong } from '../support/long.js'
import { useOwnServer } from '../support/own-server.js'
import { proveBackup } from '../support/proven-backup.js'
import { createGround, createRoles, randomSchema, statementsOf } from '../support/random-schema.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import type { TypedValues } from '../support/typed-values.js'

useOwnServer({ fsync: 'off' })

let ground: TestDatabase
let types: readonly TypedValues[]

beforeAll(async () => {
  await createRoles()
  const made = await createGround()
  ground = made.database
  types = made.types
})

/** Options that make pg_restore leave something out, so that the copy differs where there is any of it. */
const sabotage = fc.constantFrom(
  ...['', '', '', '--no-comments', '--no-privileges', '--no-owner', '--no-publications'],
  ...['--schema-only', '--exclude-schema=odd schema'],
)

const timeoutMs = isLong ? 3_600_000 : 180_000

test(
  'a random schema with rows of all types comes back exactly, or what does not is named',
  async () => {
    const seen = { exact: 0, named: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(randomSchema, sabotage, async (schema, option) => {
        const database = await createTestDatabase({ template: ground.name })
        try {
          for (const statement of statementsOf(schema, types)) await database.query(statement)
          const restoreWith = option === '' ? [] : [option]
          const outcome = await proveBackup(
            addressOf(database),
            { place: 'same-server', restoreWith },
            async (copy, { findings, backupLevel }) => ({
              named: findings.map(({ message }) => message),
              backupLevel,
              different: differingParts(
                await readDumpText(addressOf(database)),
                await readDumpText(copy.ownerAddress),
              ),
            }),
          ).catch((error: Error & { code?: string }) => {
            if (option === '' || error.code !== 'restore-failed') throw error
            return undefined
          })
          if (outcome === undefined) {
            seen.refused += 1
            return
          }
          const { named, different, backupLevel } = outcome
          // Both ways: nothing differs silently, and nothing is named that does not differ.
          expect({ different, named, isNamed: named.length > 0 }).toMatchObject({
            isNamed: different.length > 0,
          })
          expect(backupLevel).toBe(different.length > 0 ? 'restored' : 'exact')
          seen[different.length > 0 ? 'named' : 'exact'] += 1
        } finally {
          await database.drop()
        }
      }),
      { numRuns: isLong ? 300 : 6, seed: 20261120, endOnFailure: true },
    )
    // Neither side of it was tested with nothing.
    expect(seen.exact).toBeGreaterThan(0)
    expect(seen.named).toBeGreaterThan(0)
  },
  timeoutMs,
)
