import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findServerBinaries } from '../../../src/postgres/throw-away-cluster.js'
import { installLyingPrisma } from '../lying-prisma.js'
import type { Environment, FaultScene } from './scene.js'

const nodeModules = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** In the body of a lying CLI: what the real one would have done. */
export const realDeploy = `spawnSync(process.execPath, [${JSON.stringify(join(nodeModules, 'prisma/build/index.js'))}, ...args], { stdio: 'inherit' })`

/** A Prisma CLI that lies in `migrate deploy`; the returned function puts the real one back. */
export async function lyingCli({ project }: FaultScene, body: string): Promise<() => Promise<void>> {
  await installLyingPrisma(project, body)
  return async () => {
    const installed = join(project.directory, 'node_modules')
    await rm(installed, { recursive: true })
    await symlink(nodeModules, installed)
  }
}

/**
 * The real client tools, but one of them is a program of ours around the real one. Its `body` has `args`, `folder` (of
 * the dump) and `real(args)`, which runs the real one and gives its exit code.
 */
export async function lyingTool(
  { project }: FaultScene,
  program: 'pg_dump' | 'pg_restore',
  body: string,
  beforeAll = '',
): Promise<Environment> {
  const binaries = await findServerBinaries()
  const folder = join(project.directory, 'bin')
  await mkdir(folder)
  for (const name of ['pg_dump', 'pg_restore', 'initdb', 'postgres', 'pg_ctl', 'pg_config'])
    if (name !== program) await symlink(join(binaries, name), join(folder, name))
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }')
  await writeFile(
    join(folder, program),
    `#!${process.execPath}
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const args = process.argv.slice(2)
const folder = (args.find((arg) => arg.startsWith('--file=')) ?? '').slice(7)
const real = (given = args, env = process.env) =>
  spawnSync(${JSON.stringify(join(binaries, program))}, given, { stdio: 'inherit', env }).status
const psql = (sql) => spawnSync(${JSON.stringify(join(binaries, 'psql'))}, [args.find((arg) => arg.startsWith('--dbname=')), '-c', sql], { stdio: 'ignore' })
${beforeAll}
if (args[0] === '--version') process.exit(real())
${body}
`,
  )
  await chmod(join(folder, program), 0o755)
  return { MIGRATE_GUARD_POSTGRES_BIN: folder }
}
