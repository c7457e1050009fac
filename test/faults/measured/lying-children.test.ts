import { createHash } from 'node:crypto'
import { test } from '@jest/globals'
import { tryBare } from '../../support/faults/bare.js'
import { lyingCli, lyingTool, realDeploy } from '../../support/faults/lying-tools.js'
import { type FaultScene, first, second, sqlOf } from '../../support/faults/scene.js'
import { sweep, type Try } from '../../support/faults/sweep.js'
import { tryFault } from '../../support/faults/try-fault.js'
import { chosenOf, groupTimeoutMs, sampleOf } from './tally.js'

const row = (name: string, checksum = createHash('sha256').update(sqlOf(name)).digest('hex')) =>
  `await client.query("INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES (gen_random_uuid()::text, '${checksum}', now(), '${name}', now(), 1)")`
const rows = `${row(first)}\n${row(second)}`
const runs = (name: string) =>
  sqlOf(name)
    .split(';')
    .filter((statement) => statement.trim())
    .map((statement) => `await client.query(${JSON.stringify(statement)})`)
    .join('\n')
const sayAllIsWell = "console.log('All migrations have been successfully applied.')"

/** Says in the engine's own words that each statement ran, in a transaction that is committed, but is another one. */
const forgedEvents = `
const { appendFileSync } = await import('node:fs')
const { eventsFile } = JSON.parse(process.env.MIGRATE_GUARD_ENGINE_OPTIONS)
await client.query('CREATE TEMPORARY TABLE nothing ()')
const { rows: [{ id }] } = await client.query("SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text AS id")
const say = (migration, event) => appendFileSync(eventsFile, JSON.stringify({ at: new Date().toISOString(), migration, ...event }) + '\\n')
for (const [migration, statements, mode] of [['${first}', 3, 'all-or-nothing'], ['${second}', 2, 'statement-by-statement']]) {
  say(migration, { type: 'migration-started', statements, mode })
  if (mode === 'all-or-nothing') say(migration, { type: 'transaction-started', transactionId: id, serverStart: '', attempt: 1 })
  for (let statement = 1; statement <= statements; statement += 1) {
    say(migration, { type: 'statement-started', statement, line: statement, summary: 'forged' })
    say(migration, { type: 'statement-finished', statement, rows: 0, durationMs: 1 })
  }
  say(migration, { type: 'migration-finished', durationMs: 3 })
}`

type Lie = {
  readonly body: string
  readonly exits: readonly number[]
  readonly staysBroken?: boolean
  readonly isSlow?: boolean
}

const lyingClis: Readonly<Record<string, Lie>> = {
  'does nothing and exits 0': { body: sayAllIsWell, exits: [20] },
  'does nothing and exits 1': { body: 'process.exitCode = 1', exits: [20] },
  'marks all as applied and runs nothing': {
    body: `${rows}\n${sayAllIsWell}`,
    exits: [21],
    staysBroken: true,
  },
  'marks all as applied, and forges the events of the engine': {
    body: `${rows}\n${forgedEvents}`,
    exits: [21],
    staysBroken: true,
  },
  'forges the events of the engine, and nothing else': { body: forgedEvents, exits: [20, 21] },
  'runs the files by itself and writes no row': {
    body: `${runs(first)}\n${runs(second)}`,
    exits: [21],
    staysBroken: true,
  },
  'runs them by itself and writes rows of another checksum': {
    body: `${runs(first)}\n${runs(second)}\n${row(first, '0'.repeat(64))}\n${row(second, '0'.repeat(64))}`,
    exits: [21],
    staysBroken: true,
  },
  'finishes the row of another migration': {
    body: row(first).replace(`'${first}'`, "'20200101000000_other'"),
    exits: [20, 21],
  },
  'copies an old row of the history': {
    body: `await client.query("INSERT INTO _prisma_migrations SELECT 'stale', checksum, finished_at, '${first}', NULL, NULL, started_at, 1 FROM _prisma_migrations")`,
    // A finished row of the wrong checksum is not unchanged: Prisma would pass over the migration.
    exits: [21],
    staysBroken: true,
  },
  'runs a migration of another project': {
    body: `await client.query('CREATE TABLE alien (id int)')\n${sayAllIsWell}`,
    exits: [21],
    staysBroken: true,
  },
  'runs them on another database': {
    body: `const other = new pg.Client({ ...address, password: readFileSync(passwordFile, 'utf8'), database: 'postgres' })
await other.connect(); await other.query('CREATE TEMPORARY TABLE phones (id int)'); await other.end()\n${sayAllIsWell}`,
    exits: [20],
  },
  'runs the first one and says that all is applied': {
    body: `const { renameSync } = await import('node:fs')
renameSync('prisma/migrations/${second}', 'prisma/later'); ${realDeploy}; renameSync('prisma/later', 'prisma/migrations/${second}')`,
    exits: [21],
  },
  'exits 1 after all went well': { body: `${realDeploy}; process.exitCode = 1`, exits: [0] },
  'is killed after all went well': {
    body: `${realDeploy}; await client.end(); process.kill(process.pid, 'SIGKILL')`,
    exits: [0],
  },
  'writes 64 MB of output': {
    body: `const words = 'all is well\\n'.repeat(90_000); const { writeSync } = await import('node:fs')
for (let i = 0; i < 60; i += 1) for (let at = 0; at < words.length; ) { try { at += writeSync(1, words.slice(at, at + 65_536)) } catch (error) { if (error.code !== 'EAGAIN') throw error } }
${realDeploy}`,
    exits: [0],
  },
  'hangs after all went well': {
    body: `${realDeploy}; setInterval(() => {}, 1000); await client.end(); await new Promise(() => {})`,
    exits: [0],
    isSlow: true,
  },
  'hangs before it begins': {
    body: 'await client.end(); setInterval(() => {}, 1000); await new Promise(() => {})',
    exits: [20],
    isSlow: true,
  },
}

const without = (option: string) => `args.filter((arg) => !arg.startsWith('${option}'))`
const tampered = (how: string) => `if (real() !== 0) process.exit(1)
const file = fs.readdirSync(folder).filter((name) => name.endsWith('.gz')).map((name) => folder + '/' + name)
  .find((name) => require('node:zlib').gunzipSync(fs.readFileSync(name)).toString().split('\\n').length > 110)
${how}`

const lyingDumps: Readonly<Record<string, string>> = {
  'of nothing, with exit 0': '',
  'that is truncated, with exit 0': tampered('fs.truncateSync(file, fs.statSync(file).size >> 1)'),
  'with a file left out': tampered('fs.rmSync(file)'),
  'of another database': `process.exit(real([...${without('--snapshot')}.map((arg) => arg.startsWith('--dbname=') ? arg + " dbname='postgres'" : arg)]))`,
  'of another snapshot': `psql('INSERT INTO visits VALUES (9999, 9999)')
const status = real(${without('--snapshot')})
psql('DELETE FROM visits WHERE id = 9999')
process.exit(status)`,
  'with one table left out': "process.exit(real([...args, '--exclude-table=visits']))",
  'without the rows of one table': "process.exit(real([...args, '--exclude-table-data=visits']))",
  'of the schema only': "process.exit(real([...args, '--schema-only']))",
  'in another folder':
    "process.exit(real(args.map((arg) => arg.startsWith('--file=') ? '--file=' + folder + '-elsewhere' : arg)))",
  'whole, with exit 1': 'real(); process.exit(1)',
  'by a pg_dump that is too old': '',
}

const lyingRestores: Readonly<Record<string, string>> = {
  'restores half and exits 0':
    "process.exit(args.some((arg) => arg.startsWith('--dbname=')) ? real([...args, '--exclude-table=visits', '--table=people']) && 0 : real())",
  'restores no rows and exits 0':
    "process.exit(args.some((arg) => arg.startsWith('--dbname=')) ? (real([...args, '--schema-only']), 0) : real())",
  'restores nothing and exits 0':
    "process.exit(args.some((arg) => arg.startsWith('--dbname=')) ? 0 : real())",
}

function ofCli([name, { body, exits, staysBroken, isSlow }]: [string, Lie]): Try & { isSlow: boolean } {
  let putBack: (() => Promise<void>) | undefined
  return {
    name: `a Prisma CLI that ${name}`,
    subject: 'guard',
    isSlow: isSlow === true,
    run: () =>
      tryFault({
        prepare: async (scene: FaultScene) => {
          putBack = await lyingCli(scene, body)
          return undefined
        },
        repair: async ({ database }) => {
          await putBack?.()
          await database.query("DELETE FROM _prisma_migrations WHERE migration_name LIKE '2020%'")
        },
        ...(staysBroken ? { staysBroken } : {}),
        expects: ({ exitCode, stdout, stderr }) =>
          exits.includes(exitCode ?? -1)
            ? []
            : [
                `ended with ${exitCode}, not with ${exits.join(' or ')}: ${stdout.slice(-500)}${stderr.slice(-300)}`,
              ],
      }),
  }
}

function ofTool(program: 'pg_dump' | 'pg_restore', name: string, body: string): Try {
  const isRestore = program === 'pg_restore'
  const version = name.includes('too old')
    ? "if (args[0] === '--version') { console.log('pg_dump (PostgreSQL) 12.1'); process.exit(0) }"
    : ''
  return {
    name: isRestore ? `a pg_restore that ${name}` : `a dump ${name}`,
    subject: 'guard',
    run: () =>
      tryFault({
        rehearses: isRestore,
        prepare: async (scene) => lyingTool(scene, program, body, version),
        expects: ({ exitCode }) =>
          exitCode === 4 || (isRestore && exitCode === 5)
            ? []
            : [`it was taken for true: ended with ${exitCode}`],
      }),
  }
}

const engineEnds = [
  'before engine.statement 1',
  'before engine.commit 1',
  'after engine.commit 1',
  'after engine.statement 4',
]

test(
  'children that lie',
  async () => {
    const clis = Object.entries(lyingClis).map(ofCli)
    const tools = [
      ...Object.entries(lyingDumps).map(([name, body]) => ofTool('pg_dump', name, body)),
      ...Object.entries(lyingRestores).map(([name, body]) => ofTool('pg_restore', name, body)),
    ]
    const engines: Try[] = engineEnds.map((at) => ({
      name: `an engine that ends with exit 0 ${at}`,
      subject: 'guard',
      run: () => tryFault({ at: `deploy ${at}`, error: { exit: 0 } }),
    }))
    const bare: Try[] = engineEnds.map((at) => ({
      name: `an engine that ends with exit 0 ${at}`,
      subject: 'prisma',
      run: () => tryBare({ at: `prisma ${at}`, error: { exit: 0 } }),
    }))
    const quick = clis.filter(({ isSlow }) => !isSlow)
    const all = [...clis, ...tools, ...engines, ...bare]
    const sample = () => [quick, tools, engines, bare].flatMap((tries) => sampleOf(tries, 1))
    await sweep('lying children', chosenOf(all, sample))
  },
  groupTimeoutMs,
)
