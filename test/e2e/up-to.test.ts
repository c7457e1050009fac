import { afterAll, describe, expect, test } from '@jest/globals'
import { makeShop, pendingName, removeShops, type Shop, type ShopOptions } from '../support/shop.js'

afterAll(removeShops)

const second = '20260301000000_nickname'
const third = '20260401000000_late'

/** The shop with two more pending migrations, which the Prisma schema declares as well. */
async function makeLongShop(options: ShopOptions = {}): Promise<Shop> {
  const shop = await makeShop(options)
  await shop.write(
    `prisma/migrations/${second}/migration.sql`,
    'ALTER TABLE "customers" ADD COLUMN "nickname" TEXT;\n',
  )
  await shop.write(
    `prisma/migrations/${third}/migration.sql`,
    'ALTER TABLE "customers" DROP COLUMN "email";\n',
  )
  return shop
}

async function applied({ database }: Shop): Promise<string[]> {
  const rows = await database.query(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at',
  )
  return rows.map(({ migration_name: name }) => String(name))
}

describe('a part of what is pending', () => {
  test('--steps rehearses and deploys so many, and leaves the others pending', async () => {
    const shop = await makeLongShop({ rehearses: true })
    const rehearsed = await shop.run(['rehearse', '--steps', '1'])
    expect(rehearsed).toMatchObject({ exitCode: 0, stderr: '' })
    expect(rehearsed.stdout).toContain('plan      passed   1 pending migration, 2 later ones left out')
    const [, command = ''] = /^next +npx migrate-guard (.*)$/m.exec(rehearsed.stdout) ?? []
    expect(command).toContain('--steps 1')

    // The command that was printed, as a person would copy it.
    const deployed = await shop.run(command.split(' '))
    expect(deployed).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await applied(shop)).at(-1)).toBe(pendingName)
    const { plan, migrations, verification } = await shop.report()
    expect(plan).toMatchObject({ leftOut: [second, third] })
    expect(migrations.map(({ name, outcome }) => [name, outcome])).toEqual([[pendingName, 'applied']])
    // What the schema declares beyond that is not compared, and not called passed.
    expect(verification?.results).toContainEqual(
      expect.objectContaining({ id: 'schema-difference', outcome: 'not-made' }),
    )
  })

  test('--up-to names the last one; a plan of another part is not approved by its hash', async () => {
    const shop = await makeLongShop()
    const plan = async (...args: string[]) =>
      JSON.parse((await shop.run(['plan', '--json', ...args])).stdout).plan as {
        hash: string
        leftOut: string[]
      }
    const [all, part] = [await plan(), await plan('--up-to', second)]
    expect(all.leftOut).toEqual([])
    expect(part.leftOut).toEqual([third])
    const other = await shop.run(['deploy', '--up-to', second, '--confirm', all.hash])
    expect(other.exitCode).toBe(6)
    const before = await applied(shop)
    const same = await shop.run(['deploy', '--up-to', second, '--confirm', part.hash])
    expect(same).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await applied(shop)).toEqual([...before, pendingName, second])
    // An audit afterwards says what is still to be deployed.
    expect((await shop.run(['verify'])).stdout).toContain(`1 migration is not applied: ${third}`)
  })

  test('a name that is not pending, both options, and no whole number are each one sentence', async () => {
    const shop = await makeLongShop()
    const before = await shop.fingerprint()
    const errorOf = async (...args: string[]) => {
      const { exitCode, stderr } = await shop.run(args)
      expect(exitCode).toBe(2)
      return stderr
    }
    expect(await errorOf('check', '--up-to', '20260301000000_nickame')).toBe(
      `error: --up-to names "20260301000000_nickame", which is no pending migration\nhint: Did you mean ${second}?\n`,
    )
    expect(await errorOf('deploy', '--up-to', second, '--steps', '1')).toContain('--up-to')
    expect(await errorOf('plan', '--steps', '0')).toContain('--steps')
    expect(await errorOf('plan', '--offline', '--steps', '1')).toContain('--offline')
    expect(await shop.fingerprint()).toBe(before)
  })
})
