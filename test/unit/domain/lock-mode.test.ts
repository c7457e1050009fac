import { expect, test } from '@jest/globals'
import { isConflict, lockModeOf, lockModes, strongestOf } from '../../../src/domain/lock-mode.js'
import { createTestDatabase } from '../../support/test-database.js'

test('two modes conflict exactly when the server lets one wait for the other', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t (a int)' })
  const [holder, other] = [await database.client(), await database.client()]
  const said: string[] = []
  const happened: string[] = []
  for (const held of lockModes) {
    await holder.query(`BEGIN; LOCK TABLE t IN ${held} MODE`)
    const { rows } = await holder.query(
      `SELECT mode FROM pg_locks WHERE relation = 't'::regclass AND pid = pg_backend_pid()`,
    )
    expect(lockModeOf(rows[0].mode)).toBe(held)
    for (const wanted of lockModes) {
      if (isConflict(wanted, held)) said.push(`${wanted} waits for ${held}`)
      await other.query(`BEGIN; LOCK TABLE t IN ${wanted} MODE NOWAIT`).catch(({ code }) => {
        if (code === '55P03') happened.push(`${wanted} waits for ${held}`)
      })
      await other.query('ROLLBACK')
    }
    await holder.query('ROLLBACK')
  }
  expect(said).toEqual(happened)
  expect(happened).toHaveLength(38)
})

test('the strongest of some modes, and a mode that nobody knows conflicts with everything', () => {
  expect(strongestOf(['SHARE', 'ACCESS SHARE', 'ROW EXCLUSIVE'])).toBe('SHARE')
  expect(isConflict('ALL', 'ACCESS SHARE')).toBe(true)
})
