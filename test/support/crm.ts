import { queryOnce } from './test-database.js'

// biome-ignore lint/suspicious/noExplicitAny: the generated client is JavaScript of the worked example
type Client = any

/** The worked example on a database of its own: the old CRM with data, and the new migration pending. */
export interface Crm {
  readonly url: string
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it has asked for
  query(sql: string): Promise<any[]>
  /** Lends Prisma's client for the CRM after the migration. */
  readBack(work: (client: Client) => Promise<void>): Promise<void>
  drop(): Promise<void>
}

/** Makes it with the scripts that the demo uses; `scale` 1 is the demo's size. */
export async function makeCrm(folder: string, { scale }: { scale: number }): Promise<Crm> {
  const scripts = new URL('../../scripts/crm/', import.meta.url)
  const load = (name: string): Promise<Client> => import(new URL(name, scripts).href)
  const [{ makeOldCrm }, { addNewMigration }, { withClientAfter }, { dropDatabase }] = await Promise.all([
    load('old-crm.mjs'),
    load('project.mjs'),
    load('clients.mjs'),
    load('databases.mjs'),
  ])
  const server = process.env.MIGRATE_GUARD_TEST_URL ?? ''
  const name = `guard_test_crm_${process.pid}`
  const { url } = await makeOldCrm({ url: server, folder, name, scale })
  await addNewMigration(folder)
  return {
    url,
    query: (sql) => queryOnce(url, sql),
    readBack: (work) => withClientAfter(url, work),
    drop: () => dropDatabase(server, name),
  }
}
