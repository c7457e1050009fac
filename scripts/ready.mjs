// Makes a fresh clone ready to be tested, and says nothing when it is. Runs before the packages are installed, so it
// needs nothing but Node.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (path) => join(root, path)

class NotReady extends Error {}

try {
  checkNode()
  const installed = installPackages()
  installPostgres()
  build()
  generateClients({ always: installed })
} catch (error) {
  if (!(error instanceof NotReady)) throw error
  console.error(`not ready: ${error.message}`)
  process.exitCode = 2
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24
  if (!isSupported) throw new NotReady(`Node ${process.versions.node}; it takes 20.19, 22.12, 24 or newer`)
}

/** Returns whether there was something to install. */
function installPackages() {
  if (arePackagesInstalled()) return false
  run('installing npm packages', 'npm', ['ci', '--no-audit', '--no-fund'])
  return true
}

/** By content and not by date: a checkout or a restored cache sets dates as it likes. */
function arePackagesInstalled() {
  // npm keeps in node_modules a copy of the part of the lock file that it has installed.
  if (!existsSync(inRoot('node_modules/.package-lock.json'))) return false
  const wanted = readJson('package-lock.json').packages
  const installed = readJson('node_modules/.package-lock.json').packages
  delete wanted['']
  const isAsWanted = (path) =>
    // Packages for other systems are optional, and not installed.
    (wanted[path].optional && !installed[path]) ||
    (wanted[path].version === installed[path]?.version &&
      wanted[path].integrity === installed[path]?.integrity)
  const isWanted = (path) => path in wanted || installed[path].optional
  return Object.keys(wanted).every(isAsWanted) && Object.keys(installed).every(isWanted)
}

function installPostgres() {
  const missing = missingPrograms()
  if (missing.length === 0) return
  if (process.getuid() !== 0 || !existsSync('/etc/debian_version')) {
    throw new NotReady(
      `PostgreSQL's ${missing.join(', ')} not found; install them with ` +
        '"sudo apt-get install postgresql postgresql-client" (Debian, Ubuntu) or "brew install postgresql@17" (macOS), ' +
        'or name their folder in MIGRATE_GUARD_POSTGRES_BIN',
    )
  }
  const install = ['install', '-y', '--no-install-recommends']
  run('updating the package lists of the system', 'apt-get', ['update'])
  run('installing postgresql-common', 'apt-get', [...install, 'postgresql-common'])
  // Debian makes and starts a cluster for each server that it installs, unless this is said before.
  appendFileSync('/etc/postgresql-common/createcluster.conf', '\ncreate_main_cluster = false\n')
  run('installing PostgreSQL', 'apt-get', [...install, 'postgresql', 'postgresql-client'])
  const stillMissing = missingPrograms()
  if (stillMissing.length > 0) throw new NotReady(`no ${stillMissing.join(', ')} after installing PostgreSQL`)
}

/** Looks where src/postgres looks, which cannot be imported yet. */
function missingPrograms() {
  const folders = [
    process.env.MIGRATE_GUARD_POSTGRES_BIN ?? '',
    spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim() ?? '',
    ...(process.env.PATH ?? '').split(delimiter),
    ...versionsIn('/usr/lib/postgresql', /^\d+$/),
    ...versionsIn('/opt/homebrew/opt', /^postgresql@\d+$/),
    ...versionsIn('/usr/local/opt', /^postgresql@\d+$/),
  ]
  const isThere = (program) => folders.some((folder) => folder !== '' && isExecutable(join(folder, program)))
  return ['initdb', 'postgres', 'pg_dump', 'pg_restore'].filter((program) => !isThere(program))
}

function versionsIn(parent, name) {
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .filter((entry) => name.test(entry))
    .map((entry) => join(parent, entry, 'bin'))
}

function build() {
  const program = inRoot('dist/cli/main.js')
  // The build makes its programs executable when all else went well.
  const isFresh = isExecutable(program) && statSync(program).mtimeMs > newestDate(['src', 'tsconfig.json'])
  if (isFresh && existsSync(inRoot('dist/test-hook'))) return
  run('building', process.execPath, ['scripts/build.mjs', '--test-hook'])
}

/** Folders count too: their date tells that a file was removed. */
function newestDate(paths) {
  const dates = paths.map((path) => {
    const found = statSync(inRoot(path))
    if (!found.isDirectory()) return found.mtimeMs
    return Math.max(found.mtimeMs, newestDate(readdirSync(inRoot(path)).map((entry) => join(path, entry))))
  })
  return Math.max(...dates)
}

/** The worked example's clients, for the schema before its migration and after it. */
function generateClients({ always }) {
  const clients = {
    'prisma/generated/crm': 'prisma/schema.prisma',
    'prisma/generated/crm-before': 'prisma/before/schema.prisma',
  }
  for (const [client, schema] of Object.entries(clients)) {
    const made = inRoot(join(client, 'schema.prisma'))
    if (!always && existsSync(made) && statSync(made).mtimeMs > newestDate([schema])) continue
    run(`generating ${client}`, process.execPath, [
      'node_modules/prisma/build/index.js',
      'generate',
      '--schema',
      schema,
    ])
  }
}

/** Says what it does in one line; the program's own words are shown only when it fails. */
function run(what, file, programArguments) {
  console.log(what)
  const { status, signal, error, stdout, stderr } = spawnSync(file, programArguments, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DEBIAN_FRONTEND: 'noninteractive',
      // Every command of Prisma's wants a schema engine, also one that does not use it; its own is a download.
      PRISMA_SCHEMA_ENGINE_BINARY: inRoot('dist/prisma/engine-host/main.js'),
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
  if (status === 0) return
  console.error(`${stdout ?? ''}${stderr ?? ''}`.trim())
  throw new NotReady(`${what} failed (${error?.message ?? signal ?? `exit code ${status}`})`)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(inRoot(path), 'utf8'))
}
