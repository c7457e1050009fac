import { InterruptedError, NotApprovedError } from '../../domain/errors.js'
import { exitCode } from '../../domain/exit-code.js'
import { readVersion } from '../../effects/version.js'
import { type Flags, loadSettings } from '../../load-settings.js'
import { asServerTrouble, type Client, withConnection } from '../../postgres/connection.js'
import { readLockHolders, readSessionsOfRun } from '../../postgres/lock-holders.js'
import { formatLockHolders, type SeenHolder } from '../../report/lock-holder-text.js'
import { formatJson, plural } from '../../report/words.js'
import type { Settings } from '../../settings/settings.js'
import { releaseLocks } from '../../steps/release-lock.js'
import { interruptible } from '../../steps/tools.js'
import { printError } from '../print-error.js'
import { steersNothing } from '../printable.js'
import { withStopSignal } from '../process-events.js'
import { terminalPrompter } from '../terminal-prompter.js'

const session = { applicationName: 'migrate-guard lock command' }

/** Prints who holds the deploy lock and who holds Prisma's. Changes nothing. */
export async function runLock(flags: Flags): Promise<number> {
  return withHolders(flags, async (settings, holders) => {
    print(settings, holders)
  })
}

/** Ends the sessions that hold the two locks, after asking. When nobody holds one, it says so. */
export async function runLockRelease(flags: Flags): Promise<number> {
  return withHolders(flags, async (settings, holders, client) => {
    if (holders.length === 0) return print(settings, holders, { released: false })
    // A person must see whom they end; a program reads standard output.
    console.error(steersNothing(formatLockHolders(holders)))
    await withStopSignal(terminalPrompter, async ({ signal }) => {
      if (flags.yes !== true) await ask(holders, settings, signal)
    })
    await releaseLocks(client, holders)
    print(settings, holders, { released: true })
  })
}

async function withHolders(
  flags: Flags,
  work: (settings: Settings, holders: readonly SeenHolder[], client: Client) => Promise<void>,
): Promise<number> {
  try {
    const settings = await loadSettings('lock', flags)
    await withConnection(settings.target, session, async (client) => {
      const holders: SeenHolder[] = []
      for (const holder of await readLockHolders(client)) {
        const sessions = holder.run ? await readSessionsOfRun(client, holder.run.runId) : []
        holders.push({ ...holder, sessions })
      }
      await work(settings, holders, client)
    })
    return exitCode.passed
  } catch (error) {
    return printError(asServerTrouble(error), { debug: flags.debug === true })
  }
}

async function ask(holders: readonly SeenHolder[], settings: Settings, signal: AbortSignal): Promise<void> {
  if (!terminalPrompter.interactive) {
    throw new NotApprovedError(
      'no-terminal',
      'nobody can be asked: there is no terminal, and no approval was given',
      {
        hint: 'End the sessions without a question: npx migrate-guard lock release --yes',
      },
    )
  }
  const question = `End ${plural(holders.length, 'session')} on "${settings.target.database}"? What is running there is rolled back. Type yes`
  const left = {
    message: 'the question was left without an answer; nothing was changed',
    hint: 'Run the command again when you are ready.',
  }
  const answer = await interruptible({ signal }, () => terminalPrompter.type(question, signal), left).catch(
    (cause) => {
      throw new InterruptedError('interrupted', left.message, { hint: left.hint, cause })
    },
  )
  if (answer.trim().toLowerCase() === 'yes') return
  throw new NotApprovedError('declined', 'no session was ended: the answer was not yes', {
    hint: 'Nothing was changed; run the command again when you are ready.',
  })
}

function print(
  settings: Settings,
  holders: readonly SeenHolder[],
  { released }: { released?: boolean } = {},
): void {
  if (settings.format === 'json') {
    const { database } = settings.target
    const command = released === undefined ? 'lock' : 'lock release'
    const answer = { tool: 'migrate-guard', version: readVersion(), command, exitCode: 0, database, holders }
    console.log(formatJson({ ...answer, ...(released === undefined ? {} : { released }) }))
  } else if (released) {
    console.log(`released: ${plural(holders.length, 'session')} ended, both locks were seen free of them`)
  } else {
    console.log(steersNothing(formatLockHolders(holders)))
    if (released === false) console.log('nobody holds a lock; there is nothing to release')
  }
}
