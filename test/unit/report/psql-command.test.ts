import { expect, test } from '@jest/globals'
import { formatPsql } from '../../../src/report/psql-command.js'

const address = { host: 'db.example', port: 5432, user: 'o\'neil "x"', database: 'postgres' }

test('a psql command quotes for psql and for the shell, and says nothing of a password', () => {
  expect(formatPsql({ ...address, parameters: { sslmode: 'require' } }, ["SELECT 'it''s'", 'B'])).toBe(
    String.raw`psql 'host=db.example port=5432 user='\''o\'\''neil "x"'\'' dbname=postgres sslmode=require' --no-psqlrc --set=ON_ERROR_STOP=1 --command='SELECT '\''it'\'''\''s'\''' --command=B`,
  )
})

test('statements that belong together run in one transaction', () => {
  expect(formatPsql({ ...address, user: 'a', parameters: {} }, ['A', 'B'], { together: true })).toBe(
    "psql 'host=db.example port=5432 user=a dbname=postgres' --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --command=A --command=B",
  )
})
