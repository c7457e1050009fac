import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { CliResult } from '../run-cli.js'
import type { FaultScene } from './scene.js'
import type { Truth } from './truth.js'

const guardPath = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
/** So many printed commands lead at most to a deployed database. */
const maxSteps = 5

/**
 * Goes the way back to a deployed database as a person would who does what the guard prints, word for word: `status` says
 * how it stands, and each command that is printed is run as it stands. Gives what is wrong on the way; nothing is what is
 * hoped for.
 * @param said what the run that was disturbed printed; nothing when it was killed
 * @param deployAgain the command that was disturbed; only a rehearsal sweeps what a killed one has left
 */
export async function recover(
  scene: FaultScene,
  said: CliResult,
  deployAgain: readonly string[],
  { changesCatalog = false } = {},
): Promise<string[]> {
  const status = await scene.run(['status'])
  const contradictions = statusContradictions(status, await scene.truth())
  const isHonest = changesCatalog && / after run \S+: unknown: /.test(status.stdout)
  const wrong = isHonest ? [] : contradictions
  const steps: string[] = []
  // Who was killed says nothing; then one asks how it stands.
  let printed = said.exitCode === undefined ? status.stdout : said.stderr
  for (let step = 0; step < maxSteps; step += 1) {
    const printedCommand = /npx migrate-guard resolve(?: --yes)?/.exec(printed)?.[0]
    const command = printedCommand ?? 'npx migrate-guard deploy'
    const result = printedCommand ? await runAsPrinted(printedCommand, scene) : await scene.run(deployAgain)
    steps.push(`${command}: ${result.exitCode} ${result.exitCode === 0 ? '' : lastWords(result)}`)
    if (result.exitCode === 0 && printedCommand === undefined) break
    // A command that went well leads on to the deploy, one that did not says what is next.
    printed = result.exitCode === 0 ? '' : result.stderr
  }
  const truth = await scene.truth()
  if (truth.kind !== 'all' || !truth.isHistoryClean)
    wrong.push(
      `the printed way does not lead to a deployed database, it is ${truth.kind} (${truth.history}): ${steps.join(' / ')}`,
    )
  else wrong.push(...detours(steps))
  return wrong
}

/** `resolve` and then `deploy` is the longest way that a person should have to go. */
function detours(steps: readonly string[]): string[] {
  const failed = steps.filter((step) => !/: (0|6) /.test(step))
  return failed.length > 0 ? [`the printed way leads over failures: ${steps.join(' / ')}`] : []
}

function lastWords({ stdout, stderr }: CliResult): string {
  return `${stderr.slice(-400)}${stdout.slice(-200)}`.replace(/\s+/g, ' ')
}

const standingWords: Readonly<Record<string, RegExp>> = {
  unchanged: /^unchanged$/,
  prefix: /^exactly the first \d+ of \d+ migrations? applied$/,
  all: /^fully applied$/,
  part: /^partly applied: /,
}

/** What `status` says of the state must be what is there. */
function statusContradictions({ stdout, stderr, exitCode }: CliResult, truth: Truth): string[] {
  if (exitCode !== 0) return [`status ended with ${exitCode}: ${stderr}`]
  const said = /^state {7}after run \S+: (.*)$/m.exec(stdout)?.[1]
  if (said === undefined)
    return isUnspoken(truth) ? [] : [`status says nothing, the database is ${truth.kind}`]
  return standingWords[truth.kind]?.test(said) ? [] : [`status says ${said}, the database is ${truth.kind}`]
}

/** What needs no word: nothing is unfinished. */
function isUnspoken({ history }: Truth): boolean {
  return !history.some((row) => row.endsWith(': unfinished'))
}

/** In a shell in the project; only `npx` is replaced, since the package is not installed there. */
async function runAsPrinted(command: string, scene: FaultScene): Promise<CliResult> {
  const words = command.replace('npx migrate-guard', `"${process.execPath}" "${guardPath}"`)
  const { exitCode, stdout, stderr } = await execa('sh', ['-c', words], {
    cwd: scene.project.directory,
    env: scene.environment,
    stdin: 'ignore',
    reject: false,
    timeout: 120_000,
  })
  return { exitCode, stdout, stderr }
}
