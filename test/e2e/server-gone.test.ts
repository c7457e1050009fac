import { afterAll, expect, test } from '@jest/globals'
import { makeShop, pendingName, removeShops } from '../support/shop.js'

afterAll(removeShops)

test('a server that ends our sessions in the middle of the check: 3, one sentence, nothing changed', async () => {
  const shop = await makeShop()
  await shop.write(
    `prisma/migrations/${pendingName}/checks/before/010_slow.sql`,
    '-- title: Slow\n-- verdict: block\nSELECT 1 WHERE pg_sleep(30) IS NULL\n',
  )
  const unchanged = await shop.fingerprint()
  const running = shop.start(['deploy', '--yes'])
  for (let ended = 0, looked = 0; ended === 0; looked += 1) {
    if (looked > 300) throw new Error('the check never began')
    const rows = await shop.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()`,
    )
    ended = rows.length
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { exitCode, stderr } = await running.result
  expect(stderr).toBe(`error: the target stopped answering: Connection terminated unexpectedly
hint: Look at the server and its log, then run the command again.
`)
  expect(exitCode).toBe(3)
  expect(await shop.fingerprint()).toBe(unchanged)
  expect(await shop.leftovers()).toEqual([])
})
