import { PrismaPg } from '@prisma/adapter-pg'
import after from '../../prisma/generated/crm/index.js'
import before from '../../prisma/generated/crm-before/index.js'

/** Lends Prisma's client for the CRM before the migration. */
export const withClientBefore = (url, work) => withClient(before, url, work)

/** Lends Prisma's client for the CRM after the migration. */
export const withClientAfter = (url, work) => withClient(after, url, work)

async function withClient({ PrismaClient }, url, work) {
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  try {
    return await work(client)
  } finally {
    await client.$disconnect()
  }
}
