import type { ErrorGroup, ErrorPage } from '../domain/error-page.js'
import { backupErrors } from './error-pages/backup.js'
import { checkErrors } from './error-pages/checks.js'
import { approvalErrors, deployErrors, lockErrors } from './error-pages/deploy.js'
import { rehearsalErrors } from './error-pages/rehearsal.js'
import { settingsErrors } from './error-pages/settings.js'
import { targetErrors } from './error-pages/target.js'

/** The page of every error code, in the order of the exit codes. */
export const errorGroups: readonly ErrorGroup[] = [
  { title: 'Settings and project (exit code 2)', pages: settingsErrors },
  { title: 'Opening the target (exit code 2)', pages: targetErrors },
  { title: 'Plan and check (exit code 3)', pages: checkErrors },
  { title: 'Backup (exit code 4)', pages: backupErrors },
  { title: 'Rehearsal, and servers of our own (exit code 5)', pages: rehearsalErrors },
  { title: 'Approval (exit code 6)', pages: approvalErrors },
  { title: 'Locks (exit code 7)', pages: lockErrors },
  { title: 'Deploy and verification (exit codes 20 to 22)', pages: deployErrors },
]

export const errorPages: readonly ErrorPage[] = errorGroups.flatMap(({ pages }) => pages)

export function findErrorPage(code: string): ErrorPage | undefined {
  return errorPages.find((page) => page.code === code)
}
