import { afterAll, expect, test } from '@jest/globals'
import { hostileRow, hostileTimeoutMs, sampleOf } from '../support/hostile.js'
import { makeShop, removeShops } from '../support/shop.js'

// Whoever names a folder, a table or a role chooses what we print.

const row = hostileRow(import.meta.url, 'No name and no message steers the terminal (each in each output)')

afterAll(removeShops)

/** Sets the title, moves the cursor, clears the screen, turns the direction of writing. */
const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u0008'
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/

const formats = [[], ['--json'], ['--format', 'markdown'], ['--debug']]

test(
  'names and messages are cleaned in every output',
  async () => {
    const name = `20260301000000_${evil.replaceAll('/', '')}`
    const shop = await makeShop({ pending: `CREATE TABLE "t${evil}" (id int); SELECT * FROM "no${evil}";` })
    await shop.database.query(`CREATE TABLE "x${evil}" ("c${evil}" text)`)
    await shop.database.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ('1', '', $1, $2)`,
      [`20260102000000_${evil}`, evil],
    )
    await shop.write(
      `prisma/migrations/${name}/migration.sql`,
      `ALTER TABLE "x${evil}" DROP COLUMN "c${evil}";`,
    )
    const commands = ['plan', 'check', 'deploy', 'status', 'resolve', 'verify', `un${evil}known`]
    const all = [['lock'], ...commands.flatMap((command) => formats.map((format) => [command, ...format]))]
    for (const args of sampleOf(all, 6)) {
      const { stdout, stderr } = await shop.run(args)
      expect({ args, found: steering.exec(stdout + stderr)?.[0] }).toEqual({ args })
      row.held()
    }
    for (const args of [
      [`--no${evil}`],
      ['--schema', evil],
      ['--backups', `b${evil}`, '--config', evil],
      [`-${evil}`],
    ]) {
      const { stdout, stderr } = await shop.run(['status', ...args])
      expect({ args, found: steering.exec(stdout + stderr)?.[0] }).toEqual({ args })
      row.held()
    }
  },
  hostileTimeoutMs,
)
