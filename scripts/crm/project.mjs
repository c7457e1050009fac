import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './paths.mjs'

/** The CRM as it was taken over. */
const firstMigration = '20260105090000_crm'

/** Makes a Prisma project of the worked example that knows its first migration only. */
export async function makeOldProject(folder) {
  await mkdir(join(folder, 'prisma/migrations'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await copyIn(folder, 'prisma.config.ts')
  await cp(join(root, 'prisma/before/schema.prisma'), join(folder, 'prisma/schema.prisma'))
  await copyIn(folder, 'prisma/migrations/migration_lock.toml')
  await copyIn(folder, `prisma/migrations/${firstMigration}`)
}

/** Brings it up to date: the new schema and the pending migration with its checks. */
export async function addNewMigration(folder) {
  await copyIn(folder, 'prisma/schema.prisma')
  await copyIn(folder, 'prisma/migrations')
}

async function copyIn(folder, path) {
  await cp(join(root, path), join(folder, path), { recursive: true })
}
