import { hostname, userInfo } from 'node:os'
import type { StartedBy } from '../domain/run-record.js'

/** The account and the machine of this process. In a container whose account has no name, its number. */
export function readStartedBy(): StartedBy {
  return { user: readUser(), host: hostname() }
}

function readUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
