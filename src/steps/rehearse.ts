// rehearse: restores the backup into a database of our own, proves that it is what the snapshot was, and really runs the
// pending migrations on it, with the same Prisma and the same engine. The target is only read, for its roles and settings.
import type { ProvenBackup } from '../domain/backup.js'
import { BackupError, RehearsalError } from '../domain/errors.js'
import { type Finding, type Findings, isBlocking } from '../domain/finding.js'
import type { TableFingerprint } from '../domain/fingerprint.js'
import type { Plan } from '../domain/plan.js'
import { type Rehearsal, superuserNeeded } from '../domain/rehearsal.js'
import { readProvenByServer } from '../postgres/proven-by-server.js'
import { withRehearsalDatabase } from '../postgres/rehearsal-database/open.js'
import type { RehearsalDatabase } from '../postgres/rehearsal-database/request.js'
import { findServerBinariesOf } from '../postgres/rehearsal-database/server-binaries.js'
import { readNextTransaction } from '../postgres/untouched-rows.js'
import { readTableWrites } from '../postgres/write-counts.js'
import { readWriters, writerOf } from '../postgres/writers.js'
import { willRehearse } from '../settings/settings.js'
import { applyAcceptances, usedHere } from './accept.js'
import { factsOf } from './baseline.js'
import { saidOf } from './deploy-verdict.js'
import { fingerprintDatabase, writeCatalog } from './fingerprint.js'
import { makeCopyTools, withCopy } from './rehearsal/copy.js'
import { unexplainedFindings } from './rehearsal/data-proof.js'
import { sealRehearsal } from './rehearsal/evidence.js'
import { knowTables, proveTables } from './rehearsal/prove-data.js'
import { takeRehearsal } from './rehearsal/rehearsed-run.js'
import { restoreBackup } from './rehearsal/restore-backup.js'
import { rehearseMigrations } from './rehearsal/run-migrations.js'
import { assertStaysInside } from './rehearsal/server-wide.js'
import { writesBetween } from './rehearsal/table-writes.js'
import { rehearseWayBack } from './rehearsal/way-back.js'
import { readSchemaDiff } from './schema-diff.js'
import { linesOf } from './schema-diff-findings.js'
import { interruptible, type Tools, withTarget } from './tools.js'
import { verify } from './verify.js'

/**
 * Looks before the long work whether there can be a rehearsal at its end.
 * @throws RehearsalError
 */
export async function assertRehearsalPossible(plan: Plan, tools: Tools): Promise<void> {
  const { rehearsal, rehearsedRunId } = tools.settings
  if (plan.pending.length === 0 || !willRehearse(tools.settings)) return
  if (rehearsedRunId !== undefined) {
    await takeRehearsal(rehearsedRunId, plan, tools)
    return
  }
  assertStaysInside(plan, rehearsal.place)
  if (rehearsal.place === 'local')
    await findServerBinariesOf(Math.floor(plan.target.serverVersionNum / 10_000))
}

/**
 * Rehearses the plan on a restored copy. Gives what was found, also when the migrations fail there.
 * @throws BackupError when the backup does not restore, or does not come back as it was.
 * @throws RehearsalError, ClusterError when there is no database to rehearse on.
 */
export async function rehearse(
  plan: Plan,
  findings: Findings,
  backup: ProvenBackup,
  tools: Tools,
): Promise<Rehearsal> {
  const { settings, runId, signal, screen } = tools
  const rehearsed = withTarget(tools, (targetClient) =>
    withRehearsalDatabase(
      {
        ...settings.rehearsal,
        target: settings.target,
        targetIdentity: plan.target,
        targetClient,
        runId,
        signal,
        onProgress: screen.progress,
      },
      // Once cancelled, the work is left where it is, and the database goes.
      (database) => interruptible(tools, () => rehearseOn(database, plan, findings, backup, tools)),
    ),
  )
  // Once cancelled, the connection to the target is cut, and the one who lost it says so in words of his own.
  return rehearsed.catch((error: unknown) => interruptible(tools, () => Promise.reject(error)))
}

async function rehearseOn(
  database: RehearsalDatabase,
  plan: Plan,
  findings: Findings,
  backup: ProvenBackup,
  tools: Tools,
): Promise<Rehearsal> {
  const { found: asRestored, ...restored } = await restoreBackup(database, plan, backup, tools)
  const where = { place: database.place, serverVersion: database.serverVersion, ...restored }
  const notExact = weigh(restored.findings, tools)
  if (notExact.some(isBlocking)) return { outcome: 'failed', ...where, findings: notExact }

  const copy = await makeCopyTools(database, tools)
  const lineage = findings.lineage ?? []
  const schemaDifferences = linesOf(await readSchemaDiff(copy, 'rehearse.diff'))
  const before = await withCopy(database, tools, async (clients) => ({
    known: await knowTables(
      clients,
      restoredOf(backup.manifest.fingerprint.tables, asRestored.fingerprint.tables),
      lineage,
    ),
    writes: await readTableWrites(clients[0]),
    begunAt: await readNextTransaction(clients[0]),
    provenByServer: await readProvenByServer(clients[0]),
  }))
  const { complete, told } = await rehearseMigrations(plan, database, copy)
  if (!complete) return { outcome: 'failed', ...where, ...told, findings: notExact }

  tools.screen.progress('comparing the copy before and after')
  const { proof, after, end, writers } = await withCopy(database, tools, async (clients) => {
    const end = await fingerprintDatabase(clients, tools.screen)
    const { fingerprint, catalog } = end
    return {
      end,
      writers: await readWriters(clients[0]),
      proof: await proveTables(clients, before.known, fingerprint.tables, before.begunAt),
      after: {
        catalogHash: await writeCatalog(catalog, tools.runFolder, 'rehearsed-catalog.json'),
        fingerprint,
        tableWrites: writesBetween(before.writes, await readTableWrites(clients[0]), lineage),
      },
    }
  })
  const audit = await verify(
    {
      migrations: plan.pending.map(({ name }) => name),
      ...(plan.leftOut ? { leftOut: plan.leftOut } : {}),
      measured: factsOf(findings),
      knownBefore: before.provenByServer,
      schemaDifferences,
    },
    copy,
  )
  const found = [
    ...notExact,
    ...weigh(
      unexplainedFindings(proof, (schema, table) => writerOf(writers, schema, table)),
      tools,
    ),
    // What the target has today is told by the check already.
    ...audit.findings
      .filter((one) => isBlocking(one) || !findings.findings.some((other) => isSameMatter(one, other)))
      .map((finding): Finding => ({ ...finding, step: 'rehearse' })),
  ]
  const { wayBack, findings: ofWayBack } = found.some(isBlocking)
    ? { findings: [] }
    : await rehearseWayBack(plan, { before: asRestored, after: end, proof }, database, copy)
  const all = [...found, ...weigh(ofWayBack, tools)]
  const outcome = all.some(isBlocking) ? 'failed' : 'passed'
  const rehearsal = {
    outcome,
    ...where,
    ...told,
    proof,
    after,
    ...(wayBack ? { wayBack } : {}),
    findings: all,
  }
  if (outcome === 'failed') return { ...rehearsal, outcome }
  const passed: Rehearsal = { ...rehearsal, outcome }
  const evidence = await sealRehearsal(
    { runId: tools.runId, plan, rehearsal: passed, lineage },
    tools.runFolder,
  )
  return { ...passed, evidence }
}

function isSameMatter(one: Finding, other: Finding): boolean {
  return one.code === other.code && one.object === other.object
}

/** Without the history, to which Prisma adds a row for each migration, and without what is not in the copy: that is told as such. */
function restoredOf(
  tables: readonly TableFingerprint[],
  restored: readonly TableFingerprint[],
): TableFingerprint[] {
  const there = new Set(restored.map(({ schema, table }) => `${schema} ${table}`))
  return tables.filter(
    ({ schema, table }) => table !== '_prisma_migrations' && there.has(`${schema} ${table}`),
  )
}

function weigh(findings: readonly Finding[], { settings }: Tools): Finding[] {
  const home = settings.target.schema
  return applyAcceptances(findings, usedHere(settings.accept, findings, home), 'rehearse', home)
}

/** SQLSTATE insufficient_privilege, on a copy where the superuser who deploys is none. */
function hintOfMissingRights(
  sqlstate: string | undefined,
  { differences = [] }: Rehearsal,
): string | undefined {
  const why = differences.find((one) => one.endsWith(superuserNeeded))
  if (sqlstate !== '42501' || why === undefined) return undefined
  return `It may pass on the target, and cannot be rehearsed here: ${why}. After a look at it, give what is named to a superuser, or rehearse on a server where nothing is lost (--rehearsal <url>).`
}

/**
 * @throws BackupError when the backup did not come back as it was.
 * @throws RehearsalError when the migrations failed on the copy, or it is not well after them.
 */
export function assertRehearsed(rehearsal: Rehearsal): void {
  const { outcome, outcomes = [], refused, findings = [] } = rehearsal
  if (outcome !== 'failed') return
  if (refused !== undefined) {
    throw new RehearsalError('plan-out-of-date', `${refused}; the target is untouched`, {
      hint: 'Find out who changed the files; then run the command again: it plans, checks and backs up what is there now.',
    })
  }
  const blocking = findings.filter(isBlocking)
  const [first] = blocking
  if (first?.code === 'backup-differs') {
    throw new BackupError(
      'backup-not-exact',
      `the backup does not come back as it was: ${blocking.length} found`,
      {
        hint: 'Look at each one in the report; fix it, or accept it by name: --accept backup-differs:<object>="reason".',
      },
    )
  }
  const failed =
    outcomes.find((one) => one.outcome === 'failed') ?? outcomes.find((one) => one.outcome !== 'applied')
  if (failed) {
    const { line, sqlstate, message } = failed.error ?? {
      message: `Prisma did not apply it${saidOf(rehearsal)}`,
    }
    const where = line === undefined ? '' : `, line ${line},`
    const state = sqlstate === undefined ? '' : `${sqlstate}: `
    throw new RehearsalError(
      'rehearsal-failed',
      `"${failed.name}"${where} fails on the copy: ${state}${message}`,
      {
        hint: failed.error
          ? (hintOfMissingRights(sqlstate, rehearsal) ??
            'Correct the migration or the data; the target is untouched, and what the copy showed is in the report.')
          : 'Correct what Prisma names, then run the command again; the target is untouched.',
      },
    )
  }
  if (blocking.length === 0) {
    throw new RehearsalError(
      'rehearsal-failed',
      'the migrations are applied on the copy, but its catalog does not show what their statements name',
      {
        hint: 'Run npx migrate-guard rehearse again; if it comes again, please report it with the run folder.',
      },
    )
  }
  throw new RehearsalError(
    'rehearsal-not-verified',
    `the copy is not well after the migrations: ${blocking.length} found`,
    {
      hint: 'Look at each one in the report; fix it, or accept it by name: --accept <code>="reason".',
    },
  )
}
