import { createDatabase } from './databases.mjs'
import { makeOldProject } from './project.mjs'
import { runPrisma } from './run.mjs'
import { seed } from './seed.mjs'
import { Unexpected } from './stage.mjs'

/**
 * Makes the CRM before its migration: a project in `folder`, and a database on the server of `url` that Prisma has
 * brought to the first migration, filled. Gives the URL of the database and how many rows it has got.
 */
export async function makeOldCrm({ url: server, folder, signal, name = 'crm', ...seeding }) {
  await makeOldProject(folder)
  const url = await createDatabase(server, name)
  const deployed = await runPrisma(['migrate', 'deploy'], { cwd: folder, url, signal })
  if (deployed.exitCode !== 0)
    throw new Unexpected(`Prisma could not apply the first migration:\n${deployed.stderr}`)
  signal?.throwIfAborted()
  return { url, sizes: await seed(url, seeding) }
}
