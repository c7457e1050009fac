import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { hostPath } from '../engine-host.js'
import { barePrisma } from '../prisma-cli.js'
import { deployArguments, type FaultScene, first, second } from './scene.js'

/** `migrate-guard resolve` and the standing in `status` came later than these sweeps. */
const hasResolve = existsSync(
  fileURLToPath(new URL('../../../dist/cli/commands/resolve.js', import.meta.url)),
)

/**
 * Goes the way back to a deployed database as a person would who reads what the guard prints. Gives what is wrong on the
 * way; nothing is what is hoped for.
 * @param hint what the run that was disturbed said last
 */
export async function recover(scene: FaultScene, hint = ''): Promise<string[]> {
  const wrong = hasResolve ? await statusContradictions(scene) : []
  if (hasUnfinishedRow(await scene.truth()))
    await (hasResolve ? resolve(scene, wrong) : resolveByHand(scene, hint))
  const next = await scene.run(deployArguments())
  const truth = await scene.truth()
  if (next.exitCode !== 0 || truth.kind !== 'all' || !truth.isHistoryClean)
    wrong.push(
      `the next deploy ended with ${next.exitCode}, the database is ${truth.kind} (${truth.history}): ${next.stderr}${next.stdout.slice(-800)}`,
    )
  return wrong
}

function hasUnfinishedRow({ history }: { readonly history: readonly string[] }): boolean {
  return history.some((row) => row.endsWith(': unfinished'))
}

async function statusContradictions(scene: FaultScene): Promise<string[]> {
  const status = await scene.run(['status', '--json'])
  const truth = await scene.truth()
  const said = (JSON.parse(status.stdout) as { standing?: { kind: string } }).standing?.kind
  return said === undefined || said === truth.kind
    ? []
    : [`status says ${said}, the database is ${truth.kind}`]
}

async function resolve(scene: FaultScene, wrong: string[]): Promise<void> {
  const resolved = await scene.run(['resolve', '--yes'])
  if (resolved.exitCode !== 0)
    wrong.push(`resolve ended with ${resolved.exitCode}: ${resolved.stderr}${resolved.stdout}`)
}

/** As the hints say: --applied when all of it is there, else what is there of it is undone and --rolled-back. */
async function resolveByHand(scene: FaultScene, hint: string): Promise<void> {
  if (await runPrinted(scene, hint)) return
  const { history, first: ofFirst, second: ofSecond } = await scene.truth()
  for (const [name, extent] of [
    [first, ofFirst],
    [second, ofSecond],
  ] as const) {
    if (!history.includes(`${name}: unfinished`)) continue
    if (extent === 'part') await scene.database.query('DROP INDEX people_city')
    await barePrisma(
      scene.project,
      ['migrate', 'resolve', extent === 'all' ? '--applied' : '--rolled-back', name],
      { DATABASE_URL: scene.database.url },
    )
  }
}

/** Runs the command that a hint prints, as it stands, in a shell in the project; false when it prints none. */
async function runPrinted(scene: FaultScene, hint: string): Promise<boolean> {
  const command = /^[^:]*: run (PRISMA_.*?), then run the command again/.exec(hint)?.[1]
  if (command === undefined) return false
  // The package is not installed in the project of a test.
  await execa('sh', ['-c', command.replace('node_modules/.bin/migrate-guard-engine', hostPath)], {
    cwd: scene.project.directory,
    env: { DATABASE_URL: scene.database.url },
    reject: false,
  })
  return true
}
