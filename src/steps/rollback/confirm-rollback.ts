// confirm: shows what is taken back and what is lost by it, and asks for the name of the database. The target is untouched.
import { type Backup, isProven } from '../../domain/backup.js'
import { NotApprovedError } from '../../domain/errors.js'
import { formatRollback } from '../../report/rollback-text.js'
import { interruptible, type Tools } from '../tools.js'
import type { ChosenRollback } from './choose.js'
import type { LossOfRollback } from './losses.js'
import type { RehearsedRollback } from './rehearse-rollback.js'

/** Shows what would be taken back, also in a dry run. */
export function showRollback(
  { names, plan }: ChosenRollback,
  losses: LossOfRollback,
  backup: Backup,
  rehearsed: RehearsedRollback,
  { screen }: Tools,
): void {
  screen.clearProgress()
  screen.print(
    `\n${formatRollback({
      target: plan.target,
      names,
      statements: plan.pending.flatMap(({ statements }) => statements),
      lost: losses.lost,
      differences: rehearsed.findings,
      backupPath: isProven(backup) ? backup.path : 'none',
      rehearsedMs: rehearsed.durationMs,
    })}\n`,
  )
}

/**
 * Asks for the name of the database.
 * @returns how it was approved
 * @throws NotApprovedError `no-terminal`, `declined`
 */
export async function approveRollback(
  { plan }: ChosenRollback,
  tools: Tools,
): Promise<'yes-option' | 'typed-database-name'> {
  const { settings, prompter, signal } = tools
  if (settings.yes) return 'yes-option'
  if (!prompter.interactive) {
    throw new NotApprovedError(
      'no-terminal',
      'nobody can be asked: there is no terminal, and no approval was given',
      {
        hint: 'Approve it with --yes, after a look at what npx migrate-guard rollback --dry-run shows.',
      },
    )
  }
  const { database } = plan.target
  const typed = await interruptible(tools, () =>
    prompter.type('This takes migrations back. Type the name of the database', signal),
  )
  if (typed.trim() === database) return 'typed-database-name'
  throw new NotApprovedError('declined', `the rollback of "${database}" was declined`, {
    hint: 'Nothing was changed; run the command again when you are ready.',
  })
}
