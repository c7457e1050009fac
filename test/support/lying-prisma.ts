import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Project } from './project.js'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * Puts a Prisma CLI into the project that runs `body` for `migrate deploy`, where `pg`, `process` and the URL `url` are
 * at hand, and is the real one for every other command.
 */
export async function installLyingPrisma(project: Project, body: string): Promise<void> {
  const installed = join(project.directory, 'node_modules')
  const real = join(nodeModules, 'prisma')
  const { version } = JSON.parse(await readFile(join(real, 'package.json'), 'utf8')) as { version: string }
  await rm(installed)
  await mkdir(join(installed, 'prisma'), { recursive: true })
  await symlink(join(nodeModules, '@prisma'), join(installed, '@prisma'))
  await symlink(join(nodeModules, 'pg'), join(installed, 'pg'))
  const files = {
    'package.json': JSON.stringify({
      name: 'prisma',
      version,
      type: 'module',
      bin: { prisma: 'cli.js' },
      exports: { './config': './config.js', './package.json': './package.json' },
    }),
    'config.js': `export * from ${JSON.stringify(join(real, 'config.js'))}\n`,
    'cli.js': `import { spawnSync } from 'node:child_process'
import pg from 'pg'
const args = process.argv.slice(2)
const { address, passwordFile } = JSON.parse(process.env.MIGRATE_GUARD_ENGINE_OPTIONS)
if (args.slice(0, 2).join(' ') === 'migrate deploy') {
  const { readFileSync } = await import('node:fs')
  const client = new pg.Client({ ...address, password: readFileSync(passwordFile, 'utf8') })
  await client.connect()
  ${body}
  await client.end()
} else {
  process.exitCode = spawnSync(process.execPath, [${JSON.stringify(join(real, 'build/index.js'))}, ...args], { stdio: 'inherit' }).status
}
`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(installed, 'prisma', name), text)
}
