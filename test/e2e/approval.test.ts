import { afterAll, expect, test } from '@jest/globals'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

afterAll(removeShops)

const dropsData = 'ALTER TABLE "customers" DROP COLUMN "fax";\n'
/** The loss itself blocks, and is accepted by name; the question comes on top. */
const lossAccepted = ['--accept', 'drop-column:customers.fax=exported on Monday']
const schemaDiffers = ['--accept', 'schema-difference=the schema is not what is tested here']

async function expectNotApproved(shop: Shop, before: string, code: string): Promise<void> {
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
  const { exitCode, databaseState, approval, steps, failure } = await shop.report()
  expect({ exitCode, databaseState, approval }).toEqual({
    exitCode: 6,
    databaseState: 'unchanged',
    approval: null,
  })
  expect(failure).toMatchObject({ code, step: 'confirm' })
  // The backup was made before the question, and stays; a plan that is not the approved one is refused before it.
  expect([steps.backup.outcome, steps.confirm.outcome, steps.deploy.outcome]).toEqual([
    code === 'plan-changed' ? 'not-run' : 'passed',
    'failed',
    'not-run',
  ])
}

/** What was printed on a terminal, as lines, without its colours. */
function linesOf(printed: string): string {
  return printed.replaceAll('\r\n', '\n').replace(/\u001b\[\d+m/g, '')
}

test.each([
  ['n', 'n\r', []],
  ['only the Enter key', '\r', ['--quiet']],
])('%s at the question declines, which shows what is to be approved, %j', async (_, keys, options) => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const running = shop.start(['deploy', ...options], { terminal: true })
  await running.waitFor(`Deploy to ${shop.database.name}?`)
  // --quiet does not hide it from a person.
  expect(linesOf(running.printed())).toContain(`target      ${shop.database.name} on `)
  expect(running.printed()).toContain('read back in full')
  running.type(keys)
  const { exitCode, stdout } = await running.result
  const printed = linesOf(stdout)
  expect(printed).toContain(
    `failed at confirm: the deploy to "${shop.database.name}" was declined (declined)`,
  )
  // Once on one line: a person has read it then.
  expect(printed.match(/Nothing was changed; run the command again when you are ready/g)).toHaveLength(1)
  expect(exitCode).toBe(6)
  await expectNotApproved(shop, before, 'declined')
})

const question = 'This drops or rewrites data. Type the name of the database to deploy:'

test('a migration that drops data wants the name of the database; another answer, three times, declines', async () => {
  const shop = await makeShop({ pending: dropsData })
  const before = await shop.fingerprint()
  const running = shop.start(['deploy', ...lossAccepted], { terminal: true })
  await running.waitFor(question)
  for (const answer of ['yes', 'y', 'no']) {
    running.type(`${answer}\r`)
    if (answer !== 'no') await running.waitFor(`"${answer}" is not the name of the database`)
  }
  expect((await running.result).exitCode).toBe(6)
  await expectNotApproved(shop, before, 'declined')
})

test('the typed name of the database approves, also after it was mistyped', async () => {
  const shop = await makeShop({ pending: dropsData })
  const running = shop.start(['deploy', ...lossAccepted, ...schemaDiffers], { terminal: true })
  await running.waitFor(question)
  expect(running.printed()).toContain('drops data, line 1: DROP COLUMN customers.fax')
  running.type(`${shop.database.name}x\r`)
  await running.waitFor('is not the name of the database; an empty answer declines')
  running.type(`${shop.database.name}\r`)
  expect((await running.result).exitCode).toBe(0)
  expect((await shop.report()).approval?.method).toBe('typed-database-name')
})

test('Ctrl-C typed at the question', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const running = shop.start(['deploy'], { terminal: true })
  await running.waitFor(`Deploy to ${shop.database.name}?`)
  running.type('\u0003')
  const { exitCode, stdout } = await running.result
  expect(linesOf(stdout)).toContain(
    'the question was left without an answer; nothing was changed (interrupted)',
  )
  expect(linesOf(stdout)).toContain('next      Run the command again when you are ready.')
  expect(exitCode).toBe(6)
  await expectNotApproved(shop, before, 'interrupted')
})

test('without a terminal and without an approval nobody can be asked', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const { exitCode, stderr } = await shop.run(['deploy'])
  const hash = (await shop.report()).plan?.hash?.slice(0, 32)
  expect(stderr).toBe(`error: nobody can be asked: there is no terminal, and no approval was given
hint: Approve exactly this plan with --confirm ${hash}, or whatever comes with --yes.
`)
  expect(exitCode).toBe(6)
  await expectNotApproved(shop, before, 'no-terminal')
})

test('--confirm with the hash of the plan deploys it, and only it', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const planned = JSON.parse((await shop.run(['plan', '--json'])).stdout)
  const hash = planned.plan.hash as string

  const wrong = await shop.run(['deploy', '--confirm', '0123456789ab'.repeat(3)])
  expect(wrong.stderr).toBe(`error: --confirm names another plan: the plan is now ${hash.slice(0, 32)}
hint: Something changed since the plan was reviewed: review the new one, then confirm its hash.
`)
  expect(wrong.exitCode).toBe(6)
  await expectNotApproved(shop, before, 'plan-changed')

  const right = await shop.run(['deploy', '--confirm', hash.slice(0, 32)])
  expect(right).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await shop.report()).approval).toMatchObject({ method: 'plan-hash', planHash: hash })
  expect(await shop.database.query('SELECT phone FROM customers')).toHaveLength(3)
})

test('a plan that was reviewed and then edited is not confirmed by its old hash', async () => {
  const shop = await makeShop()
  const { plan } = JSON.parse((await shop.run(['plan', '--json'])).stdout)
  await shop.write('prisma/migrations/20260201000000_phone/migration.sql', dropsData)
  const before = await shop.fingerprint()
  const { exitCode } = await shop.run(['deploy', '--confirm', plan.hash, ...lossAccepted])
  expect(exitCode).toBe(6)
  await expectNotApproved(shop, before, 'plan-changed')
})

test('a database that changes while the question stands is not deployed to', async () => {
  const shop = await makeShop()
  const running = shop.start(['deploy'], { terminal: true })
  await running.waitFor(`Deploy to ${shop.database.name}?`)
  await shop.database.query('CREATE TABLE "meanwhile" (id int)')
  const before = await shop.fingerprint()
  running.type('y\r')
  const { exitCode, stdout } = await running.result
  expect(linesOf(stdout)).toContain('the database or the migrations changed since the plan was made')
  expect(linesOf(stdout)).toContain(
    'next      Run the command again: it will plan, check and back up what is there now.',
  )
  expect(exitCode).toBe(3)
  expect(await shop.fingerprint()).toBe(before)
})
