import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { followed } from './corpus/triggers.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('what triggers do is foretold', () => {
  test.each(Object.entries(followed))(
    '%s',
    async (_, { setup, migration, unknown = [], doubts = 0, state }) => {
      const outcome = await foretellAndRun(client, setup, migration)
      expect(outcome).toEqual({
        foretold: state ?? 'passes',
        real: state ?? 'passes',
        doubts: expect.any(Array),
        unknown,
        wrong: {},
      })
      expect(outcome.doubts).toHaveLength(doubts)
    },
  )
})
