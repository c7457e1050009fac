// drift: holds the database against what its migrations make on an empty one. The target is only read.
import type { CatalogObject } from '../../domain/catalog-object.js'
import { GuardError, InterruptedError } from '../../domain/errors.js'
import { type Finding, isBlocking } from '../../domain/finding.js'
import type { HistoryRow, MigrationFolder } from '../../domain/migration.js'
import { readCatalog } from '../../postgres/catalog.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { applyAcceptances, usedHere } from '../accept.js'
import { readSession, type Tools } from '../tools.js'
import { type AdoptingSql, writeAdoptingSql } from './adopting-sql.js'
import { compareCatalogs } from './compare-catalogs.js'
import { type AfterEach, withReplayed } from './replay.js'

/** How the database differs from what some migrations make. */
export interface Drift {
  readonly findings: readonly Finding[]
  /** Absent where nothing blocks, and where nobody asked for it. */
  readonly adopting?: AdoptingSql
  /** The last of the migrations asked for after which nothing differed that blocks. */
  readonly fitsUpTo?: string
}

export interface DriftOptions {
  /** Write the SQL that takes the differences into the migrations. */
  readonly adopt: boolean
  /** Migrations after which to check whether the database is what has run so far, by name. */
  readonly fitting?: readonly string[]
}

/**
 * Runs the migrations on an empty database of our own and compares it with the target, object by object. Where they do not
 * run there, what the database should be is unknown, which blocks.
 */
export async function findDrift(
  folders: readonly MigrationFolder[],
  { adopt, fitting = [] }: DriftOptions,
  tools: Tools,
): Promise<Drift> {
  const { schema } = tools.settings.target
  const accept = (findings: readonly Finding[]) =>
    applyAcceptances(findings, usedHere(tools.settings.accept, findings, schema), 'check', schema)
  let fitsUpTo: string | undefined
  let found: readonly CatalogObject[] | undefined
  const foundIn = async (target: Client) => {
    found ??= (await readCatalog(target)).objects
    return found
  }
  const look: AfterEach = async ({ name }, replayed, target) => {
    if (!fitting.includes(name)) return
    const made = await readCatalog(replayed)
    if (!accept(compareCatalogs(made.objects, await foundIn(target), schema)).some(isBlocking))
      fitsUpTo = name
  }
  const compare = async (replayed: RehearsalDatabase, target: Client): Promise<Drift> => {
    tools.screen.progress('comparing the database with what the migrations make')
    const made = await withConnection(replayed.address, readSession(tools), async (client) =>
      readCatalog(client),
    )
    const findings = accept(compareCatalogs(made.objects, await foundIn(target), schema))
    if (!adopt || !findings.some(isBlocking)) return { findings }
    return { findings, adopting: await writeAdoptingSql(replayed, await foundIn(target), tools) }
  }
  try {
    const drift = await withReplayed(folders, tools, compare, look)
    return { ...drift, ...(fitsUpTo === undefined ? {} : { fitsUpTo }) }
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof GuardError)) throw error
    const findings = accept([notCompared(error)])
    return { findings, ...(fitsUpTo === undefined ? {} : { fitsUpTo }) }
  } finally {
    tools.screen.clearProgress()
  }
}

function notCompared({ message, hint }: GuardError): Finding {
  return {
    code: 'check-not-answered',
    kind: 'history',
    verdict: 'unknown',
    step: 'check',
    object: 'drift',
    message: `the database is not compared with what the migrations make: ${message}`,
    hint,
  }
}

/** The folders of what is applied, in the order in which it was started. */
export function foldersOfApplied(
  folders: readonly MigrationFolder[],
  history: readonly HistoryRow[],
): MigrationFolder[] {
  const names = history
    .filter(({ finishedAt, rolledBackAt }) => finishedAt !== null && rolledBackAt === null)
    .map(({ migrationName }) => migrationName)
  return [...new Set(names)].flatMap((name) => folders.filter((folder) => folder.name === name))
}
