// Writes and proves the way back of every migration of real histories: up, down, up, compared object by object.
//   node scripts/downs.mjs <folder> [--only <text>] [--at-most <n>] [--verbose]
// The folder holds histories, each a folder with migrations, at most three levels deep. A migration that does not run on an empty database is not tried, nor
// what comes after it. Prints a table: tried, exact, named (not exact, and the script says at which line), wrong, by history.
// Exits 1 when one is wrong without being named.
import { readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { isOnlyOrder, verdictOf } from '../dist/domain/down.js'
import { formatCatalogDifference } from '../dist/postgres/catalog-fingerprint/format.js'
import { withConnection } from '../dist/postgres/connection.js'
import { startThrowAwayCluster } from '../dist/postgres/throw-away-cluster.js'
import { runScript } from '../dist/prisma/engine-host/run-script.js'
import { readMigrationFolders } from '../dist/prisma/migrations-folder.js'
import { parseDatabaseUrl } from '../dist/settings/database-url.js'
import { namedRoles } from '../dist/sql/named-roles.js'
import { makeDown } from '../dist/steps/down/make-down.js'
import { readFolders } from '../dist/steps/down/replay-folders.js'

const words = process.argv.slice(2)
const given = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
const only = given('--only') ?? ''
const atMost = Number(given('--at-most') ?? Number.POSITIVE_INFINITY)
const isVerbose = words.includes('--verbose')
if (words[0] === undefined || words[0].startsWith('--')) {
  console.error('error: name the folder of the histories\nhint: node scripts/downs.mjs <folder>')
  process.exit(2)
}
const folder = resolve(words[0])

const session = { applicationName: 'downs', runsUserSql: true, parameters: { statement_timeout: '60000' } }
const quiet = { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined }
const cluster = await startThrowAwayCluster()
const total = { tried: 0, exact: 0, named: 0, wrong: 0 }
try {
  const server = parseDatabaseUrl(cluster.url, 'the server')
  for (const path of historiesIn(folder)) {
    const name = relative(folder, path) || '.'
    if (!name.includes(only)) continue
    const counts = await tryHistory(server, path, name)
    for (const key of Object.keys(total)) total[key] += counts[key]
    print(name, counts)
  }
} finally {
  await cluster.stop()
}
print('all', total)
process.exitCode = total.wrong > 0 || total.tried === 0 ? 1 : 0

function print(name, { tried, exact, named, wrong, stopped }) {
  console.log(
    `${name.padEnd(30)} tried ${String(tried).padStart(4)}  exact ${String(exact).padStart(4)}  named ${String(named).padStart(4)}  wrong ${String(wrong).padStart(4)}${stopped ? `  stopped at ${stopped}` : ''}`,
  )
}

/** Folders whose folders hold a migration.sql. */
function historiesIn(parent, depth = 0) {
  const below = readdirSync(parent)
    .filter((one) => one !== 'node_modules' && statSync(join(parent, one)).isDirectory())
    .sort()
  if (below.some((one) => readdirSync(join(parent, one)).includes('migration.sql'))) return [parent]
  return depth === 3 ? [] : below.flatMap((one) => historiesIn(join(parent, one), depth + 1))
}

async function tryHistory(server, path, name) {
  const counts = { tried: 0, exact: 0, named: 0, wrong: 0 }
  const folders = await readMigrationFolders(path, dirname(path))
  const main = { ...server, database: `h_${Math.abs(hash(name))}` }
  const admin = (sql) => withConnection(server, session, (client) => client.query(sql))
  await admin(`CREATE DATABASE ${main.database} TEMPLATE template0`)
  for (const one of folders) {
    if (counts.tried >= atMost) break
    let file
    try {
      ;[file] = await readFolders([one])
      for (const role of namedRoles(file.statements))
        await admin(`CREATE ROLE "${role}"`).catch(() => undefined)
      await tryOne(server, main, file, counts, name, admin)
      await withConnection(main, session, (client) => runScript(client, file.text, quiet))
    } catch (error) {
      counts.stopped = `${one.name}: ${error.message}`
      break
    }
  }
  await admin(`DROP DATABASE ${main.database} WITH (FORCE)`)
  return counts
}

/** On a copy of the database that the migrations before it have made. */
async function tryOne(server, main, file, counts, name, admin) {
  const copy = { ...server, database: `${main.database}_copy` }
  await admin(`CREATE DATABASE ${copy.database} TEMPLATE ${main.database} STRATEGY file_copy`)
  try {
    const started = performance.now()
    const made = await withConnection(copy, session, (client) => makeDown(file, { client, address: copy }))
    const verdict = verdictOf(made)
    counts.tried += 1
    counts[verdict] += 1
    if (verdict === 'wrong' || isVerbose) tell(name, file, made, verdict, performance.now() - started)
  } finally {
    await admin(`DROP DATABASE ${copy.database} WITH (FORCE)`)
  }
}

function tell(name, { folder: { name: migration } }, { proof, irreversible, statements }, verdict, ms) {
  console.log(`${verdict} ${name}/${migration} (${statements} statements, ${Math.round(ms)} ms)`)
  if (verdict === 'exact') return
  for (const { line, why, remedy } of irreversible) console.log(`    line ${line}: ${why}; ${remedy}`)
  if (proof.downFails) console.log(`    down fails: ${proof.downFails}`)
  for (const one of proof.differences.filter((each) => !isOnlyOrder(each)))
    console.log(`    down: ${formatCatalogDifference(one)}`)
  if (proof.againFails) console.log(`    again fails: ${proof.againFails}`)
  for (const one of proof.again.filter((each) => !isOnlyOrder(each)))
    console.log(`    again: ${formatCatalogDifference(one)}`)
}

function hash(text) {
  let value = 0
  for (const letter of text) value = (value * 31 + letter.charCodeAt(0)) | 0
  return value
}
