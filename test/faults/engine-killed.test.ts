import { expect, test } from '@jest/globals'
import {
  brake,
  descendantsOf,
  firstMigration,
  makeGuardedDatabase,
  waitFor,
} from '../support/guarded-database.js'
import { isLong } from '../support/long.js'

const phones = '20260201000000_phones'
// It sleeps in its third statement, so that the first two are done when the blow comes.
const sql = `ALTER TABLE people ADD COLUMN phone text;
UPDATE people SET phone = 'none';
${brake}
CREATE TABLE phones (id int PRIMARY KEY);
`
const programs = {
  engine: /engine-host\/main\.js/,
  'Prisma CLI': /prisma\/build\/index\.js migrate deploy/,
}

const blows = [
  ['engine', 'SIGKILL', 0],
  ['engine', 'SIGTERM', 0],
  ['Prisma CLI', 'SIGKILL', null],
  ['Prisma CLI', 'SIGTERM', null],
] as const

test.each(blows.filter(([, signal]) => isLong || signal === 'SIGKILL'))(
  '%s ended by %s in mid-statement: 20, proven unchanged, the next deploy works',
  async (victim, signal, prismaExit) => {
    const guarded = await makeGuardedDatabase({ [phones]: sql })
    await guarded.database.query('INSERT INTO brake VALUES (40)')
    const before = await guarded.truth()
    const running = guarded.start()
    await guarded.untilDeployRuns(/pg_sleep/)
    const { pid } = await waitFor(victim, async () =>
      (await descendantsOf(running.child.pid ?? 0)).find(({ command }) => programs[victim].test(command)),
    )
    process.kill(pid, signal)
    const result = await running.ended()

    expect(result.exitCode).toBe(20)
    expect(result.record.databaseState).toBe('unchanged')
    expect(result.record.failure).toMatchObject({
      code: 'deploy-failed',
      message: expect.stringMatching(`^migration "${phones}" failed.*; the target is proven unchanged$`),
      hint: expect.stringMatching(/^Nothing is wrong with the migration itself: .* the history is clean\.$/),
    })
    // When its engine dies, Prisma mostly says that all is well, and now and then that it is not.
    const ended = prismaExit === 0 ? 'ended with exit code [01]' : '(was ended by|ended with exit code)'
    expect(result.evidence).toMatch(new RegExp(`^prisma migrate deploy ${ended}`))
    expect(result.evidence).toMatch(
      /the server says that transaction \d+ of "20260201000000_phones" is aborted/,
    )
    expect(await guarded.truth()).toEqual({
      ...before,
      history: [`${firstMigration}: finished`, `${phones}: rolled back`],
    })

    if (signal !== 'SIGKILL') return
    await guarded.database.query('TRUNCATE brake')
    expect((await guarded.deploy()).exitCode).toBe(0)
    expect((await guarded.truth()).columns).toContain('phone')
  },
)
