import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

let folder: string
let installed: string
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'guard-test-package-'))
  // Without scripts: a build in the middle of the tests takes the programs away from the other ones.
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const [tarball] = await readdir(folder)
  await execa('tar', ['-xzf', tarball ?? '', '-C', folder], { cwd: folder })
  installed = join(folder, 'package')
  await symlink(join(root, 'node_modules'), join(installed, 'node_modules'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

test('the package holds its code once, and its documentation', async () => {
  const scripts = (await filesOf(join(installed, 'dist'))).filter((path) => path.endsWith('.js'))
  const names = scripts
    .map((path) => path.slice(installed.length + 1))
    .filter((path) => !path.includes('/chunks/'))
  expect(names.sort()).toEqual([
    'dist/cli/main.js',
    'dist/index.js',
    'dist/prisma/config-stand-in-offline.js',
    'dist/prisma/config-stand-in.js',
    'dist/prisma/engine-host/main.js',
  ])
  // What every program of the package and the library need.
  const texts = await Promise.all(scripts.map((path) => readFile(path, 'utf8')))
  expect(texts.filter((text) => text.includes('GuardError = class extends Error'))).toHaveLength(1)
  expect(await readdir(join(installed, 'docs'))).toContain('checks')
})

test('its command checks a database, its library loads', async () => {
  const project = join(folder, 'project')
  const files: Record<string, string> = {
    'package.json': '{}',
    'schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
    'prisma.config.ts':
      "import { defineConfig, env } from 'prisma/config'\nexport default defineConfig({ schema: 'schema.prisma', datasource: { url: env('DATABASE_URL') } })\n",
    'migrations/20260101000000_add/migration.sql': 'CREATE TABLE added (id int PRIMARY KEY);\n',
    'migrations/migration_lock.toml': 'provider = "postgresql"\n',
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), text)
  }
  const command = join(installed, 'dist/cli/main.js')
  const checked = await execa(process.execPath, [command, 'check', '--json'], {
    cwd: project,
    env: { DATABASE_URL: database.url },
  })
  expect(JSON.parse(checked.stdout)).toMatchObject({ prediction: 'succeeds' })

  const library = pathToFileURL(join(installed, 'dist/index.js')).href
  const script = `import { exitCode, runDeploy } from ${JSON.stringify(library)}; console.log(typeof runDeploy, exitCode)`
  const loaded = await execa(process.execPath, ['--input-type=module', '-e', script])
  expect(loaded.stdout).toMatch(/^function /)
})

test('what is published is built for it, though no script runs when packages are installed', async () => {
  const copy = join(folder, 'published')
  await mkdir(copy)
  await copyFile(join(root, '.npmrc'), join(copy, '.npmrc'))
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  expect(manifest.scripts.prepack).toBe('npm run build')
  // The real build would take the programs away from the other tests.
  const prepack = `node -e "require('fs').writeFileSync('built', '')"`
  await writeFile(join(copy, 'package.json'), JSON.stringify({ ...manifest, scripts: { prepack } }))
  const nowhere = ['--registry', 'http://127.0.0.1:1', '--fetch-retries', '0']
  await execa('npm', ['publish', '--dry-run', ...nowhere], { cwd: copy, reject: false })
  expect(await readdir(copy)).toContain('built')
})

test('npm ci takes the lock file on every system', async () => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string>; version?: string }>
  }
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !isLocked(packages, path, name))
      .map((name) => `${path} wants ${name}`),
  )
  expect(missing).toEqual([])
})

/** Where Node would find it: in the package's own folder, or in that of a package around it. */
function isLocked(packages: Record<string, { version?: string }>, path: string, name: string): boolean {
  for (let around = path; ; around = around.slice(0, Math.max(0, around.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${around === '' ? '' : `${around}/`}node_modules/${name}`]?.version) return true
    if (around === '') return false
  }
}
