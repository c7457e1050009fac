import { existsSync } from 'node:fs'
import { writePrivateFile } from '../effects/private-files.js'

/** Says to the engine host that it must begin nothing more. A cancel alone misses an engine that is between two statements. */
export function tellToStop(path: string): Promise<void> {
  return writePrivateFile(path, '')
}

/** What was cancelled begins nothing more. It looks like the server's own query_canceled, for Prisma to print it. */
class ToldToStop extends Error {
  readonly severity = 'ERROR'
  readonly code = '57014'

  constructor() {
    super('the run was cancelled, so nothing more was begun')
  }
}

/** Never without a path: then nobody can tell it. */
export function isToldToStop(path: string | undefined): boolean {
  return path !== undefined && existsSync(path)
}

/** @throws ToldToStop */
export function assertNotToldToStop(path: string | undefined): void {
  if (isToldToStop(path)) throw new ToldToStop()
}
