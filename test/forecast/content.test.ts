import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { differences, filesOf, foretell, resetDatabase, runReally } from '../support/forecast.js'
import { createTestDatabase } from '../support/test-database.js'
import { blocks } from './chains/blocks.js'
import type { Chain } from './chains/chain.js'
import { columns } from './chains/columns.js'
import { files } from './chains/files.js'
import { constraints } from './chains/keys.js'
import { names } from './chains/names.js'
import { queries } from './chains/queries.js'
import { rows } from './chains/rows.js'
import { types } from './chains/types.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe.each(Object.entries({ columns, constraints, rows, types, queries, names, blocks, files }))(
  '%s',
  (_, chains) => {
    test.each<Chain>(chains)('$name', async ({ setup, pending, fails, undecided, random = [] }) => {
      await resetDatabase(client, setup)
      const pendingFiles = filesOf(pending)
      const foretold = await foretell(client, pendingFiles)
      const truth = await runReally(client, pendingFiles)

      expect(truth.end && [truth.end.at, truth.end.sqlstate]).toEqual(fails?.slice(0, 2))
      if (undecided) {
        expect(foretold.forecast.failure).toBeUndefined()
        expect(foretold.forecast.doubts.map(({ reason }) => reason).join('\n')).toMatch(undecided)
      } else {
        expect(foretold.forecast.doubts).toEqual([])
        expect(foretold.end?.sqlstate).toEqual(fails?.[1])
        // A constraint may be asked at the end of the transaction; the statement that broke it is named all the same.
        if (truth.end?.at.includes('.')) expect(foretold.end?.at).toEqual(truth.end.at)
        if (fails?.[2] !== undefined) expect(foretold.evidence?.count).toEqual(fails[2])
      }
      if (!fails) expect(differences(foretold, truth, random)).toEqual([])
    })
  },
)
