import { afterAll, expect } from '@jest/globals'
import { longTest } from '../support/long.js'
import { makeShop, pendingName, removeShops } from '../support/shop.js'

afterAll(removeShops)

longTest(
  'the own checks of before, of the moment of the deploy and of after it have a time-out each, and are warned of',
  async () => {
    const shop = await makeShop()
    const write = (name: string, verdict: string, query: string) =>
      shop.write(
        `prisma/migrations/${pendingName}/checks/${name}.sql`,
        `-- title: ${name}\n-- verdict: ${verdict}\n${query}\n`,
      )
    await write('before/010_slow', 'info', 'SELECT pg_sleep(6) IS NULL AS slept')
    await write('after/010_equal', 'block', '-- equals: before/010_slow.sql\nSELECT false AS slept')
    await write('after/020_slow', 'block', 'SELECT 1 WHERE pg_sleep(6) IS NULL')
    const slow = `${pendingName}/before/010_slow.sql`
    await shop.run([
      ...['deploy', '--yes', '--skip-backup', '--question-timeout', '2s'],
      ...['--accept', `check-not-answered:${slow}="it takes long"`],
    ])
    const { findings, verification } = await shop.report()
    for (const [found, object, step] of [
      [findings, slow, 'check'],
      [verification?.findings, `${pendingName}/after/020_slow.sql`, 'verify'],
    ] as const) {
      expect(found).toContainEqual(expect.objectContaining({ code: 'check-not-answered', object, step }))
      expect(found).toContainEqual(
        expect.objectContaining({ code: 'check-may-act', verdict: 'warn', object, step }),
      )
    }
    // The measurement right before the deploy was cut short too, so there is nothing to compare with.
    expect(verification?.results).toContainEqual(
      expect.objectContaining({ id: `${pendingName}/after/010_equal.sql`, outcome: 'not-made' }),
    )
  },
)
