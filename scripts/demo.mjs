// The worked example from end to end, on a throw-away PostgreSQL: a CRM whose customers become contacts below
// companies. Nothing runs and nothing lies around afterwards, except the report of the upgrade in backups/demo.
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { withClientAfter, withClientBefore } from './crm/clients.mjs'
import { makeOldCrm } from './crm/old-crm.mjs'
import { root } from './crm/paths.mjs'
import { addNewMigration } from './crm/project.mjs'
import { runGuard } from './crm/run.mjs'
import { onStage, Unexpected } from './crm/stage.mjs'

const sizeWords = { customersWithoutCompany: 'of the customers without a company' }

await onStage(async ({ url: server, folder, signal }) => {
  heading('The CRM before: a real PostgreSQL, brought to its first migration by Prisma and filled with data')
  const { url, sizes } = await makeOldCrm({ url: server, folder, signal })
  for (const [what, count] of Object.entries(sizes)) {
    console.log(`${count.toLocaleString('en-US').padStart(9)} ${sizeWords[what] ?? what}`)
  }
  await addNewMigration(folder)
  const backups = join(folder, 'backups')
  const guard = (exitCode, ...words) => show({ url, cwd: folder, signal, backups }, exitCode, words)

  heading('A dry run: everything but the deploy, on connections that cannot write')
  await guard(3, 'deploy', '--dry-run')

  heading('The fix, as the check itself proposes it')
  await fix({ url, cwd: folder, signal })

  heading('The guarded upgrade')
  await guard(0, 'deploy', '--yes')
  const report = await keepReport(backups)

  heading('An audit afterwards, which anybody may run at any time')
  await guard(0, 'deploy', '--verify-only')

  heading('The CRM after, read by the new client')
  await readBack(url, sizes)

  heading('Once more: there is nothing left to do')
  await guard(0, 'deploy')

  heading('Done')
  console.log(`The report of the guarded upgrade: ${relative(process.cwd(), report)}`)
  console.log('The server, the database and its backup are gone.')
})

function heading(text) {
  console.log(`\n\n== ${text}\n`)
}

/** Runs migrate-guard before the reader's eyes. */
async function show({ backups, ...place }, expectedExitCode, programArguments) {
  console.log(`$ migrate-guard ${programArguments.join(' ')}\n`)
  const { exitCode } = await runGuard([...programArguments, '--backups', backups], {
    ...place,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  place.signal.throwIfAborted()
  expect(exitCode === expectedExitCode, `it ended with exit code ${exitCode} instead of ${expectedExitCode}`)
}

/** Takes the SQL from the answer that programs read, and runs it. */
async function fix(place) {
  console.log('$ migrate-guard check --json\n')
  const { exitCode, stdout } = await runGuard(['check', '--json'], place)
  place.signal.throwIfAborted()
  expect(exitCode === 3, `the check ended with exit code ${exitCode} instead of 3`)
  // The forecast names the statement that would fail; the check that the author of the migration wrote knows the cure.
  const blockers = JSON.parse(stdout).findings.filter(({ verdict }) => verdict === 'block')
  const [proposal, ...others] = blockers.filter(({ fixSql }) => fixSql)
  expect(proposal && others.length === 0, 'the check did not propose exactly one fix')
  console.log(proposal.fixSql)
  const changed = await withClientBefore(place.url, (client) => client.$executeRawUnsafe(proposal.fixSql))
  console.log(`\n${changed} rows changed`)
  expect(changed === 6, 'one customer of each of the 6 pairs was to be changed')
}

async function readBack(url, sizes) {
  await withClientAfter(url, async (client) => {
    const contacts = await client.contact.count()
    console.log(`${contacts.toLocaleString('en-US')} contacts`)
    const order = await client.order.findFirstOrThrow({
      where: { contact: { company: { defaultForTenantId: { not: null } } } },
      orderBy: { id: 'asc' },
      include: { contact: true, company: true },
    })
    console.log(`order   ${order.number} of ${order.total}, ${order.status}`)
    console.log(`contact ${order.contact.name}, who had no company`)
    console.log(`company ${order.company.name}`)
    expect(contacts === sizes.customers, 'there are not as many contacts as there were customers')
    expect(order.companyId === order.contact.companyId, "the order's company is not its contact's")
  })
}

/** Copies the report of the newest run to where it stays. */
async function keepReport(backups) {
  const run = (await readdir(backups)).sort().at(-1)
  const kept = join(root, 'backups/demo')
  await mkdir(kept, { recursive: true })
  for (const ending of ['txt', 'md', 'json']) {
    await copyFile(join(backups, run, `report.${ending}`), join(kept, `report.${ending}`))
  }
  return join(kept, 'report.txt')
}

function expect(isSo, otherwise) {
  if (!isSo) throw new Unexpected(`The demo did not go as expected: ${otherwise}.`)
}
