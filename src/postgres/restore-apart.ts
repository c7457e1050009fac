import { analyzeAll } from './analyze.js'
import { reasonAgainstCodeOf } from './code-of-others.js'
import type { Client } from './connection.js'
import { disarm, listEventTriggers } from './rehearsal-database/disarm.js'
import { endRestore, giveToOwners, handOver, type TwoRoles } from './rehearsal-database/two-roles.js'
import { type ApartLists, type Batch, writeApartLists } from './restore-apart-lists.js'
import { entriesForSuperuser } from './restore-by-whom.js'
import { asOwner, type Restored, type RestoreRequest, runRestore, tellStatistics } from './restore-run.js'
import { type Owner, readRestoreScript, type ScriptEntry } from './restore-script.js'
import { fillViews } from './restore-views.js'

/**
 * On a server of our own: a superuser makes what only a superuser may make, and runs nothing that somebody has written;
 * everything else is restored by a role that is none. Owners and grants come when all rows, indexes and views are there,
 * and event triggers last, so that none of them ever runs for the superuser.
 */
export async function restoreApart(
  request: RestoreRequest,
  twoRoles: TwoRoles,
  privateFolder: string,
): Promise<Restored> {
  const { tool, folder, jobs, signal, database } = request
  const { leftOut, options } = database.restorable
  const asMaker: RestoreRequest = { ...request, database: { ...database, ownerAddress: twoRoles.maker } }
  const maker = <T>(work: (client: Client) => Promise<T>) => asOwner(asMaker, work)
  const run = (by: Batch['by'], list: string | undefined, ...more: string[]) =>
    list === undefined
      ? undefined
      : runRestore(by === 'maker' ? asMaker : request, privateFolder, [
          `--use-list=${list}`,
          '--no-owner',
          ...more,
        ])

  const script = await readRestoreScript(tool, folder)
  const lists = await writeApartLists(tool, folder, leftOut, entriesForSuperuser(script), privateFolder)
  const disarmed = new Set<string>()
  const disarmAll = async () => {
    const done = await maker((client) => asOwner(request, (restorer) => disarm(client, restorer)))
    for (const one of done) disarmed.add(one)
  }
  for (const { by, list } of lists.schema) {
    await run(by, list)
    if (by === 'restorer') continue
    await maker((client) => handOver(client, twoRoles))
    await disarmAll()
  }
  await disarmAll()
  await run('restorer', lists.rest, `--jobs=${jobs}`)
  const unfilled = await fillViews(lists.views, privateFolder, (what) =>
    runRestore(request, privateFolder, [...what, '--no-owner']),
  )
  await run('restorer', lists.last)
  tellStatistics(request)
  const differences = request.isSchemaOnly
    ? []
    : await asOwner(request, (client) => analyzeAll(client, signal))

  await run('maker', lists.remarks)
  const owners = options.includes('--no-owner') ? [] : ownersOf(script, lists)
  const give = (client: Client, areEventTriggers: boolean) => {
    const chosen = owners.filter(({ isEventTrigger }) => isEventTrigger === areEventTriggers)
    return giveToOwners(
      client,
      twoRoles,
      chosen.map(({ statement }) => statement),
    )
  }
  await maker((client) => give(client, false))
  await run('maker', lists.grants)
  await disarmAll()
  await run('maker', lists.eventTriggers)
  const { superusers, deployer } = twoRoles
  const others = [...new Set(owners.map(({ role }) => role))].filter((role) => !superusers.includes(role))
  const entries = [...script.values()].filter(({ id }) => lists.restored.has(id))
  const reason = superusers.includes(deployer)
    ? await asOwner(request, (client) => reasonAgainstCodeOf(others, entries, client))
    : undefined
  const lasting = await maker(async (client) => {
    await give(client, true)
    return endRestore(client, twoRoles, reason === undefined ? undefined : { reason, others })
  })
  for (const one of await asOwner(request, listEventTriggers)) disarmed.add(one)
  return { disarmed: [...disarmed], differences: [...differences, ...lasting], unfilled }
}

function ownersOf(script: ReadonlyMap<string, ScriptEntry>, { restored }: ApartLists): Owner[] {
  return [...script.values()].flatMap(({ id, owner }) => (owner && restored.has(id) ? [owner] : []))
}
